// SPDX-License-Identifier: Apache-2.0
// Where the records of a struct bpf_ringbuf begin and end (kernel/bpf/ringbuf.c).
//
// The data pages are mapped twice in a row, so a record that goes over the end of the ring lies in one piece.
#pragma once

#include "memory.hpp"

#include <bit>

namespace mapscope::builtin {

struct Record {
  std::uint64_t position; ///< of its header; positions only grow
  std::uint32_t length;   ///< of the data behind the header
  bool busy, discarded;
};

class Ring {
public:
  static constexpr std::uint32_t header_size = 8; ///< BPF_RINGBUF_HDR_SZ

  Ring(Call& call, bool user_produces) : call_(call), user_produces_(user_produces) {
    const msc_type ring = call.kernel_type("struct bpf_ringbuf"),
                   header = call.kernel_type("struct bpf_ringbuf_hdr");
    at_ = call.read<std::uint64_t>(
        MSC_KERNEL, call.target.map + call.offset(call.kernel_type("struct bpf_ringbuf_map"), "rb"));
    mask_ = call.read<std::uint64_t>(MSC_KERNEL, at_ + call.offset(ring, "mask"));
    data_ = call.offset(ring, "data");
    page_ = data_ - call.offset(ring, "producer_pos"); // each on a page of its own
    if (page_ == 0) call.fail("data of struct bpf_ringbuf is not on a page of its own");
    length_ = call.offset(header, "len"), page_number_ = call.offset(header, "pg_off");
    consumer_ = load<std::uint64_t>(call, at_ + call.offset(ring, "consumer_pos"));
    producer_ = load<std::uint64_t>(call, at_ + call.offset(ring, "producer_pos"));
    const auto pending = call.offset_if(ring, "pending_pos"); // 6.10
    find_start(ring);
    count_all();
    pending_ = pending ? load<std::uint64_t>(call, at_ + *pending) : first_busy_;
  }

  [[nodiscard]] std::uint64_t capacity() const { return mask_ + 1; }
  [[nodiscard]] const std::optional<std::uint64_t>& consumer() const { return consumer_; }
  [[nodiscard]] const std::optional<std::uint64_t>& producer() const { return producer_; }
  /// The oldest record that is not committed yet; found by looking where the kernel does not keep it.
  [[nodiscard]] const std::optional<std::uint64_t>& pending() const { return pending_; }
  /// Whether the positions can be those of this ring.
  [[nodiscard]] bool is_known() const { return start_.has_value(); }
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// visit(record) from the oldest on, until it returns false.
  template <class Visit> void for_each(Visit visit) {
    if (!start_) return;
    for (std::uint64_t position = *start_; position != *producer_;) {
      const auto record = record_at(position);
      if (!record) return;
      if (!visit(*record)) return;
      position += step(record->length);
    }
  }

  /// Bytes of the ring from a position on, through whichever mapping holds them.
  [[nodiscard]] bool read(std::uint64_t position, std::span<std::byte> to) {
    const std::uint64_t base = at_ + data_, offset = position & mask_;
    if (call_.try_read(MSC_KERNEL, base + offset, to)) return true;
    for (std::size_t done = 0; done < to.size();) {
      const std::uint64_t place = (offset + done) & mask_;
      const auto piece =
          to.subspan(done, std::min<std::uint64_t>(to.size() - done, smallest_page - place % smallest_page));
      if (!call_.try_read(MSC_KERNEL, base + place, piece) &&
          !call_.try_read(MSC_KERNEL, base + capacity() + place, piece))
        return false;
      done += piece.size();
    }
    return true;
  }

  void note_gaps() {
    if (!problem_.empty()) call_.note(MSC_EFAULT, problem_.c_str());
  }

private:
  static constexpr std::uint32_t busy_bit = 1U << 31, discard_bit = 1U << 30; // BPF_RINGBUF_*_BIT
  /// 4 GiB: max_entries has 32 bits.
  static constexpr std::uint64_t largest = 1ULL << 32;

  static std::uint64_t step(std::uint32_t length) {
    return (std::uint64_t{length} + header_size + 7) / 8 * 8;
  }

  /// Where the oldest record begins, when the positions can be true.
  void find_start(msc_type ring) {
    if (!std::has_single_bit(capacity()) || capacity() > largest)
      return void(problem_ = "the ring's size is no power of two: its records are not listed");
    if (!consumer_ || !producer_) return;
    std::uint64_t behind = *producer_ - *consumer_;
    const auto mode = call_.offset_if(ring, "overwrite_mode"),
               oldest = call_.offset_if(ring, "overwrite_pos");
    if (mode && oldest && load<std::uint8_t>(call_, at_ + *mode).value_or(0) != 0) // 6.19
      if (const auto overwrite = load<std::uint64_t>(call_, at_ + *oldest))
        behind = std::min(behind, *producer_ - *overwrite);
    if (behind > capacity() || behind % 8 != 0 || *producer_ % 8 != 0)
      return void(problem_ = "the positions cannot be those of this ring: its records are not listed");
    start_ = *producer_ - behind;
  }

  void count_all() {
    for_each([&](const Record& record) {
      if (record.busy && !first_busy_) first_busy_ = record.position;
      return ++count_, true;
    });
    if (!first_busy_) first_busy_ = producer_;
  }

  std::optional<Record> record_at(std::uint64_t position) {
    std::array<std::byte, header_size> header{};
    if (!read(position, header)) return give_up("cannot be read", position);
    const std::uint32_t word = number_at(header, length_), length = word & ~(busy_bit | discard_bit);
    if (step(length) > *producer_ - position) return give_up("would go beyond the last", position);
    const std::uint64_t page = (data_ + (position & mask_)) / page_;
    if (!user_produces_ && number_at(header, page_number_) != page) // user space need not fill it in
      return give_up("is none of the kernel's", position);
    return Record{position, length, (word & busy_bit) != 0, (word & discard_bit) != 0};
  }

  std::nullopt_t give_up(const char* why, std::uint64_t position) {
    problem_ =
        "the record at " + std::to_string(position) + " " + why + ": it and those behind it are not listed";
    return std::nullopt;
  }

  static std::uint32_t number_at(Bytes bytes, std::size_t offset) {
    std::uint32_t number = 0;
    if (offset + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
  }

  Call& call_;
  bool user_produces_;
  std::uint64_t at_ = 0, mask_ = 0, data_ = 0, page_ = 0;
  std::uint32_t length_ = 0, page_number_ = 0;
  std::optional<std::uint64_t> consumer_, producer_, pending_, start_, first_busy_;
  std::uint64_t count_ = 0;
  std::string problem_;
};

} // namespace mapscope::builtin
