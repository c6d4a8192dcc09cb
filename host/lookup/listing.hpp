// SPDX-License-Identifier: Apache-2.0
// The maps and programs of this machine as bpf(2) tells of them, without its memory.
//
// What comes or goes while they are listed may or may not be among them. Refuses: to keep a map open; each is
// opened read-only when it is looked at, and closed. Thread rule: immutable after take().
#pragma once

#include "host/lookup/cpus.hpp"
#include "host/lookup/descriptor.hpp"

#include "host/catalog/catalog.hpp"

namespace mapscope::lookup {

struct Listing {
  catalog::Catalog catalog;
  std::shared_ptr<const btf::Types> kernel; ///< null where the kernel does not show its types
  std::string release, arch;
  std::uint64_t page_size = 0;
  Cpus cpus;

  /// Errors say which right lacks.
  static Result<Listing> take();
  [[nodiscard]] const catalog::Map* map(std::uint32_t id) const;
  [[nodiscard]] const catalog::Program* program(std::uint32_t id) const;
};

/// To look at, and not to change. Not open, and errno, where it is gone or a security module refuses.
Descriptor open_map(std::uint32_t id);
/// To map, and that read-only: the kernel takes a mapping of what was opened read-only for a private one, and
/// refuses it (do_mmap(), mm/mmap.c).
Descriptor open_map_to_map(std::uint32_t id);

} // namespace mapscope::lookup
