// SPDX-License-Identifier: Apache-2.0
#include "host/report/formats.hpp"
#include "host/report/json_parts.hpp"
#include "host/report/json_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

using Layout = JsonText::Layout;

/// Maps come between begin() and end() and bring their own text, so the array around them is written by hand.
class JsonReportWriter final : public ReportWriter {
  using OfExtensions = std::vector<std::pair<std::string, Finding>>;

public:
  JsonReportWriter(const Options& options, Stream& stream) : options_(options), stream_(stream) {}

  void begin(const Meta& meta) override {
    meta_ = &meta;
    stream_.append(options_.pretty ? "{\n  \"schema\": \"single\"," : R"({"schema":"single",)");
  }

  void before_extension(std::string_view id, std::span<const Finding> findings) override {
    for (const Finding& finding : findings) of_extensions_.emplace_back(id, finding);
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
    body.list("programs", programs, write_program);
    body.findings(findings, std::move(of_extensions_));
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
      out_.key("source"), write_source(out_, meta);
      if (!meta.started_at.empty()) out_.key("started_at"), out_.string(meta.started_at);
      write_machine(out_, meta);
      if (meta.is_narrowed) out_.key("narrowed"), out_.boolean(true);
      limits(meta.limits);
      list("plugins", plugins, write_plugin);
      out_.end_object();
    }

    void findings(std::span<const Finding> findings, OfExtensions of_extensions) {
      out_.key("findings"), out_.begin_array(Layout::lines);
      for (const Finding& finding : findings) {
        const auto own = std::ranges::find(of_extensions, finding, &OfExtensions::value_type::second);
        write_finding(out_, finding, own != of_extensions.end() ? own->first : "");
        if (own != of_extensions.end()) of_extensions.erase(own); // another of the same words is another's
      }
      out_.end_array();
    }

    /// One object a line.
    template <class Thing>
    void list(const char* key, std::span<const Thing> things, void (*write)(JsonText&, const Thing&)) {
      out_.key(key), out_.begin_array(Layout::lines);
      for (const Thing& thing : things) write(out_, thing);
      out_.end_array();
    }

    void finish() {
      out_.end_object();
      out_.flush();
    }

  private:
    void limits(const Meta::Limits& limits) {
      out_.key("limits"), out_.begin_object();
      out_.key("depth"), out_.number(std::uint64_t{limits.depth});
      out_.key("array_elements"), out_.number(std::uint64_t{limits.elements});
      out_.key("nodes"), out_.number(limits.nodes);
      out_.end_object();
    }

    WithoutBrace without_brace_;
    JsonText out_;
  };

  Options options_;
  Stream& stream_;
  const Meta* meta_ = nullptr;
  OfExtensions of_extensions_;
  std::size_t maps_ = 0, extensions_ = 0, allocators_ = 0;
  bool maps_begun_ = false;
};

} // namespace

std::unique_ptr<ReportWriter> make_json_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<JsonReportWriter>(options, stream);
}

} // namespace mapscope::report
