// SPDX-License-Identifier: Apache-2.0
#include "host/cli/map_filter.hpp"

#include "host/base/glob.hpp"
#include "host/base/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <set>

namespace mapscope::cli {

namespace {

using Predicate = std::function<bool(const catalog::Map&)>;

Result<Predicate> by_id(const std::string& spec, std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return fail(Errc::usage, fmt::format("--map {}: expected a number, such as id:17", spec));
  return [id](const catalog::Map& map) { return map.id == id; };
}

Predicate by_program(const catalog::Catalog& catalog, const std::string& glob) {
  std::set<std::uint32_t> ids;
  for (const auto& program : catalog.programs)
    if (glob_match(glob, program.name)) ids.insert(program.id);
  return [ids = std::move(ids)](const catalog::Map& map) {
    return std::ranges::any_of(map.programs, [&](std::uint32_t id) { return ids.contains(id); });
  };
}

Result<Predicate> parse(const catalog::Catalog& catalog, const std::string& spec) {
  if (spec.empty()) return fail(Errc::usage, "--map: expected id:N, type:NAME, prog:NAME or a name");
  if (spec.starts_with("id:")) return by_id(spec, std::string_view(spec).substr(3));
  if (spec.starts_with("type:"))
    return [type = spec.substr(5)](const catalog::Map& map) { return glob_match(type, map.type_name); };
  if (spec.starts_with("prog:")) return by_program(catalog, spec.substr(5));
  return [spec](const catalog::Map& map) { return glob_match(spec, map.name); };
}

std::string near_names(const catalog::Catalog& catalog, const std::string& spec) {
  std::vector<std::string> names;
  names.reserve(catalog.maps.size());
  for (const auto& map : catalog.maps) names.push_back(map.name);
  const std::string near = nearest(spec, names);
  return near.empty() ? fmt::format("none of the {} maps fits; `mapscope maps` lists them", names.size())
                      : fmt::format("no map fits; did you mean {}?", near);
}

} // namespace

Result<void> check_specs(const std::vector<std::string>& specs) {
  const catalog::Catalog nothing;
  for (const std::string& spec : specs)
    if (auto parsed = parse(nothing, spec); !parsed) return std::unexpected(parsed.error());
  return {};
}

Result<std::vector<const catalog::Map*>> filter_maps(const catalog::Catalog& catalog,
                                                     const std::vector<std::string>& specs) {
  std::vector<bool> chosen(catalog.maps.size(), specs.empty());
  for (const std::string& spec : specs) {
    const auto fits = parse(catalog, spec);
    if (!fits) return std::unexpected(fits.error());
    bool any = false;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if ((*fits)(catalog.maps[i])) chosen[i] = any = true;
    if (!any) return fail(Errc::usage, fmt::format("--map {}: {}", spec, near_names(catalog, spec)));
  }
  std::vector<const catalog::Map*> maps;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i]) maps.push_back(&catalog.maps[i]);
  return maps;
}

} // namespace mapscope::cli
