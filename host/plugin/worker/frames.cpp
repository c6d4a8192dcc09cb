// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/frames.hpp"

#include "host/plugin/call/budget.hpp"
#include "host/target/address_space.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t read_size = 64U << 10, longest_text = 1024;

/// How a value travels: its bytes, when there are any, come behind all heads.
struct ValueHead {
  msc_type type;
  std::uint64_t size;
  std::uint64_t is_there;
};

struct RowHead {
  std::uint64_t shape, flags, copy_count;
};

struct FieldHead {
  std::uint32_t kind, has_name;
  std::uint64_t number;
  double real;
};

struct SlotsHead {
  std::uint64_t header, stride;
  msc_type payload;
  std::uint64_t has_reason;
};

struct EndHead {
  std::int32_t rc;
  std::uint8_t spent, bug, counts, lacks_memory, used_up, has_fault, unused[6];
  std::uint64_t counted, left_out, read_bytes, fault_address, fault;
};

std::unexpected<Error> bad(std::string text) { return fail(Errc::corrupt, std::move(text)); }

/// The content of one frame, from front to back. Once something is missing, everything is.
class Cursor {
public:
  explicit Cursor(std::span<const std::byte> left) : left_(left) {}

  template <class T> T take() {
    T value{};
    if (const auto bytes = take(sizeof value); !bytes.empty())
      std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > left_.size()) {
      failed_ = true, left_ = {};
      return {};
    }
    const auto bytes = left_.first(size);
    left_ = left_.subspan(size);
    return bytes;
  }
  std::string take_text() {
    const auto size = take<std::uint64_t>();
    const auto bytes = take(size > longest_text ? UINT64_MAX : size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] std::size_t left() const { return left_.size(); }
  [[nodiscard]] bool is_done() const { return !failed_ && left_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

private:
  std::span<const std::byte> left_;
  bool failed_ = false;
};

/// `data` comes later: not null says that it does.
msc_value value_from(const ValueHead& head) {
  static constexpr std::byte later{};
  return {head.type, head.is_there != 0 ? &later : nullptr, head.size};
}

void take_bytes(Cursor& cursor, msc_value& value) {
  if (value.data == nullptr) return;
  const auto bytes = cursor.take(value.size);
  if (!bytes.empty()) value.data = bytes.data();
}

ValueHead head_of(const msc_value& value) {
  return {value.type, value.size, value.data != nullptr ? 1U : 0U};
}

} // namespace

std::span<std::byte> FrameReader::room() {
  if (begin_ == end_) {
    clear();
  } else if (begin_ > buffer_.size() / 2) { // what is left is moved seldom, and never far
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_, begin_ = 0;
  }
  if (buffer_.size() - end_ < read_size) buffer_.resize(std::max(buffer_.size() * 2, end_ + read_size));
  return std::span(buffer_).subspan(end_);
}

Result<std::optional<Frame>> FrameReader::next() {
  FrameHeader header{};
  if (end_ - begin_ < sizeof header) return std::nullopt;
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  if (header.kind < FrameKind::row || header.kind > FrameKind::crash)
    return bad(fmt::format("a frame of unknown kind {}", static_cast<std::uint32_t>(header.kind)));
  if (header.size > longest_) return bad(fmt::format("a frame of {} bytes", header.size));
  if (end_ - begin_ - sizeof header < header.size) return std::nullopt;
  const Frame frame{header.kind, std::span(buffer_).subspan(begin_ + sizeof header, header.size)};
  begin_ += sizeof header + header.size;
  return frame;
}

Result<void> parse_row(std::span<const std::byte> content, RowFrame& ret_row) {
  Cursor cursor(content);
  const auto head = cursor.take<RowHead>();
  ret_row.row = {.size = sizeof(msc_row),
                 .shape = static_cast<std::uint32_t>(std::min<std::uint64_t>(head.shape, UINT32_MAX)),
                 .key = value_from(cursor.take<ValueHead>()),
                 .value = value_from(cursor.take<ValueHead>()),
                 .copies = nullptr,
                 .copy_count = head.copy_count,
                 .flags = head.flags};
  if (head.copy_count > cursor.left() / sizeof(ValueHead)) return bad("a row with more copies than bytes");
  ret_row.copies.clear();
  for (std::uint64_t i = 0; i < head.copy_count; ++i)
    ret_row.copies.push_back(value_from(cursor.take<ValueHead>()));
  take_bytes(cursor, ret_row.row.key), take_bytes(cursor, ret_row.row.value);
  for (msc_value& copy : ret_row.copies) take_bytes(cursor, copy);
  if (!ret_row.copies.empty()) ret_row.row.copies = ret_row.copies.data();
  if (!cursor.is_done()) return bad("a row whose parts are not as long as the row");
  return {};
}

