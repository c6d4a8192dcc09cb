// SPDX-License-Identifier: Apache-2.0
#include "host/report/formats.hpp"
#include "host/report/origin.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::report {

namespace {

class TextReportWriter final : public ReportWriter {
public:
  TextReportWriter(const Options& options, Stream& stream) : options_(options), stream_(stream) {}

  void begin(const Meta& meta) override {
    stream_.append(fmt::format("Linux {}, {}, {} CPU{}, from {}\n\n", printable(meta.release), meta.arch,
                               meta.cpus, meta.cpus == 1 ? "" : "s", origin_of(meta)));
  }
  /// What is no map comes first, and before it what of it there is to look at: a person need not look for
  /// why.
  void before_extension(std::string_view /*id*/, std::span<const Finding> findings) override {
    for (const Finding& finding : findings) stream_.append(finding_line(finding));
    if (!findings.empty()) stream_.append("\n");
  }
  void before_map() override {}
  void before_allocator() override {}

  void end(std::span<const catalog::Program> programs, std::span<const PluginUse> /*plugins*/,
           std::span<const Finding> findings) override {
    if (!programs.empty()) stream_.append(heading("programs"));
    std::size_t width = 16; // and wider where names in full are
    for (const auto& program : programs) width = std::max(width, program.names().longest().size());
    for (const auto& program : programs)
      stream_.append(program_line(program, std::min<std::size_t>(width, 32)));
    if (findings.empty()) return;
    // Last, where the eye is when the text has run through.
    stream_.append(fmt::format("{}{}", programs.empty() ? "" : "\n", heading("worth a look")));
    for (const Finding& finding : findings) stream_.append(finding_line(finding));
  }

private:
  [[nodiscard]] std::string heading(const char* text) const {
    return options_.color ? fmt::format("\033[1m{}\033[0m\n", text) : fmt::format("{}\n", text);
  }

  static std::string program_line(const catalog::Program& program, std::size_t width) {
    const std::string name = !program.is_read       ? "(not known)"
                             : program.name.empty() ? "(no name)"
                                                    : printable(program.names().longest());
    std::string line = fmt::format("  {:>4}  {}", program.id, name);
    if (!program.tag.empty())
      line = fmt::format("  {:>4}  {:<{}} {:<16} tag {}", program.id, name, width, program.type_name,
                         program.tag);
    if (!program.map_ids.empty()) line += fmt::format("  maps {}", fmt::join(program.map_ids, " "));
    if (program.run_cnt.value_or(0) != 0)
      line += fmt::format("  ran {} times in {} ns", *program.run_cnt, program.run_time_ns.value_or(0));
    return line + '\n';
  }

  static std::string finding_line(const Finding& finding) {
    const std::string map = finding.map ? fmt::format("map {}: ", *finding.map) : "";
    return fmt::format("  {:<7}  {}{}\n", finding.severity, map, printable(finding.text));
  }

  Options options_;
  Stream& stream_;
};

} // namespace

std::unique_ptr<ReportWriter> make_text_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<TextReportWriter>(options, stream);
}

} // namespace mapscope::report
