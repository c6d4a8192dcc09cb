// SPDX-License-Identifier: Apache-2.0
// The lines of sched_ext that the kernel's log still holds (struct printk_ringbuffer, kernel/printk/
// printk_ringbuffer.h, since 5.10).
//
// Descriptors say where in the ring of text a record lies; a record whose descriptor or text was used again
// is left out. Refuses: to order by time; ids are the order in which records were begun.
#pragma once

#include "../memory.hpp"

namespace mapscope::builtin {

struct LogLine {
  std::uint64_t ts_ns = 0;
  std::string text;
};

/// Text up to its NUL or `most` bytes, as far as it can be read; false when it breaks off at a gap.
inline bool load_whole_text(Call& call, std::uint64_t address, std::size_t most, std::string& text) {
  while (text.size() < most) {
    const std::uint64_t at = address + text.size();
    std::string piece(std::min<std::size_t>(smallest_page - at % smallest_page, most - text.size()), '\0');
    if (!call.try_read(MSC_KERNEL, at, std::as_writable_bytes(std::span(piece)))) return false;
    const std::size_t end = piece.find('\0');
    text += piece.substr(0, end);
    if (end != piece.npos) return true;
  }
  return true;
}

class KernelLog {
public:
  /// Nothing to read where this kernel has no such log. Fails when its head cannot be read.
  explicit KernelLog(Call& call) : call_(call) {
    const auto type = call.find_type(MSC_KERNEL_BTF, "struct printk_ringbuffer");
    const auto at = call.symbol_address("prb");
    const auto ring = type && at ? follow(call, *at) : std::nullopt;
    if (!ring) return;
    locate(*ring, *type);
    const msc_type info = call.kernel_type("struct printk_info"), desc = call.kernel_type("struct prb_desc");
    info_size_ = call.size(info), desc_size_ = call.size(desc);
    ts_ = call.offset(info, "ts_nsec"), length_ = call.offset(info, "text_len");
    state_ = call.offset(desc, "state_var.counter"), begin_ = call.offset(desc, "text_blk_lpos.begin"),
    next_ = call.offset(desc, "text_blk_lpos.next");
  }

  /// Those that begin with `start`, oldest first, the last `most` of them.
  std::vector<LogLine> lines(std::string_view start, std::size_t most) {
    std::vector<LogLine> found;
    const std::uint64_t count =
        descs_ != 0 ? std::min((head_ - tail_ + 1) & id_mask, std::uint64_t{1} << count_bits_) : 0;
    for (std::uint64_t i = 0; i < count; ++i)
      if (auto line = record((tail_ + i) & id_mask, start)) found.push_back(std::move(*line));
    left_out_ = found.size() - std::min(found.size(), most);
    if (found.size() > most) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most));
    return found;
  }

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Lines before those that were found.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

private:
  static constexpr unsigned state_shift = 62;
  static constexpr std::uint64_t id_mask = (std::uint64_t{1} << state_shift) - 1;
  static constexpr std::uint64_t longest_line = 1024; ///< PRINTKRB_RECORD_MAX
  static constexpr unsigned most_bits = 20;           ///< a log of a million records takes 100 MiB
  enum State : std::uint8_t { reserved, committed, finalized, reusable }; // enum desc_state

  void locate(std::uint64_t ring, msc_type type) {
    const auto word = [&](const char* path) {
      return call_.read<std::uint64_t>(MSC_KERNEL, ring + call_.offset(type, path));
    };
    const auto bits = [&](const char* path) {
      return call_.read<std::uint32_t>(MSC_KERNEL, ring + call_.offset(type, path));
    };
    count_bits_ = bits("desc_ring.count_bits"), size_bits_ = bits("text_data_ring.size_bits");
    if (count_bits_ > most_bits || size_bits_ > 40) call_.fail("the kernel's log has an implausible size");
    head_ = word("desc_ring.head_id.counter") & id_mask, tail_ = word("desc_ring.tail_id.counter") & id_mask;
    infos_ = word("desc_ring.infos"), data_ = word("text_data_ring.data");
    descs_ = word("desc_ring.descs");
  }

  std::optional<LogLine> record(std::uint64_t id, std::string_view start) {
    const std::uint64_t index = id & ((std::uint64_t{1} << count_bits_) - 1);
    const std::uint64_t desc = descs_ + index * desc_size_, info = infos_ + index * info_size_;
    const auto state = load<std::uint64_t>(call_, desc + state_),
               begin = load<std::uint64_t>(call_, desc + begin_),
               next = load<std::uint64_t>(call_, desc + next_);
    if (!state || !begin || !next) return ++lost_, std::nullopt;
    const auto kind = *state >> state_shift;
    if ((*state & id_mask) != id || (kind != committed && kind != finalized) || (*begin & 1) != 0)
      return std::nullopt;
    const auto length = load<std::uint16_t>(call_, info + length_);
    const auto ts = load<std::uint64_t>(call_, info + ts_);
    if (!length || !ts) return ++lost_, std::nullopt;
    return text(id, *begin, *next, std::min<std::uint64_t>(*length, longest_line), *ts, start);
  }

  /// A block is the record's id and its text. One that would not fit in front of the ring's end begins at its
  /// start instead.
  std::optional<LogLine> text(std::uint64_t id, std::uint64_t begin, std::uint64_t next, std::uint64_t length,
                              std::uint64_t ts, std::string_view start) {
    const std::uint64_t size = std::uint64_t{1} << size_bits_, mask = size - 1;
    const bool wraps = begin >> size_bits_ != (next - 1) >> size_bits_;
    const std::uint64_t at = wraps ? 0 : begin & mask, room = (wraps ? next & mask : next - begin);
    if (room <= sizeof id || at + room > size || length < start.size()) return std::nullopt;
    length = std::min<std::uint64_t>(length, room - sizeof id);
    const auto owner = load<std::uint64_t>(call_, data_ + at);
    LogLine line{ts, std::string(length, '\0')};
    if (!owner ||
        !call_.try_read(MSC_KERNEL, data_ + at + sizeof id, std::as_writable_bytes(std::span(line.text))))
      return ++lost_, std::nullopt;
    if (*owner != id || !line.text.starts_with(start)) return std::nullopt;
    return line;
  }

  Call& call_;
  std::uint32_t count_bits_ = 0, size_bits_ = 0, ts_ = 0, length_ = 0, state_ = 0, begin_ = 0, next_ = 0;
  std::size_t info_size_ = 0, desc_size_ = 0;
  std::uint64_t head_ = 0, tail_ = 0, infos_ = 0, data_ = 0, descs_ = 0, lost_ = 0, left_out_ = 0;
};

} // namespace mapscope::builtin
