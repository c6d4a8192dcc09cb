// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/scope.hpp"

#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/session.hpp"

namespace mapscope::pipeline {

Result<Scope> scope_of(const Setup& setup, const Session& session, const std::vector<std::string>& specs) {
  KernelParts parts = kernel_parts(setup.registry, *session.kernel, setup.loaded.config);
  auto maps = filter_maps(session.catalog, specs, parts);
  if (!maps) return std::unexpected(std::move(maps.error()));
  auto shown = filter_parts(parts, specs);
  if (!shown) return std::unexpected(std::move(shown.error()));
  if (!specs.empty()) parts.missing.clear();
  return Scope{std::move(*maps), std::move(*shown), std::move(parts.missing)};
}

} // namespace mapscope::pipeline
