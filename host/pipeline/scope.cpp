// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/scope.hpp"

#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/session.hpp"

#include <algorithm>

namespace mapscope::pipeline {

namespace {

std::unexpected<Error> about_others(Error error) {
  constexpr std::string_view option = "--map";
  if (error.text.starts_with(option)) error.text.replace(0, option.size(), "--not-map");
  return std::unexpected(std::move(error));
}

} // namespace

Result<void> leave_out(Scope& scope, const catalog::Catalog& catalog, const KernelParts& parts,
                       const std::vector<std::string>& others) {
  if (others.empty()) return {};
  const auto maps = filter_maps(catalog, others, parts);
  if (!maps) return about_others(maps.error());
  const auto named = filter_parts(parts, others);
  if (!named) return about_others(named.error());
  std::erase_if(scope.maps, [&](const catalog::Map* map) { return std::ranges::count(*maps, map) != 0; });
  std::erase_if(scope.parts, [&](const plugin::KernelTarget& part) {
    return std::ranges::count(*named, part.name, &plugin::KernelTarget::name) != 0;
  });
  if (scope.maps.empty() && scope.parts.empty())
    return fail(Errc::usage, "--not-map leaves nothing to be shown; `mapscope maps` lists what there is");
  return {};
}

Result<void> check_others(const std::vector<std::string>& others) {
  const auto checked = check_specs(others);
  return checked ? Result<void>{} : about_others(checked.error());
}

Result<Scope> scope_of(const Setup& setup, const Session& session, const std::vector<std::string>& specs,
                       const std::vector<std::string>& others) {
  KernelParts parts = kernel_parts(setup.registry, *session.kernel, setup.loaded.config);
  auto maps = filter_maps(session.catalog, specs, parts);
  if (!maps) return std::unexpected(std::move(maps.error()));
  auto shown = filter_parts(parts, specs);
  if (!shown) return std::unexpected(std::move(shown.error()));
  Scope scope{std::move(*maps), std::move(*shown), {}};
  if (auto left = leave_out(scope, session.catalog, parts, others); !left)
    return std::unexpected(std::move(left.error()));
  if (specs.empty()) scope.missing = std::move(parts.missing);
  return scope;
}

} // namespace mapscope::pipeline
