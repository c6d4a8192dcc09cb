// SPDX-License-Identifier: Apache-2.0
#include "host/report/formats.hpp"
#include "host/report/html_page.hpp"
#include "host/report/html_text.hpp"
#include "host/report/origin.hpp"

#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

/// What stands before the first and behind the last row of a table.
struct Table {
  std::string_view begin, end;
};
constexpr std::string_view end_of_table = "\n</tbody></table></section>\n";
constexpr Table maps_table = {
    "\n<section id=maps><h2>Maps</h2>\n<table><thead><tr><th class=n>id<th>name<th>type<th class=n>key<th "
    "class=n>value"
    "<th class=n>entries<th class=n>most<th>full<th>used by<th>status<th>note</thead><tbody>",
    end_of_table};
constexpr Table allocators_table = {
    "\n<section id=allocators><h2>Allocators</h2>\n<table><thead><tr><th>allocator<th>in map<th class=n>live "
    "slots"
    "<th>status<th>note</thead><tbody>",
    end_of_table};

constexpr std::string_view without_script = "<noscript><p>What is inside the maps takes a script to show, "
                                            "which comes with this page and asks nobody for "
                                            "anything. Without it the page lists them; all of the report is "
                                            "in its data blocks, as JSON.</p></noscript>\n";

/// The same report as JSON, piece by piece, in the order of the page; joined, its data blocks are what `-j`
/// writes.
class HtmlReportWriter final : public ReportWriter {
public:
  HtmlReportWriter(const Options& options, Stream& page)
      : page_(page), json_(make_json_report_writer(on_one_line(options), glue_)) {}

  void begin(const Meta& meta) override {
    const std::string title =
        html_text(fmt::format("Linux {}, {}, {}", meta.release, meta.arch, cpus_of(meta)));
    page_.append("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n");
    page_.append(
        fmt::format("<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src {}; "
                    "script-src {}; base-uri 'none'; form-action 'none'\">\n",
                    csp_source(html_style_sha256), csp_source(html_script_sha256)));
    page_.append(
        "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=color-scheme content=\"light dark\">\n<meta name=referrer content=no-referrer>\n");
    page_.append(fmt::format("<title>{}</title>\n<style>", title));
    page_.append(html_style);
    page_.append("</style>\n<script type=module>");
    page_.append(html_script);
    page_.append("</script>\n</head><body>\n");
    page_.append(fmt::format("<header><h1>{}</h1><p>from {}; shown by mapscope {}</p></header>\n{}<main>",
                             title, html_text(origin_of(meta)), html_text(meta.version), without_script));
    json_->begin(meta);
    put_glue();
  }

  void before_extension(std::string_view id, std::span<const Finding> findings) override {
    json_->before_extension(id, findings);
    put_glue();
  }
  void before_map() override {
    begin_table(maps_table);
    json_->before_map();
    put_glue();
  }
  void before_allocator() override {
    begin_table(allocators_table);
    json_->before_allocator();
    put_glue();
  }

  /// Findings are known last and read first; the page's style puts them there.
  void end(std::span<const catalog::Program> programs, std::span<const PluginUse> plugins,
           std::span<const Finding> findings) override {
    page_.append(std::exchange(end_of_open_, ""));
    put_programs(programs);
    put_findings(findings);
    json_->end(programs, plugins, findings);
    put_glue();
    page_.append("</main>\n</body></html>\n");
  }

private:
  static std::string cpus_of(const Meta& meta) {
    return fmt::format("{} CPU{}", meta.cpus, meta.cpus == 1 ? "" : "s");
  }

  void begin_table(const Table& table) {
    if (open_ == table.begin) return;
    open_ = table.begin;
    page_.append(std::exchange(end_of_open_, table.end));
    page_.append(table.begin);
  }

  /// What stands in the JSON between its parts.
  void put_glue() {
    HtmlPart part(page_, "");
    part.append(std::exchange(glue_.text, {}));
    part.end();
  }

  void put_programs(std::span<const catalog::Program> programs) {
    if (programs.empty()) return;
    page_.append(
        "\n<section id=programs><h2>Programs</h2>\n<table><thead><tr><th class=n>id<th>name<th>type<th>tag"
        "<th>maps<th class=n>ran<th class=n>ns</thead><tbody>");
    for (const auto& program : programs) page_.append(program_row(program));
    page_.append(end_of_table);
  }

  static std::string program_row(const catalog::Program& program) {
    std::string maps;
    for (const auto id : program.map_ids)
      maps += fmt::format("{0}<a href=#map-{1}>{1}</a>", maps.empty() ? "" : " ", id);
    const std::string_view name = !program.is_read       ? "(not known)"
                                  : program.name.empty() ? "(no name)"
                                                         : program.names().longest();
    const auto number = [](const auto& known) { return known ? fmt::format("{}", *known) : ""; };
    return fmt::format("\n<tr id=program-{0}><td class=n>{0}<td><a "
                       "href=#program-{0}><bdi>{1}</bdi></a><td>{2}<td><code>{3}</code><td>{4}"
                       "<td class=n>{5}<td class=n>{6}",
                       program.id, html_text(name), html_text(program.type_name), html_text(program.tag),
                       maps, number(program.run_cnt), number(program.run_time_ns));
  }

  void put_findings(std::span<const Finding> findings) {
    page_.append("\n<section id=findings><h2>Worth a look</h2>\n");
    if (findings.empty()) page_.append("<p>Nothing stands out.</p>");
    page_.append("<ul>");
    for (const Finding& finding : findings) page_.append(finding_line(finding));
    page_.append("</ul></section>\n");
  }

  static std::string finding_line(const Finding& finding) {
    const std::string map = finding.map ? fmt::format("<a href=#map-{0}>map {0}</a>: ", *finding.map) : "";
    return fmt::format("\n<li class={}><b>{}</b> {}{}", html_text(finding.severity),
                       html_text(finding.severity), map, html_text(finding.text));
  }

  struct Kept final : Stream {
    std::string text;
    void append(std::string_view more) override { text += more; }
  };

  Stream& page_;
  Kept glue_;
  std::unique_ptr<ReportWriter> json_;
  std::string_view open_, end_of_open_;
};

} // namespace

std::unique_ptr<ReportWriter> make_html_report_writer(const Options& options, Stream& stream) {
  return std::make_unique<HtmlReportWriter>(options, stream);
}

} // namespace mapscope::report
