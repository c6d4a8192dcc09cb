// SPDX-License-Identifier: Apache-2.0
// The memory of a hash map (htab.hpp) as a whole: its buckets, and where its elements lie if they lie
// together. What will be read of it is said before, so that many reads become a few large ones.
//
// Thread rule: belongs to the call.
#pragma once

#include "htab_layout.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

namespace mapscope::builtin {

class HtabMemory {
public:
  struct Area {
    std::uint64_t address, size;
  };

  /// The layout is known later than this is made.
  HtabMemory(Call& call, const HtabLayout& layout) : call_(call), at_(layout) {}

  [[nodiscard]] Area buckets() const {
    return {at_.buckets, std::uint64_t{at_.bucket_count} * at_.bucket_size};
  }

  /// Elements that were allocated with the map lie side by side. Where most of them are in use, as the share
  /// of the buckets that hold any tells (1 - e^-load), the walk will read all of that memory.
  [[nodiscard]] std::optional<Area> dense_elements(std::span<const std::byte> heads, std::uint32_t count) {
    constexpr std::uint32_t few = 256; // buckets that tell nothing
    const msc_type htab = call_.kernel_type("struct bpf_htab");
    const auto elements_at = call_.offset_if(htab, "elems"), size_at = call_.offset_if(htab, "elem_size");
    if (count < few || !elements_at || !size_at) return std::nullopt;
    std::uint32_t in_use = 0;
    for (std::uint32_t i = 0; i < count; ++i) in_use += HtabLayout::is_end(at_.head_of(heads, i)) ? 0 : 1;
    const double load_of_half = 0.5 * call_.target.max_entries / at_.bucket_count;
    if (in_use < count * (1 - std::exp(-load_of_half))) return std::nullopt;
    const auto elements = call_.read<std::uint64_t>(MSC_KERNEL, call_.target.map + *elements_at);
    const auto size = call_.read<std::uint32_t>(MSC_KERNEL, call_.target.map + *size_at);
    const std::uint64_t most = std::uint64_t{call_.target.max_entries} + call_.cpu_count(); // extra_elems
    return elements != 0 ? std::optional(Area{elements, size * most}) : std::nullopt;
  }

  /// False where it was not there as it is.
  bool will_read(const Area& area) {
    bool is_as_read = true;
    for (std::uint64_t done = 0; done < area.size; done += MSC_READ_MAX)
      is_as_read &= call_.will_read(MSC_KERNEL, area.address + done,
                                    std::min<std::uint64_t>(area.size - done, MSC_READ_MAX));
    return is_as_read;
  }

private:
  Call& call_;
  const HtabLayout& at_;
};

} // namespace mapscope::builtin