Result<void> parse_field(std::span<const std::byte> content, FieldFrame& ret_field) {
  Cursor cursor(content);
  const auto head = cursor.take<FieldHead>();
  msc_value value = value_from(cursor.take<ValueHead>());
  const std::string name = cursor.take_text();
  take_bytes(cursor, value);
  if (!cursor.is_done() || name.size() >= ret_field.name.size() || name.find('\0') != name.npos)
    return bad("a field whose parts are not as long as the field");
  *std::ranges::copy(name, ret_field.name.begin()).out = 0;
  ret_field.field = {.size = sizeof(msc_field),
                     .kind = head.kind,
                     .name = head.has_name != 0 ? ret_field.name.data() : nullptr,
                     .number = head.number,
                     .real = head.real,
                     .value = value};
  return {};
}

Result<std::vector<memory::Piece>> parse_pieces(std::span<const std::byte> content) {
  constexpr std::size_t most = 4096;
  Cursor cursor(content);
  std::vector<memory::Piece> pieces(std::min(content.size() / sizeof(memory::Piece), most));
  for (memory::Piece& piece : pieces) piece = cursor.take<memory::Piece>();
  if (!cursor.is_done()) return bad("a request for memory of the wrong length");
  return pieces;
}

Result<TextFrame> parse_text(std::span<const std::byte> content) {
  Cursor cursor(content);
  const auto number = cursor.take<std::int64_t>();
  std::string text = cursor.take_text();
  if (!cursor.is_done() || number != static_cast<int>(number)) return bad("a text of the wrong length");
  return TextFrame{static_cast<int>(number), std::move(text)};
}

Result<SlotsFrame> parse_slots(std::span<const std::byte> content) {
  Cursor cursor(content);
  const auto head = cursor.take<SlotsHead>();
  SlotsFrame frame{{}, cursor.take_text()};
  if (!cursor.is_done() || head.header != static_cast<std::uint32_t>(head.header))
    return bad("slots of the wrong length");
  frame.slots = {.size = sizeof(msc_slots),
                 .header = static_cast<std::uint32_t>(head.header),
                 .stride = head.stride,
                 .payload = head.payload,
                 .reason = head.has_reason != 0 ? "" : nullptr};
  return frame;
}

Result<msc_slot> parse_slot(std::span<const std::byte> content) {
  Cursor cursor(content);
  auto slot = cursor.take<msc_slot>();
  if (!cursor.is_done()) return bad("a slot of the wrong length");
  slot.size = sizeof slot;
  return slot;
}

Result<RenderFacts> parse_end(std::span<const std::byte> content) {
  Cursor cursor(content);
  const auto head = cursor.take<EndHead>();
  std::string missing = cursor.take_text();
  if (!cursor.is_done()) return bad("an end of the wrong length");
  if (head.spent > static_cast<std::uint8_t>(Budget::last_kind)) return bad("an end with an unknown budget");
  if (head.fault > static_cast<std::uint64_t>(target::Fault::not_in_dump))
    return bad("an end with an unknown fault");
  RenderFacts facts{.rc = head.rc,
                    .spent = head.spent,
                    .bug = head.bug != 0,
                    .counts = head.counts != 0,
                    .lacks_memory = head.lacks_memory != 0,
                    .used_up = head.used_up != 0,
                    .counted = head.counted,
                    .left_out = head.left_out,
                    .read_bytes = head.read_bytes,
                    .fault = std::nullopt,
                    .missing = std::move(missing)};
  if (head.has_fault != 0) facts.fault.emplace(head.fault_address, static_cast<std::uint8_t>(head.fault));
  return facts;
}

Result<CrashFrame> parse_crash(std::span<const std::byte> content) {
  Cursor cursor(content);
  auto frame = cursor.take<CrashFrame>();
  if (!cursor.is_done()) return bad("a crash of the wrong length");
  frame.symbol.back() = 0;
  return frame;
}

