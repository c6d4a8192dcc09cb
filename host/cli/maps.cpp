// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/gaps.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/opened.hpp"
#include "host/pipeline/scope.hpp"
#include "host/pipeline/selections.hpp"
#include "host/pipeline/walk.hpp"
#include "host/plugin/select/select_attach.hpp"
#include "host/report/fill.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

using pipeline::ShownMap;
using pipeline::ShownMaps;
using Parts = std::vector<plugin::KernelTarget>;

std::string choice_text(const plugin::Choice& choice) {
  return fmt::format("{} ({})", choice.plugin->tag(), choice.why);
}

/// Who would render the map, and why; for nobody the reason.
std::string renderer_text(const plugin::Selection& selection) {
  return selection.choices.empty() ? fmt::format("- ({})", selection.reason)
                                   : choice_text(selection.choices.front());
}

/// The same of a map, which may be shown without any plugin.
std::string renderer_text(const ShownMap& shown) {
  const auto& [map, selection, outcome, seen] = shown;
  if (!selection.choices.empty() || outcome.renderer.empty()) return renderer_text(selection);
  return fmt::format("{} ({})", outcome.renderer, selection.reason);
}

/// Who else there is, in their order, and who cannot and why.
void print_others(const plugin::Selection& selection, StdoutStream& stream) {
  for (std::size_t i = 1; i < selection.choices.size(); ++i)
    stream.append(
        fmt::format("{:>11}  {}\n", "before", report::printable(choice_text(selection.choices[i]))));
  if (!selection.choices.empty() && !selection.reason.empty())
    stream.append(fmt::format("{:>11}  {}\n", "passed over", report::printable(selection.reason)));
}

void put_record(const catalog::Map& map, report::JsonText& out) {
  out.key("id"), out.number(std::uint64_t{map.id});
  out.key("type_name"), out.string(map.type_name);
  out.key("name"), out.string(map.name);
  if (!map.full_name.empty()) out.key("full_name"), out.string(map.full_name);
  if (!map.is_read) return;
  out.key("key_size"), out.number(std::uint64_t{map.key_size});
  out.key("value_size"), out.number(std::uint64_t{map.value_size});
  out.key("max_entries"), out.number(std::uint64_t{map.max_entries});
  out.key("map_flags"), out.number(std::uint64_t{map.flags});
  out.key("flag_names"), out.begin_array();
  for (const auto& name : map.flag_names) out.string(name);
  out.end_array();
  if (!map.types_from.empty()) out.key("types_from"), out.string(map.types_from);
  if (map.type_notes.empty()) return;
  out.key("notes"), out.begin_array();
  for (const auto& note : map.type_notes) out.string(note);
  out.end_array();
}

void put_walk(const report::Outcome& outcome, report::JsonText& out) {
  out.key("status"), out.string(report::status_name(outcome.status));
  if (outcome.entry_count) out.key("entry_count"), out.number(*outcome.entry_count);
  if (!outcome.error.empty()) out.key("error"), out.string(outcome.error);
}

void put_selection(const plugin::Selection& selection, report::JsonText& out) {
  const auto& choices = selection.choices;
  if (!choices.empty()) out.key("renderer"), out.string(choices.front().plugin->tag());
  out.key("reason"), out.string(choices.empty() ? selection.reason : choices.front().why);
  if (choices.size() > 1) {
    out.key("before"), out.begin_array();
    for (const auto& choice : std::span(choices).subspan(1)) out.string(choice_text(choice));
    out.end_array();
  }
  if (!choices.empty() && !selection.reason.empty()) out.key("passed_over"), out.string(selection.reason);
}

/// Who reads maps alone passes over what has no id.
void put_part(const plugin::KernelTarget& part, report::JsonText& out) {
  out.key("kernel"), out.string(part.name);
  put_selection(part.selection, out);
}

void print_json(const ShownMaps& maps, const Parts& parts, bool pretty, StdoutStream& stream) {
  report::JsonText out(stream, pretty, false);
  out.begin_array(report::JsonText::Layout::lines);
  for (const ShownMap& shown : maps) {
    out.begin_object();
    put_record(*shown.map, out), put_walk(shown.outcome, out);
    if (shown.selection.choices.empty() && !shown.outcome.renderer.empty())
      out.key("renderer"), out.string(shown.outcome.renderer);
    put_selection(shown.selection, out);
    out.end_object();
  }
  for (const plugin::KernelTarget& part : parts) {
    out.begin_object();
    put_part(part, out);
    out.end_object();
  }
  out.end_array();
  out.raw('\n');
}

/// Long enough for all but the longest names.
std::size_t name_width(const ShownMaps& maps) {
  constexpr std::size_t least = 16, most = 32;
  std::size_t width = least;
  for (const ShownMap& shown : maps) width = std::max(width, shown.map->names().longest().size());
  return std::min(width, most);
}

/// As a report marks what is less than complete; that nobody renders it the line says anyway.
std::string mark_of(const report::Outcome& outcome) {
  if (outcome.status == report::Status::complete || outcome.status == report::Status::skipped) return "";
  return fmt::format("[{}] ", report::status_name(outcome.status));
}

std::string types_from_text(const catalog::Map& map) {
  return map.types_from == ".maps" || map.types_from.starts_with(".maps, of")
             ? "its declaration in .maps of a program's object; it has none of its own"
             : report::printable(map.types_from);
}

