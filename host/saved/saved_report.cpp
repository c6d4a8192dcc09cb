// SPDX-License-Identifier: Apache-2.0
#include "host/saved/saved_report.hpp"

#include "host/plain/object.hpp"
#include "host/saved/report_text.hpp"
#include "host/saved/wrong_members.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace mapscope::saved {

namespace {

using plain::Object;

constexpr const char* unknown = "(not known)"; ///< in the place of a name

std::optional<catalog::Panic> panic_from(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const Object saved(text);
  return catalog::Panic{saved.text("text").value_or(""), saved.small_number("cpu").value_or(0),
                        saved.text("comm").value_or(""), saved.signed_number("pid")};
}

report::Meta meta_from(const Object& about) {
  const Object source(about.find("source")), machine(about.find("machine"));
  return {.version = about.text("version").value_or(""),
          .source_kind = source.text("kind").value_or("report"),
          .release = source.text("release").value_or(unknown),
          .arch = source.text("arch").value_or(unknown),
          .page_size = source.number("page_size").value_or(0),
          .kaslr_offset = source.number("kaslr_offset").value_or(0),
          .cpus = source.small_number("cpus").value_or(0),
          .excluded_bytes = source.number("excluded_bytes").value_or(0),
          .via = source.text("via").value_or(""),
          .is_running = source.flag("running").value_or(false),
          .stopped_ms = source.real("stopped_ms"),
          .started_at = about.text("started_at").value_or(""),
          .host_name = machine.text("host_name").value_or(""),
          .time = machine.text("time").value_or(""),
          .uptime_ns = machine.number("uptime_ns"),
          .panic = panic_from(machine.find("panic")),
          .is_narrowed = about.flag("narrowed").value_or(false)};
}

btf::Limits limits_from(const Object& saved) {
  btf::Limits limits;
  limits.depth = saved.small_number("depth").value_or(limits.depth);
  limits.elements = saved.small_number("array_elements").value_or(limits.elements);
  limits.nodes = saved.number("nodes").value_or(limits.nodes);
  return limits;
}

catalog::Program program_from(const Object& saved) {
  catalog::Program program;
  program.id = saved.small_number("id").value_or(0);
  program.name = saved.text("name").value_or(""), program.full_name = saved.text("full_name").value_or("");
  program.type_name = saved.text("type").value_or(""), program.tag = saved.text("tag").value_or("");
  program.map_ids = saved.small_numbers("map_ids");
  program.run_cnt = saved.number("run_cnt"), program.run_time_ns = saved.number("run_time_ns");
  program.uid = saved.small_number("uid"), program.loaded_at_ns = saved.number("loaded_at_ns");
  program.is_read = saved.flag("is_read").value_or(true);
  return program;
}

/// "sched_ext" of "sched_ext, by mapscope.builtin.sched_ext@1.0".
std::string name_in(const std::string& title, const std::string& id) {
  const std::size_t by = title.find(", by ");
  return by != title.npos ? title.substr(0, by) : id;
}

/// One that some version wrote without its title is called as its plugin.
Part part_from(const Object::Member& saved) {
  Part part;
  part.id = plain::name_of(saved.name);
  part.content = {.what = What::part, .text = saved.text};
  const Object content(saved.text);
  part.content.title = content.text("title").value_or(
      fmt::format("{}, by {}", part.id, content.text("renderer").value_or(part.id)));
  part.name = name_in(part.content.title, part.id);
  return part;
}

SavedMap allocator_from(std::string_view text) {
  const Object saved(text);
  SavedMap allocator{.what = What::allocator, .text = text};
  allocator.title = saved.text("allocator_name").value_or("");
  allocator.map.id = saved.small_number("map_id").value_or(0);
  allocator.map.name = saved.text("map_name").value_or("");
  return allocator;
}

void take_findings(std::string_view text, SavedReport& report) {
  for (const std::string_view one : plain::elements_of(text)) {
    const Object saved(one);
    report::Finding finding{saved.text("severity").value_or("info"), saved.small_number("map"),
                            saved.text("text").value_or("")};
    const auto extension = saved.text("extension");
    for (Part& part : report.parts)
      if (extension && part.id == *extension) part.findings.push_back(finding);
    report.findings.push_back(std::move(finding));
  }
}

} // namespace

Result<SavedReport> read_report(const std::string& name, std::string_view text) {
  const auto top = top_level(name, text);
  if (!top) return std::unexpected(top.error());
  if (const auto wrong = wrong_top_members(*top); !wrong.empty())
    spdlog::warn("{}: the saved report is damaged here: {}; what they said is not shown", name,
                 fmt::join(wrong, ", "));
  SavedReport report;
  const Object about(top->find("mapscope"));
  report.meta = meta_from(about);
  report.limits = limits_from(Object(about.find("limits")));
  report.meta.limits = {report.limits.depth, report.limits.elements, report.limits.nodes};
  const Object extensions(top->find("extensions"));
  for (const auto& extension : extensions.members()) report.parts.push_back(part_from(extension));
  report.map_texts = plain::elements_of(top->find("maps"));
  for (const std::string_view map : report.map_texts) report.catalog.maps.push_back(map_from(map));
  for (const std::string_view allocator : plain::elements_of(top->find("sdt_allocations")))
    report.allocators.push_back(allocator_from(allocator));
  for (const std::string_view program : plain::elements_of(top->find("programs")))
    report.catalog.programs.push_back(program_from(Object(program)));
  for (const std::string_view one : plain::elements_of(about.find("plugins"))) {
    const Object plugin(one);
    report.plugins.push_back({plugin.text("id").value_or(""), plugin.text("version").value_or(""),
                              plugin.small_number("maps").value_or(0)});
  }
  take_findings(top->find("findings"), report);
  return report;
}

} // namespace mapscope::saved
