// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/kernel_log.hpp"

#include "host/catalog/layout.hpp"

#include <algorithm>
#include <array>

namespace mapscope::catalog {

namespace {

constexpr unsigned state_shift = 62;
constexpr std::uint64_t id_mask = (std::uint64_t{1} << state_shift) - 1;
constexpr std::uint64_t longest_line = 1024; ///< PRINTKRB_RECORD_MAX
constexpr unsigned most_bits = 20;           ///< a log of a million records takes 100 MiB
constexpr unsigned most_size_bits = 40;
enum State : std::uint8_t { reserved, committed, finalized, reusable }; // enum desc_state

} // namespace

KernelLog::KernelLog(const target::Target& target, const btf::Types& kernel) : reader_(target.reader()) {
  const auto at = target.symbols().find("prb");
  const auto ring = at ? reader_.get<std::uint64_t>(*at) : std::nullopt;
  is_there_ = ring && locate(kernel, *ring);
}

bool KernelLog::locate(const btf::Types& kernel, std::uint64_t ring) {
  Layout head(kernel, "struct printk_ringbuffer"), desc(kernel, "struct prb_desc"),
      info(kernel, "struct printk_info");
  const std::array<std::uint64_t, 7> words = {
      head.need("desc_ring.count_bits"),      head.need("text_data_ring.size_bits"),
      head.need("desc_ring.head_id.counter"), head.need("desc_ring.tail_id.counter"),
      head.need("desc_ring.descs"),           head.need("desc_ring.infos"),
      head.need("text_data_ring.data")};
  desc_size_ = desc.size(), info_size_ = info.size();
  state_ = desc.need("state_var.counter"), begin_ = desc.need("text_blk_lpos.begin"),
  next_ = desc.need("text_blk_lpos.next"), length_ = info.need("text_len");
  if (head.error() || desc.error() || info.error()) return false;
  const auto number = [&](std::uint64_t offset) { return reader_.get<std::uint32_t>(ring + offset); };
  const auto word = [&](std::uint64_t offset) { return reader_.get<std::uint64_t>(ring + offset); };
  count_bits_ = number(words[0]).value_or(~0U), size_bits_ = number(words[1]).value_or(~0U);
  head_ = word(words[2]).value_or(0) & id_mask, tail_ = word(words[3]).value_or(0) & id_mask;
  descs_ = word(words[4]).value_or(0), infos_ = word(words[5]).value_or(0),
  data_ = word(words[6]).value_or(0);
  return count_bits_ <= most_bits && size_bits_ <= most_size_bits && descs_ != 0 && infos_ != 0 && data_ != 0;
}

void KernelLog::newest_first(const std::function<bool(const std::string& text)>& enough) {
  if (!is_there_) return;
  const std::uint64_t count = std::min(((head_ - tail_) & id_mask) + 1, std::uint64_t{1} << count_bits_);
  for (std::uint64_t i = 0; i < count; ++i)
    if (const auto text = record((head_ - i) & id_mask); text && enough(*text)) return;
}

std::optional<std::string> KernelLog::record(std::uint64_t id) {
  const std::uint64_t index = id & ((std::uint64_t{1} << count_bits_) - 1);
  const std::uint64_t desc = descs_ + index * desc_size_, info = infos_ + index * info_size_;
  const auto state = reader_.get<std::uint64_t>(desc + state_),
             begin = reader_.get<std::uint64_t>(desc + begin_),
             next = reader_.get<std::uint64_t>(desc + next_);
  const auto length = reader_.get<std::uint16_t>(info + length_);
  if (!state || !begin || !next || !length) return std::nullopt;
  const auto kind = *state >> state_shift;
  if ((*state & id_mask) != id || (kind != committed && kind != finalized) || (*begin & 1) != 0)
    return std::nullopt;
  return text(id, *begin, *next, std::min<std::uint64_t>(*length, longest_line));
}

/// A block is the record's id and its text. One that would not fit in front of the ring's end begins at its
/// start instead.
std::optional<std::string> KernelLog::text(std::uint64_t id, std::uint64_t begin, std::uint64_t next,
                                           std::uint64_t length) {
  const std::uint64_t size = std::uint64_t{1} << size_bits_, mask = size - 1;
  const bool wraps = begin >> size_bits_ != (next - 1) >> size_bits_;
  const std::uint64_t at = wraps ? 0 : begin & mask, room = wraps ? next & mask : next - begin;
  if (room <= sizeof id || room > size || at > size - room) return std::nullopt;
  std::string text(std::min<std::uint64_t>(length, room - sizeof id), '\0');
  if (reader_.get<std::uint64_t>(data_ + at) != id) return std::nullopt; // its place was used again
  if (reader_.read(data_ + at + sizeof id, std::as_writable_bytes(std::span(text))) != target::Fault::none)
    return std::nullopt;
  return text;
}

} // namespace mapscope::catalog
