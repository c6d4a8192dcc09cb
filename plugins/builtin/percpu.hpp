// SPDX-License-Identifier: Apache-2.0
// The copies of one per-CPU value, read into one buffer that is used again for every element.
#pragma once

#include <mapscope/plugin.hpp>

#include <vector>

namespace mapscope::builtin {

class PerCpuCopies {
public:
  explicit PerCpuCopies(Call& call)
      : call_(call), stride_((std::size_t{call.target.value_size} + 7) & ~std::size_t{7}),
        bytes_(checked_total(call, stride_)), copies_(call.cpu_count()) {}

  /// Every CPU's copy behind `pointer`, which the kernel leaves 0 where nothing was allocated: then there are
  /// none.
  std::span<const msc_value> read(std::uint64_t pointer) {
    if (pointer == 0) return {};
    for (std::uint32_t cpu = 0; cpu < copies_.size(); ++cpu) copies_[cpu] = read_one(cpu, pointer);
    return copies_;
  }

  /// The element is there, its per-CPU pointer is not.
  std::span<const msc_value> unreadable() {
    for (msc_value& copy : copies_) copy = call_.missing();
    return copies_;
  }

private:
  /// The kernel refuses per-CPU values above PCPU_MIN_UNIT_SIZE (32 KiB); a larger one is a torn map record.
  static std::size_t checked_total(Call& call, std::size_t stride) {
    constexpr std::size_t largest = 1U << 20;
    if (stride <= largest) return stride * call.cpu_count();
    call.note(MSC_EFAIL, "a per-CPU value this large is not possible");
    throw Stop{MSC_EFAIL};
  }

  msc_value read_one(std::uint32_t cpu, std::uint64_t pointer) {
    const std::span own = std::span(bytes_).subspan(cpu * stride_, call_.target.value_size);
    if (call_.try_read(MSC_CPU0 + cpu, pointer, own)) return Call::of(own);
    return call_.missing();
  }

  Call& call_;
  std::size_t stride_;
  std::vector<std::byte> bytes_;
  std::vector<msc_value> copies_;
};

} // namespace mapscope::builtin