FrameWriter::FrameWriter(int fd) : fd_(fd), buffer_(2 * read_size) {}

void FrameWriter::begin(FrameKind kind) {
  end_ = whole_; // a helper that ran out of memory may have left half a frame
  put(FrameHeader{kind, 0});
}

void FrameWriter::put(const void* data, std::size_t size) {
  if (size > buffer_.size() - end_) buffer_.resize(std::max(end_ + size, 2 * buffer_.size()));
  if (size != 0) std::memcpy(buffer_.data() + end_, data, size);
  end_ += size;
}

void FrameWriter::put(std::string_view text) {
  const std::uint64_t size = text.size();
  put(&size, sizeof size), put(text.data(), text.size());
}

void FrameWriter::put(const msc_value& value) {
  if (value.data != nullptr) put(value.data, value.size);
}

void FrameWriter::finish() {
  const auto size = static_cast<std::uint32_t>(end_ - whole_ - sizeof(FrameHeader));
  std::memcpy(buffer_.data() + whole_ + offsetof(FrameHeader, size), &size, sizeof size);
  whole_ = end_;
  if (whole_ >= read_size) flush();
}

int FrameWriter::row(const msc_row& row) {
  begin(FrameKind::row);
  const bool has_copies = row.shape == MSC_PERCPU_ELEMENT || row.shape == MSC_PERCPU_ENTRY;
  const std::span copies(row.copies, has_copies ? row.copy_count : 0);
  const msc_value value = has_copies ? msc_value{} : row.value;
  put(RowHead{row.shape, row.flags, copies.size()});
  put(head_of(row.key)), put(head_of(value));
  for (const msc_value& copy : copies) put(head_of(copy));
  put(row.key), put(value);
  for (const msc_value& copy : copies) put(copy);
  finish();
  return MSC_OK;
}

int FrameWriter::field(const msc_field& field) {
  const bool has_bytes = field.kind >= MSC_STRING && field.kind <= MSC_PAGE;
  const std::string_view name = field.name != nullptr ? field.name : "";
  const msc_value value = has_bytes ? field.value : msc_value{};
  begin(FrameKind::field);
  put(FieldHead{field.kind, field.name != nullptr ? 1U : 0U, field.number, field.real});
  put(head_of(value));
  put(name);
  put(value);
  finish();
  return MSC_OK;
}

void FrameWriter::note(int rc, std::string_view text) { this->text(FrameKind::note, rc, text); }

void FrameWriter::slots(const msc_slots& slots) {
  const std::string_view reason = slots.reason != nullptr ? slots.reason : "";
  begin(FrameKind::slots);
  put(SlotsHead{slots.header, slots.stride, slots.payload, slots.reason != nullptr ? 1U : 0U});
  put(reason.substr(0, longest_text));
  finish();
}

void FrameWriter::slot(const msc_slot& slot) {
  begin(FrameKind::slot);
  put(slot);
  finish();
}

void FrameWriter::finding(std::uint32_t severity, std::string_view text) {
  this->text(FrameKind::finding, severity, text);
}

void FrameWriter::debug(std::string_view text) { this->text(FrameKind::debug, 0, text); }

void FrameWriter::text(FrameKind kind, std::int64_t number, std::string_view text) {
  text = text.substr(0, longest_text);
  begin(kind);
  put(number), put(text);
  finish();
}

void FrameWriter::end(const RenderFacts& facts) {
  const auto fault = facts.fault.value_or(std::pair<std::uint64_t, std::uint8_t>{});
  const std::string_view missing = std::string_view(facts.missing).substr(0, longest_text);
  begin(FrameKind::end);
  put(EndHead{facts.rc,
              facts.spent,
              facts.bug,
              facts.counts,
              facts.lacks_memory,
              facts.used_up,
              facts.fault.has_value(),
              {},
              facts.counted,
              facts.left_out,
              facts.read_bytes,
              fault.first,
              fault.second});
  put(missing);
  finish();
  flush();
}

void FrameWriter::unloadable(std::string_view why) {
  begin(FrameKind::unloadable);
  put(why.data(), why.size());
  finish();
  flush();
}

} // namespace mapscope::plugin
