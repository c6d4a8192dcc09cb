// SPDX-License-Identifier: Apache-2.0
// The records that the kernel's log still holds (struct printk_ringbuffer, kernel/printk/printk_ringbuffer.h,
// since 5.10), newest first.
//
// A record whose descriptor or text was used again, or cannot be read, is left out. Refuses: older kernels'
// logs, which have another form. Thread rule: one thread.
#pragma once

#include "host/btf/types.hpp"
#include "host/target/target.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mapscope::catalog {

class KernelLog {
public:
  KernelLog(const target::Target& target, const btf::Types& kernel);

  /// Gives texts, printable or not, until `enough` of them says so.
  void newest_first(const std::function<bool(const std::string& text)>& enough);

private:
  [[nodiscard]] bool locate(const btf::Types& kernel, std::uint64_t ring);
  [[nodiscard]] std::optional<std::string> record(std::uint64_t id);
  [[nodiscard]] std::optional<std::string> text(std::uint64_t id, std::uint64_t begin, std::uint64_t next,
                                                std::uint64_t length);

  target::Reader reader_;
  bool is_there_ = false;
  std::uint32_t count_bits_ = 0, size_bits_ = 0;
  std::uint64_t head_ = 0, tail_ = 0, descs_ = 0, infos_ = 0, data_ = 0;
  std::uint64_t desc_size_ = 0, info_size_ = 0, length_ = 0, state_ = 0, begin_ = 0, next_ = 0;
};

} // namespace mapscope::catalog
