// SPDX-License-Identifier: Apache-2.0
// The copies of one per-CPU value, read into one buffer that is used again for every element.
#pragma once

#include "second_look.hpp"

#include <memory>
#include <vector>

namespace mapscope::builtin {

class PerCpuCopies {
public:
  explicit PerCpuCopies(Call& call) : call_(call), size_(call.target.value_size), copies_(call.cpu_count()) {
    // The kernel refuses values above PCPU_MIN_UNIT_SIZE: 32 KiB, or one page where pages are larger.
    if (size_ > 64 << 10) call.fail("a per-CPU value of more than 64 KiB is not possible");
    for (std::uint32_t cpu = 0; cpu < copies_.size(); ++cpu)
      if (call.cpu_possible(cpu)) possible_.push_back(cpu);
    bytes_ = std::make_unique<std::byte[]>(size_ * possible_.size());
  }

  /// Every CPU's copy behind `pointer`, which the kernel leaves 0 where nothing was allocated: then there are
  /// none. Good until the next call.
  std::span<const msc_value> read(std::uint64_t pointer) {
    if (pointer == 0) return {};
    for (std::size_t i = 0; i < possible_.size(); ++i) {
      const std::span own(bytes_.get() + i * size_, size_);
      const bool there = call_.try_read(MSC_CPU0 + possible_[i], pointer, own);
      copies_[possible_[i]] = call_.of(there ? std::optional<Bytes>(own) : std::nullopt);
    }
    return copies_;
  }

  /// The same through a look, as copies that are shown apart from each other.
  std::span<const msc_value> read(SecondLook& look, std::uint64_t pointer) {
    if (pointer == 0) return {};
    for (std::size_t i = 0; i < possible_.size(); ++i) {
      const std::span own(bytes_.get() + i * size_, size_);
      const bool there = look.read_into(MSC_CPU0 + possible_[i], pointer, own, 0);
      copies_[possible_[i]] = call_.of(there ? std::optional<Bytes>(own) : std::nullopt);
    }
    return copies_;
  }
  /// All that read() has read, where it could.
  [[nodiscard]] Bytes bytes() const { return {bytes_.get(), size_ * possible_.size()}; }

  /// The same of a machine that runs, as part of a look at what it belongs to; of_annex() takes it.
  void add(SecondLook& look, std::uint64_t pointer) {
    if (pointer == 0) return;
    const std::vector<std::byte> missing(size_);
    for (const std::uint32_t cpu : possible_) {
      const auto at = look.read(MSC_CPU0 + cpu, pointer, size_, 0);
      if (!at) look.append(missing);
      look.append(std::as_bytes(std::span(at ? &is_there : &is_missing, 1)));
    }
  }
  /// Good as long as these bytes.
  std::span<const msc_value> of_annex(Bytes annex) {
    if (annex.empty()) return {};
    for (std::size_t i = 0; i < possible_.size(); ++i) {
      const Bytes own = annex.subspan(i * (size_ + 1), size_ + 1);
      const bool there = own.back() == std::byte{is_there};
      copies_[possible_[i]] = call_.of(there ? std::optional(own.first(size_)) : std::nullopt);
    }
    return copies_;
  }

  /// The element is there, its per-CPU pointer could not be read.
  std::span<const msc_value> unreadable() {
    for (const std::uint32_t cpu : possible_) copies_[cpu] = call_.of(std::nullopt);
    return copies_;
  }

private:
  static constexpr unsigned char is_missing = 0, is_there = 1; ///< behind each copy of an annex

  Call& call_;
  std::size_t size_;
  std::vector<msc_value> copies_; ///< by CPU number; those of CPUs that are not possible stay empty
  std::vector<std::uint32_t> possible_;
  std::unique_ptr<std::byte[]> bytes_; ///< size_ for each possible CPU
};

} // namespace mapscope::builtin
