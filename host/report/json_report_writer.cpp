// SPDX-License-Identifier: Apache-2.0
#include "host/report/formats.hpp"
#include "host/report/json_text.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

using Layout = JsonText::Layout;

/// Maps come between begin() and end() and bring their own text, so the array around them is written by hand.
class JsonReportWriter final : public ReportWriter {
public:
  JsonReportWriter(const Options& options, Stream& stream) : options_(options), stream_(stream) {}

  void begin(const Meta& meta) override {
    meta_ = &meta;
    stream_.append(options_.pretty ? "{\n  \"schema\": \"single\"," : R"({"schema":"single",)");
  }

  void before_extension(std::string_view id, std::span<const Finding> /*findings*/) override {
    if (extensions_++ == 0)
      stream_.append(options_.pretty ? "\n  \"extensions\": {" : R"("extensions":{)");
    else
      stream_.append(",");
    stream_.append(fmt::format(fmt::runtime(options_.pretty ? "\n    \"{}\": " : "\"{}\":"), id));
  }

  void before_map() override {
    begin_maps();
    if (maps_++ != 0) stream_.append(",");
    if (options_.pretty) stream_.append("\n    ");
  }

  void before_allocator() override {
    if (allocators_++ != 0) return stream_.append(options_.pretty ? ",\n    " : ",");
    begin_maps();
    end_maps();
    stream_.append(options_.pretty ? "\n  \"sdt_allocations\": [\n    " : R"("sdt_allocations":[)");
  }

  void end(std::span<const catalog::Program> programs, std::span<const PluginUse> plugins,
           std::span<const Finding> findings) override {
    begin_maps();
    if (allocators_ == 0)
      end_maps();
    else
      stream_.append(options_.pretty ? "\n  ]," : "],");
    Body body(options_, stream_);
    body.meta(*meta_, plugins);
    body.programs(programs);
    body.findings(findings);
    body.finish();
    stream_.append("\n");
  }

private:
  /// Behind the extensions, if there are any.
  void begin_maps() {
    if (std::exchange(maps_begun_, true)) return;
    if (extensions_ != 0) stream_.append(options_.pretty ? "\n  }," : "},");
    stream_.append(options_.pretty ? "\n  \"maps\": [" : R"("maps":[)");
  }
  void end_maps() { stream_.append(options_.pretty && maps_ != 0 ? "\n  ]," : "],"); }

  /// What stands behind the maps: an object's text without its opening brace.
  class Body {
  public:
    Body(const Options& options, Stream& stream)
        : without_brace_(stream), out_(without_brace_, options.pretty, options.big_numbers_as_strings) {
      out_.begin_object(Layout::lines);
    }

    void meta(const Meta& meta, std::span<const PluginUse> plugins) {
      out_.key("mapscope"), out_.begin_object(Layout::lines);
      out_.key("version"), out_.string(meta.version);
      out_.key("source"), out_.begin_object();
      out_.key("kind"), out_.string(meta.source_kind);
      if (!meta.via.empty()) out_.key("via"), out_.string(meta.via);
      if (meta.stopped_ms) out_.key("stopped_ms"), out_.real(*meta.stopped_ms);
      out_.key("release"), out_.string(meta.release);
      out_.key("arch"), out_.string(meta.arch);
      out_.key("page_size"), out_.number(meta.page_size);
      out_.key("kaslr_offset"), out_.number(meta.kaslr_offset);
      out_.key("cpus"), out_.number(std::uint64_t{meta.cpus});
      if (meta.excluded_bytes != 0) out_.key("excluded_bytes"), out_.number(meta.excluded_bytes);
      out_.end_object();
      if (!meta.started_at.empty()) out_.key("started_at"), out_.string(meta.started_at);
      out_.key("plugins"), out_.begin_array(Layout::lines);
      for (const PluginUse& plugin : plugins) {
        out_.begin_object();
        out_.key("id"), out_.string(plugin.id);
        out_.key("version"), out_.string(plugin.version);
        out_.key("maps"), out_.number(std::uint64_t{plugin.maps});
        out_.end_object();
      }
      out_.end_array();
      out_.end_object();
    }

    void programs(std::span<const catalog::Program> programs) {
      out_.key("programs"), out_.begin_array(Layout::lines);
      for (const auto& program : programs) one_program(program);
      out_.end_array();
    }

    void findings(std::span<const Finding> findings) {
      out_.key("findings"), out_.begin_array(Layout::lines);
      for (const Finding& finding : findings) {
        out_.begin_object();
        out_.key("severity"), out_.string(finding.severity);
        if (finding.map) out_.key("map"), out_.number(std::uint64_t{*finding.map});
        out_.key("text"), out_.string(finding.text);
        out_.end_object();
      }
      out_.end_array();
    }

    void finish() {
      out_.end_object();
      out_.flush();
    }

  private:
    void one_program(const catalog::Program& program) {
      out_.begin_object();
      out_.key("id"), out_.number(std::uint64_t{program.id});
      out_.key("name"), out_.string(program.name);
      if (!program.full_name.empty()) out_.key("full_name"), out_.string(program.full_name);
      out_.key("type"), out_.string(program.type_name);
      out_.key("tag"), out_.string(program.tag);
      out_.key("map_ids"), out_.begin_array();
      for (const auto id : program.map_ids) out_.number(std::uint64_t{id});
      out_.end_array();
      if (program.run_cnt) out_.key("run_cnt"), out_.number(*program.run_cnt);
      if (program.run_time_ns) out_.key("run_time_ns"), out_.number(*program.run_time_ns);
      if (program.uid) out_.key("uid"), out_.number(std::uint64_t{*program.uid});
      if (program.loaded_at_ns) out_.key("loaded_at_ns"), out_.number(*program.loaded_at_ns);
      out_.end_object();
    }

    class WithoutBrace final : public Stream {
    public:
      explicit WithoutBrace(Stream& stream) : stream_(stream) {}
      void append(std::string_view text) override {
        if (!std::exchange(begun_, true)) text.remove_prefix(1);
        stream_.append(text);
      }

    private:
      Stream& stream_;
      bool begun_ = false;
    };

    WithoutBrace without_brace_;
    JsonText out_;
  };

  Options options_;
  Stream& stream_;
  const Meta* meta_ = nullptr;
  std::size_t maps_ = 0, extensions_ = 0, allocators_ = 0;
  bool maps_begun_ = false;
};

} // namespace

std::unique_ptr<ReportWriter> make_json_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<JsonReportWriter>(options, stream);
}

} // namespace mapscope::report
