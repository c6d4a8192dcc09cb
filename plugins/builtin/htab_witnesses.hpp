// SPDX-License-Identifier: Apache-2.0
// What a hash map says of itself a second time (struct bpf_htab, kernel/bpf/hashtab.c): the size of an
// element that follows from those of key and value, the number of buckets that follows from max_entries, and,
// since 6.4, the number of its elements. Where these disagree the walk is of a part, or of something else.
#pragma once

#include "bucket_count.hpp"

#include <optional>
#include <string>

namespace mapscope::builtin {

class HtabWitnesses {
public:
  /// `stored`: bytes of a value, or of the pointer in its place, that lie in an element.
  HtabWitnesses(Call& call, std::size_t stored) : call_(call) {
    const msc_type htab = call.kernel_type("struct bpf_htab");
    if (const auto at = call.offset_if(htab, "elem_size")) check_element(call.target.map + *at, stored);
    if (const auto at = call.offset_if(htab, "map.elem_count"))
      if (!call.try_read(MSC_KERNEL, call.target.map + *at, as_bytes_of(counters_))) counters_ = 0;
    if (call.target.is_running != 0) at_first_ = own_count();
  }

  void check_buckets(std::uint32_t count) {
    check_bucket_count(call_, count, "n_buckets of struct bpf_htab");
  }

  /// A map that was caught in between may be off by one for each CPU. On a machine that runs elements come
  /// and go while others are read, and has_changed(), or a count that is another now, says that they did.
  template <class Changed> void check_count(std::uint64_t listed, Changed has_changed) {
    const auto own = own_count();
    if (!own || *own == static_cast<std::int64_t>(listed)) return;
    const std::uint64_t off = *own < 0 ? ~0ULL : *own > std::int64_t(listed) ? *own - listed : listed - *own;
    const std::string text =
        std::to_string(listed) + " elements found, " + std::to_string(*own) + " by the map's own count";
    const bool is_running = call_.target.is_running != 0;
    const bool is_gap = is_running ? own == at_first_ && !has_changed() : off > call_.cpu_count();
    call_.note(is_gap ? MSC_EFAULT : MSC_OK, text.c_str());
  }

private:
  static std::span<std::byte> as_bytes_of(std::uint64_t& number) {
    return std::as_writable_bytes(std::span(&number, 1));
  }
  static std::uint64_t whole(std::uint64_t size) { return (size + 7) / 8 * 8; }

  /// Sizes that the types confirm stand against a damaged elem_size; else the values may lie anywhere.
  void check_element(std::uint64_t at, std::size_t stored) {
    const auto own = call_.read<std::uint32_t>(MSC_KERNEL, at);
    const std::uint64_t expected =
        call_.size(call_.kernel_type("struct htab_elem")) + whole(call_.target.key_size) + whole(stored);
    if (own == expected) return;
    const std::string text = "elem_size of struct bpf_htab is " + std::to_string(own) +
                             ", where the sizes of keys and values give " + std::to_string(expected);
    if (!is_size(call_.target.key_type, call_.target.key_size) ||
        !is_size(call_.target.value_type, call_.target.value_size))
      call_.fail(text.c_str());
    call_.note(MSC_EFAULT, text.c_str());
  }
  [[nodiscard]] bool is_size(msc_type type, std::size_t size) {
    return type != MSC_BYTES && call_.size(type) == size;
  }

  /// struct bpf_map's elem_count, a signed number for each CPU (bpf_map_sum_elem_count()); kernels that have
  /// the member may leave it NULL.
  [[nodiscard]] std::optional<std::int64_t> own_count() {
    if (counters_ == 0) return std::nullopt;
    std::int64_t sum = 0;
    for (std::uint32_t cpu = 0; cpu < call_.cpu_count(); ++cpu) {
      std::uint64_t own = 0;
      if (!call_.cpu_possible(cpu)) continue;
      if (call_.target.is_running != 0) call_.will_read(MSC_CPU0 + cpu, counters_, sizeof own);
      if (!call_.try_read(MSC_CPU0 + cpu, counters_, as_bytes_of(own))) return std::nullopt;
      sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + own); // as the kernel's numbers wrap
    }
    return sum;
  }

  Call& call_;
  std::uint64_t counters_ = 0;
  std::optional<std::int64_t> at_first_; ///< before any element was read
};

} // namespace mapscope::builtin
