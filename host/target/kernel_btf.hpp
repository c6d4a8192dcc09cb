// SPDX-License-Identifier: Apache-2.0
// The kernel's BTF where it lies in the target's memory.
#pragma once

#include "host/base/result.hpp"
#include "host/target/address_space.hpp"
#include "host/target/symbols.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::target {

/// Bytes in place, or copied where the dump does not hold them in one piece.
struct KernelBtf {
  std::span<const std::byte> bytes;
  std::vector<std::byte> owned;
  std::string doubt{}; ///< a sentence, when its symbols and its header do not agree on where it ends
};

/// Between __start_BTF and __stop_BTF, else by its header: a search through the kernel's image, then through
/// all of the memory.
/// Bytes of the BTF object that begins at `bytes`; nothing when its header makes no sense.
std::optional<std::uint64_t> btf_length(std::span<const std::byte> bytes);

Result<KernelBtf> find_kernel_btf(const AddressSpace& space, const Symbols& symbols);

} // namespace mapscope::target
