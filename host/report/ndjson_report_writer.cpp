// SPDX-License-Identifier: Apache-2.0
// The lines that are of no map: the first, which says what these lines are, and programs, plugins, findings.
#include "host/report/formats.hpp"
#include "host/report/json_parts.hpp"

namespace mapscope::report {

namespace {

class NdjsonReportWriter final : public ReportWriter {
public:
  NdjsonReportWriter(const Options& options, Stream& stream)
      : stream_(stream), out_(stream, false, options.big_numbers_as_strings) {
    out_.write_addresses_in_hex();
  }

  void begin(const Meta& meta) override {
    out_.begin_object();
    out_.key("schema"), out_.string("mapscope-ndjson");
    out_.key("version"), out_.number(std::uint64_t{1});
    out_.key("source"), write_source(out_, meta);
    out_.key("mapscope"), out_.string(meta.version);
    if (!meta.started_at.empty()) out_.key("started_at"), out_.string(meta.started_at);
    write_machine(out_, meta);
    out_.end_object();
    end_line();
  }

  /// The rest of the line is the extension's own.
  void before_extension(std::string_view id, std::span<const Finding> /*findings*/) override {
    stream_.append(R"({"extension":")");
    stream_.append(id);
    stream_.append("\",");
  }
  void before_map() override {}
  void before_allocator() override {}

  void end(std::span<const catalog::Program> programs, std::span<const PluginUse> plugins,
           std::span<const Finding> findings) override {
    lines("program", programs, write_program);
    lines("plugin", plugins, write_plugin);
    lines("finding", findings, write_finding);
  }

private:
  template <class Thing>
  void lines(const char* key, std::span<const Thing> things, void (*write)(JsonText&, const Thing&)) {
    for (const Thing& thing : things) {
      out_.begin_object();
      out_.key(key), write(out_, thing);
      out_.end_object();
      end_line();
    }
  }
  void end_line() {
    out_.end_line();
    out_.flush();
  }

  Stream& stream_;
  JsonText out_;
};

} // namespace

std::unique_ptr<ReportWriter> make_ndjson_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<NdjsonReportWriter>(options, stream);
}

} // namespace mapscope::report
