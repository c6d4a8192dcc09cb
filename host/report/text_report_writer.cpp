// SPDX-License-Identifier: Apache-2.0
#include "host/base/display_width.hpp"
#include "host/report/duration.hpp"
#include "host/report/formats.hpp"
#include "host/report/in_columns.hpp"
#include "host/report/origin.hpp"
#include "host/report/text_overview.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <vector>

namespace mapscope::report {

namespace {

/// "host db7, up 2 min 5 s, 2026-11-29T23:14:09Z by its clock"; "" where nothing is known.
std::string machine_line(const Meta& meta) {
  std::vector<std::string> facts;
  if (!meta.host_name.empty()) facts.push_back(fmt::format("host {}", printable(meta.host_name)));
  if (meta.uptime_ns) facts.push_back(fmt::format("up {}", duration_text(*meta.uptime_ns)));
  if (!meta.time.empty()) facts.push_back(fmt::format("{} by its clock", meta.time));
  return facts.empty() ? "" : fmt::format("{}\n", fmt::join(facts, ", "));
}

/// "panicked on CPU 1 in bash[12]: sysrq triggered crash"
std::string panic_line(const catalog::Panic& panic) {
  const std::string pid = panic.pid ? fmt::format("[{}]", *panic.pid) : "";
  const std::string task =
      panic.comm.empty() && pid.empty() ? "" : fmt::format(" in {}{}", printable(panic.comm), pid);
  return fmt::format("panicked on CPU {}{}: {}\n", panic.cpu, task,
                     panic.text.empty() ? "the log has lost why" : printable(panic.text));
}

class TextReportWriter final : public ReportWriter {
public:
  TextReportWriter(const Options& options, Stream& stream) : options_(options), stream_(stream) {}

  void begin(const Meta& meta) override {
    stream_.append(fmt::format("Linux {}, {}, {} CPU{}, from {}\n{}{}\n", printable(meta.release), meta.arch,
                               meta.cpus, meta.cpus == 1 ? "" : "s", origin_of(meta), machine_line(meta),
                               meta.panic ? alert(panic_line(*meta.panic)) : ""));
  }
  void overview(const Overview& page) override {
    has_told_findings_ = true;
    stream_.append(overview_text(page, options_));
  }
  void before_extension(std::string_view /*id*/, std::span<const Finding> /*findings*/) override {}
  void before_map() override {}
  void before_allocator() override {}

  void end(std::span<const catalog::Program> programs, std::span<const PluginUse> /*plugins*/,
           std::span<const Finding> findings) override {
    if (!programs.empty()) stream_.append(programs_text(programs));
    if (has_told_findings_ || findings.empty()) return;
    if (!programs.empty()) stream_.append("\n");
    stream_.append(findings_text(findings, options_));
  }

private:
  [[nodiscard]] std::string alert(const std::string& line) const {
    return options_.color ? "\033[31m" + line.substr(0, line.size() - 1) + "\033[0m\n" : line;
  }

  [[nodiscard]] std::string programs_text(std::span<const catalog::Program> programs) const {
    constexpr std::size_t many = 12;
    const bool have_runs = std::ranges::any_of(
        programs, [](const catalog::Program& program) { return program.run_cnt.value_or(0) != 0; });
    if (!options_.full && !have_runs && programs.size() >= many)
      return heading_text("programs", options_) + by_type(programs);
    std::vector<std::string> lines;
    for (const auto& program : programs) lines.push_back(program_line(program));
    std::string out;
    append_in_columns(lines, options_.width, 2, out);
    return heading_text("programs", options_) + out.substr(1) + '\n';
  }

  /// "  struct_ops: 9 qmap_select_cid, 10 qmap_enqueue", on lines as long as they may be; types in the order
  /// of their first.
  [[nodiscard]] std::string by_type(std::span<const catalog::Program> programs) const {
    std::vector<std::pair<std::string, std::vector<std::string>>> types;
    for (const auto& program : programs) {
      const bool has_type = program.is_read || !program.tag.empty();
      const std::string type = has_type ? printable(program.type_name) : "(type not known)";
      auto found = std::ranges::find(types, type, [](const auto& one) { return one.first; });
      if (found == types.end()) found = types.insert(types.end(), {type, {}});
      found->second.push_back(fmt::format("{} {}", program.id, name_of(program)));
    }
    std::string out;
    for (const auto& [type, names] : types) {
      std::string line = fmt::format("  {}: {}", type, names.front());
      for (const std::string& name : std::span(names).subspan(1)) {
        const bool fits = display_width(line) + 2 + display_width(name) < options_.width;
        if (!fits)
          out += line + ",\n", line = "    " + name;
        else
          line += ", " + name;
      }
      out += line + '\n';
    }
    return out;
  }

  static std::string name_of(const catalog::Program& program) {
    if (!program.is_read) return "(not known)";
    return program.name.empty() ? "(no name)" : printable(program.names().longest());
  }

  /// Who uses a map its head says.
  [[nodiscard]] std::string program_line(const catalog::Program& program) const {
    std::string line = fmt::format("{:>4} {}", program.id, name_of(program));
    if (program.is_read || !program.tag.empty()) line += fmt::format("  {}", program.type_name);
    if (options_.full && !program.tag.empty()) line += fmt::format("  tag {}", program.tag);
    if (options_.full && !program.map_ids.empty())
      line += fmt::format("  maps {}", fmt::join(program.map_ids, " "));
    if (program.run_cnt.value_or(0) != 0)
      line += fmt::format("  ran {} times in {}", *program.run_cnt,
                          duration_text(program.run_time_ns.value_or(0)));
    return line;
  }

  Options options_;
  Stream& stream_;
  bool has_told_findings_ = false;
};

} // namespace

std::unique_ptr<ReportWriter> make_text_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<TextReportWriter>(options, stream);
}

} // namespace mapscope::report