/// The lines of maps below their head.
class MapLines {
public:
  MapLines(const ShownMaps& maps, bool explain, StdoutStream& stream)
      : width_(name_width(maps)), explain_(explain), stream_(stream) {
    stream.append(fmt::format("{:>5}  {:<20} {:<{}} {:>6} {:>7} {:>17}  {}\n", "id", "type", "name", width_,
                              "key", "value", "entries / max", "renderer"));
  }

  void print(const ShownMap& shown) {
    const auto& [record, selection, outcome, seen] = shown;
    const catalog::Map& map = *record;
    stream_.append(fmt::format("{:>5}  {:<20} {:<{}} {:>6} {:>7} {:>17}  {}{}\n", map.id,
                               report::printable(map.type_name), report::printable(map.label()), width_,
                               report::declared_text(map, map.key_size),
                               report::declared_text(map, map.value_size), report::used_text(map, outcome),
                               mark_of(outcome), report::printable(renderer_text(shown))));
    if (!explain_) return;
    print_others(selection, stream_);
    if (map.value().types)
      about("value type", fmt::format("{}", fmt::join(plugin::value_type_names(map), ", ")));
    if (!map.types_from.empty())
      stream_.append(fmt::format("{:>11}  {}\n", "types from", types_from_text(map)));
    for (const std::string& note : map.type_notes) about("note", note);
  }

private:
  void about(std::string_view what, const std::string& text) {
    stream_.append(fmt::format("{:>11}  {}\n", what, report::printable(text)));
  }

  std::size_t width_;
  bool explain_;
  StdoutStream& stream_;
};

/// As --map takes them.
void print_parts(const Parts& parts, bool explain, StdoutStream& stream) {
  stream.append("parts of the kernel\n");
  for (const auto& [name, selection] : parts) {
    stream.append(
        fmt::format("       kernel:{:<13} {}\n", name, report::printable(renderer_text(selection))));
    if (explain) print_others(selection, stream);
  }
}

/// Behind the maps.
void print_rest(const ShownMaps& maps, const Parts& parts, bool explain, StdoutStream& stream) {
  if (!maps.empty() && !parts.empty()) stream.append("\n");
  if (!parts.empty()) print_parts(parts, explain, stream);
}

void print_text(const ShownMaps& maps, const Parts& parts, bool explain, StdoutStream& stream) {
  if (!maps.empty() || parts.empty()) {
    MapLines lines(maps, explain, stream);
    for (const ShownMap& shown : maps) lines.print(shown);
  }
  print_rest(maps, parts, explain, stream);
}

/// Who renders each.
ShownMaps chosen(const pipeline::Setup& setup, const pipeline::Session& session, const pipeline::Scope& scope,
                 bool explain) {
  auto maps = pipeline::select_all(setup, session, scope.maps);
  pipeline::warn_of_gaps(session.catalog, maps, "--map");
  if (explain) pipeline::tell_missing(scope.missing);
  return maps;
}

/// And how many entries it has.
ShownMaps walked_over(const pipeline::Setup& setup, const pipeline::Session& session,
                      const pipeline::Scope& scope, bool explain) {
  auto maps = chosen(setup, session, scope, explain);
  pipeline::walk_over(setup, session, maps, [](const ShownMap&) {});
  return maps;
}

/// A line for each as soon as it was walked over: one with millions of entries keeps no other waiting.
void print_as_walked(const pipeline::Setup& setup, const pipeline::Session& session,
                     const pipeline::Scope& scope, bool explain, StdoutStream& stream) {
  auto maps = chosen(setup, session, scope, explain);
  if (maps.empty()) return print_text(maps, scope.parts, explain, stream);
  MapLines lines(maps, explain, stream);
  stream.flush();
  pipeline::walk_over(setup, session, maps, [&](const ShownMap& shown) {
    lines.print(shown);
    stream.flush();
  });
  print_rest(maps, scope.parts, explain, stream);
}

ShownMaps walked_over(const pipeline::Setup& setup, const pipeline::LookupSource& lookups,
                      const pipeline::Scope& scope) {
  if (const auto foreign = pipeline::foreign_plugins(setup, lookups, scope.maps); !foreign.empty())
    spdlog::warn("{}", foreign);
  return pipeline::count_entries(setup, lookups, scope.maps);
}

} // namespace

int maps(const DumpOptions& options, JsonForm json, bool explain) {
  auto setup = pipeline::Setup::open(options);
  if (!setup) return complain(setup.error());
  if (auto checked = pipeline::check_specs(options.maps); !checked) return complain(checked.error());
  if (auto checked = pipeline::check_others(options.not_maps); !checked) return complain(checked.error());
  auto source = pipeline::Opened::open(options, setup->loaded.config);
  if (!source) return complain(source.error());
  const auto scope = source->scope(*setup, options.maps, options.not_maps);
  if (!scope) return complain(scope.error());
  StdoutStream stream;
  const pipeline::Session* const session = source->session();
  if (session != nullptr && json == JsonForm::none && session->source->pause() == nullptr) {
    print_as_walked(*setup, *session, *scope, explain, stream);
  } else {
    const auto maps = session != nullptr ? walked_over(*setup, *session, *scope, explain)
                                         : walked_over(*setup, *source->lookups(), *scope);
    source->let_go(); // a guest does not stand still until somebody has read the list
    if (json != JsonForm::none)
      print_json(maps, scope->parts, json == JsonForm::pretty, stream);
    else
      print_text(maps, scope->parts, explain, stream);
  }
  source->tell_troubles();
  return stream.finish();
}

} // namespace mapscope::cli
