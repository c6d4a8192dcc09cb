// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/map_filter.hpp"

#include "host/base/counted.hpp"
#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <set>

namespace mapscope::pipeline {

namespace {

constexpr std::string_view expected = "id:N, type:NAME, prog:NAME, kernel:NAME or a name";

using Predicate = std::function<bool(const catalog::Map&)>;

Result<Predicate> by_id(const std::string& spec, std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, is_hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return fail(Errc::usage,
                fmt::format("--map {}: expected a number from 0 to {}, such as id:17", spec, UINT32_MAX));
  return [id](const catalog::Map& map) { return map.id == id; };
}

bool is_used(const catalog::Catalog& catalog, const catalog::Program& program) {
  return std::ranges::any_of(catalog.maps, [&](const catalog::Map& map) {
    return std::ranges::find(map.programs, program.id) != map.programs.end();
  });
}

bool is_unused_program(const catalog::Catalog& catalog, const std::string& spec) {
  return spec.starts_with("prog:") &&
         std::ranges::any_of(catalog.programs, [name = spec.substr(5)](const catalog::Program& program) {
           return program.names().fit(name);
         });
}

Predicate by_program(const catalog::Catalog& catalog, const std::string& glob) {
  std::set<std::uint32_t> ids;
  for (const auto& program : catalog.programs)
    if (program.names().fit(glob)) ids.insert(program.id);
  return [ids = std::move(ids)](const catalog::Map& map) {
    return std::ranges::any_of(map.programs, [&](std::uint32_t id) { return ids.contains(id); });
  };
}

/// The kernel lets no name have a colon (bpf_obj_name_cpy() of kernel/bpf/syscall.c).
std::unexpected<Error> unknown_kind(const std::string& spec, std::size_t colon) {
  const std::vector<std::string> kinds = {"id", "type", "prog", "kernel"};
  const std::string near = nearest(std::string_view(spec).substr(0, colon), kinds);
  return fail(Errc::usage,
              fmt::format("--map {}: expected {}{}", spec, expected,
                          near.empty() ? "" : "; did you mean " + near + spec.substr(colon) + "?"));
}

Result<Predicate> parse(const catalog::Catalog& catalog, const std::string& spec) {
  if (spec.empty()) return fail(Errc::usage, fmt::format("--map: expected {}", expected));
  if (spec.starts_with("id:")) return by_id(spec, std::string_view(spec).substr(3));
  if (spec.starts_with("type:"))
    return [type = spec.substr(5)](const catalog::Map& map) { return glob_match(type, map.type_name); };
  if (spec.starts_with("prog:")) return by_program(catalog, spec.substr(5));
  if (names_part(spec)) return [](const catalog::Map&) { return false; };
  if (const auto colon = spec.find(':'); colon != spec.npos) return unknown_kind(spec, colon);
  return [spec](const catalog::Map& map) { return map.names().fit(spec); };
}

/// What a spec could have meant, of one kind.
struct Candidates {
  std::string_view prefix;
  std::vector<std::string> names;
};

std::vector<std::string> type_names(const catalog::Catalog& catalog) {
  std::set<std::string> names;
  for (const auto& map : catalog.maps) names.insert(map.type_name);
  return {names.begin(), names.end()};
}

Candidates candidates_for(const catalog::Catalog& catalog, const std::string& spec) {
  Candidates found;
  if (spec.starts_with("type:")) return {"type:", type_names(catalog)};
  if (spec.starts_with("prog:")) {
    for (const auto& program : catalog.programs)
      if (is_used(catalog, program)) found.names.emplace_back(program.names().longest());
    found.prefix = "prog:";
  } else {
    for (const auto& map : catalog.maps) found.names.emplace_back(map.names().longest());
  }
  return found;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The ids that there are, as far as a number can have a neighbour.
std::string about_ids(const catalog::Catalog& catalog) {
  std::uint32_t first = UINT32_MAX, last = 0;
  for (const auto& map : catalog.maps) first = std::min(first, map.id), last = std::max(last, map.id);
  if (first == last) return fmt::format("no map has this id; the only one has {}", first);
  return fmt::format(
      "no map has this id; those of the {} maps go from {} to {}, and `mapscope maps` lists them",
      catalog.maps.size(), first, last);
}

/// Who gives a number where a name is expected has it from a list of ids; "" when nothing has this one.
std::string by_number(const catalog::Catalog& catalog, const std::string& spec) {
  const std::size_t colon = spec.find(':');
  const std::string kind = colon == spec.npos ? "" : spec.substr(0, colon + 1),
                    text = spec.substr(kind.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return "";
  if (kind == "prog:")
    for (const auto& program : catalog.programs)
      if (program.id == number && is_used(catalog, program))
        return fmt::format("prog:{}, the program with this id", program.names().longest());
  if (kind == "type:")
    for (const auto& map : catalog.maps)
      if (map.type == number) return "type:" + map.type_name;
  const bool is_map = std::ranges::any_of(catalog.maps, [&](const auto& map) { return map.id == number; });
  return is_map && kind != "type:" ? fmt::format("id:{}", number) : "";
}

/// Why a map may fit that is not known; "" when all are.
std::string unread_part(const catalog::Catalog& catalog, const std::string& spec) {
  if (catalog.lacks_maps) return "part of the table of maps (map_idr) could not be read";
  if (spec.starts_with("id:")) return "";
  if (const auto unread = std::ranges::count(catalog.maps, false, &catalog::Map::is_read); unread != 0)
    return fmt::format("the {} of {} could not be read", unread == 1 ? "record" : "records",
                       counted(static_cast<std::uint64_t>(unread), "map"));
  if (!spec.starts_with("prog:")) return "";
  if (catalog.lacks_programs) return "part of the table of programs (prog_idr) could not be read";
  return catalog.lacks_uses() ? "which maps a program uses could not be read of all programs" : "";
}

std::string no_known_map_fits(const catalog::Catalog& catalog, const std::string& spec) {
  if (catalog.maps.empty()) return "there is no map at all";
  if (spec.starts_with("id:")) return about_ids(catalog);
  if (is_unused_program(catalog, spec)) return "no map is used by this program";
  if (const auto meant = by_number(catalog, spec); !meant.empty())
    return fmt::format("no map fits; did you mean {}?", meant);
  const auto [prefix, names] = candidates_for(catalog, spec);
  std::string wrong = spec.substr(prefix.size());
  if (prefix == "type:") std::ranges::transform(wrong, wrong.begin(), lower); // as the types are spelled here
  const std::string near = nearest(wrong, names);
  if (!near.empty()) return fmt::format("no map fits; did you mean {}{}?", prefix, near);
  if (prefix == "type:") return fmt::format("no map fits; the types there are: {}", fmt::join(names, ", "));
  if (catalog.maps.size() == 1) return "the only map does not fit; `mapscope maps` shows it";
  return fmt::format("none of the {} maps fits; `mapscope maps` lists them", catalog.maps.size());
}

/// Of a table that is torn nothing is said that rests on all of it.
std::string no_map_fits(const catalog::Catalog& catalog, const std::string& spec, const KernelParts& parts) {
  if (std::ranges::find(parts.shown, spec, &plugin::KernelTarget::name) != parts.shown.end())
    return fmt::format("no map fits; did you mean kernel:{}?", spec);
  const std::string unread = unread_part(catalog, spec);
  if (unread.empty()) return no_known_map_fits(catalog, spec);
  if (catalog.maps.empty()) return "no map is known, and " + unread;
  return fmt::format("none of the {} that {} known fits, and {}", counted(catalog.maps.size(), "map"),
                     catalog.maps.size() == 1 ? "is" : "are", unread);
}

} // namespace

std::string why_maps_may_lack(const catalog::Catalog& catalog, const std::vector<std::string>& specs) {
  if (specs.empty()) return unread_part(catalog, "*");
  for (const std::string& spec : specs)
    if (!spec.starts_with("id:") && !names_part(spec))
      if (std::string unread = unread_part(catalog, spec); !unread.empty()) return unread;
  return "";
}

Result<void> check_specs(const std::vector<std::string>& specs) {
  const catalog::Catalog nothing;
  for (const std::string& spec : specs)
    if (auto parsed = parse(nothing, spec); !parsed) return std::unexpected(parsed.error());
  return {};
}

Result<std::vector<const catalog::Map*>> filter_maps(const catalog::Catalog& catalog,
                                                     const std::vector<std::string>& specs,
                                                     const KernelParts& parts) {
  std::vector<bool> chosen(catalog.maps.size(), specs.empty());
  for (const std::string& spec : specs) {
    const auto fits = parse(catalog, spec);
    if (!fits) return std::unexpected(fits.error());
    bool any = names_part(spec);
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if ((*fits)(catalog.maps[i])) chosen[i] = any = true;
    if (!any) return fail(Errc::usage, fmt::format("--map {}: {}", spec, no_map_fits(catalog, spec, parts)));
  }
  std::vector<const catalog::Map*> maps;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) maps.push_back(&catalog.maps[i]);
  return maps;
}

} // namespace mapscope::pipeline
