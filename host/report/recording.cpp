// SPDX-License-Identifier: Apache-2.0
#include "host/report/recording.hpp"

#include <cstring>
#include <type_traits>
#include <variant>

namespace mapscope::report {

/// Each is followed by its arguments, as they are in memory.
enum class Recording::Event : std::uint8_t {
  signed_int,
  unsigned_int,
  boolean,
  character,
  real,
  wide_number,
  enumeration,
  begin_struct,
  member,
  end_struct,
  begin_array,
  begin_text,
  left_out,
  end_array,
  cpu_list,
  pointer,
  begin_pointer,
  deref,
  end_pointer,
  begin_cast,
  end_cast,
  fact,
  begin_values,
  end_values,
  null,
  bytes,
  text,
  begin_truncated,
  end_truncated,
  unsupported
};

template <class T> void Recording::put_plain(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t at = bytes_.size();
  bytes_.resize(at + sizeof value);
  std::memcpy(bytes_.data() + at, &value, sizeof value);
}

void Recording::put(Event event) { bytes_.push_back(static_cast<std::byte>(event)); }

void Recording::put_name(std::string_view name) { put_plain(name); }

void Recording::put_text(std::string_view text) {
  put_plain(text.size());
  const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
  bytes_.insert(bytes_.end(), begin, begin + text.size());
}

void Recording::put_optional(std::optional<std::string_view> name) {
  put_plain(name.has_value());
  put_name(name.value_or(""));
}

void Recording::put_fact(const btf::Fact& fact) {
  put_plain(static_cast<std::uint8_t>(fact.index()));
  std::visit(
      [this](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
          put_text(value);
        else
          put_plain(value);
      },
      fact);
}

void Recording::signed_int(std::uint32_t bits, std::int64_t value) {
  put(Event::signed_int), put_plain(bits), put_plain(value);
}
void Recording::unsigned_int(std::uint32_t bits, std::uint64_t value) {
  put(Event::unsigned_int), put_plain(bits), put_plain(value);
}
void Recording::boolean(bool value) { put(Event::boolean), put_plain(value); }
void Recording::character(std::uint8_t value) { put(Event::character), put_plain(value); }
void Recording::real(std::uint32_t bits, double value) {
  put(Event::real), put_plain(bits), put_plain(value);
}
void Recording::wide_number(const btf::WideNumber& number) {
  put(Event::wide_number);
  put_text({reinterpret_cast<const char*>(number.bytes.data()), number.bytes.size()});
  put_plain(number.bits), put_text(number.decimal), put_text(number.format), put_plain(number.is_guess);
}
void Recording::enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                            bool is_signed) {
  put(Event::enumeration), put_plain(bits), put_plain(value), put_optional(variant), put_plain(is_signed);
}
void Recording::begin_struct(std::optional<std::string_view> type_name) {
  put(Event::begin_struct), put_optional(type_name);
}
void Recording::member(std::string_view name) { put(Event::member), put_name(name); }
void Recording::end_struct() { put(Event::end_struct); }
void Recording::begin_array(std::uint64_t length) { put(Event::begin_array), put_plain(length); }
void Recording::begin_text(std::uint64_t length) { put(Event::begin_text), put_plain(length); }
void Recording::left_out(const btf::LeftOut& rest) { put(Event::left_out), put_plain(rest); }
void Recording::end_array() { put(Event::end_array); }
void Recording::cpu_list(std::string_view ranges) { put(Event::cpu_list), put_text(ranges); }
void Recording::pointer(std::uint64_t value) { put(Event::pointer), put_plain(value); }
void Recording::begin_pointer(std::uint64_t value) { put(Event::begin_pointer), put_plain(value); }
void Recording::deref() { put(Event::deref); }
void Recording::end_pointer() { put(Event::end_pointer); }
void Recording::begin_cast(std::uint64_t value, const btf::Cast& cast) {
  put(Event::begin_cast), put_plain(value);
  put_text(cast.space), put_text(cast.type), put_text(cast.why), put_plain(cast.values);
}
void Recording::end_cast() { put(Event::end_cast); }
void Recording::fact(std::string_view name, const btf::Fact& fact) {
  put(Event::fact), put_name(name), put_fact(fact);
}
void Recording::begin_values(std::string_view name) { put(Event::begin_values), put_name(name); }
void Recording::end_values() { put(Event::end_values); }
void Recording::null() { put(Event::null); }
void Recording::bytes(std::span<const std::byte> value) {
  put(Event::bytes), put_text({reinterpret_cast<const char*>(value.data()), value.size()});
}
void Recording::text(std::string_view escaped) { put(Event::text), put_text(escaped); }
void Recording::begin_truncated(std::uint64_t needed, std::uint64_t had) {
  put(Event::begin_truncated), put_plain(needed), put_plain(had);
}
void Recording::end_truncated() { put(Event::end_truncated); }
void Recording::unsupported(std::string_view reason) { put(Event::unsupported), put_text(reason); }

/// Takes the arguments in the order in which they were put.
class Recording::Player {
public:
  explicit Player(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }
  void next(btf::ValueVisitor& out);

private:
  template <class T> T take() {
    T value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }
  std::string_view take_text() {
    const auto size = take<std::size_t>();
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return text;
  }
  std::optional<std::string_view> take_optional() {
    const bool is_there = take<bool>();
    const auto name = take<std::string_view>();
    return is_there ? std::optional(name) : std::nullopt;
  }
  std::span<const std::byte> take_bytes() { return std::as_bytes(std::span(take_text())); }

  btf::Fact take_fact();
  void wide_number(btf::ValueVisitor& out);
  void enumeration(btf::ValueVisitor& out);
  void cast(btf::ValueVisitor& out);
  void scalar(Event event, btf::ValueVisitor& out);
  void nested(Event event, btf::ValueVisitor& out);
  void pointed(Event event, btf::ValueVisitor& out);
  void other(Event event, btf::ValueVisitor& out);

  std::span<const std::byte> bytes_;
};

btf::Fact Recording::Player::take_fact() {
  switch (take<std::uint8_t>()) {
  case 0:
    return take<bool>();
  case 1:
    return take<std::int64_t>();
  case 2:
    return take<std::uint64_t>();
  default:
    return take_text();
  }
}

void Recording::Player::wide_number(btf::ValueVisitor& out) {
  btf::WideNumber number;
  number.bytes = take_bytes();
  number.bits = take<std::uint32_t>();
  number.decimal = take_text(), number.format = take_text();
  number.is_guess = take<bool>();
  out.wide_number(number);
}

void Recording::Player::enumeration(btf::ValueVisitor& out) {
  const auto bits = take<std::uint32_t>();
  const auto value = take<std::int64_t>();
  const auto variant = take_optional();
  out.enumeration(bits, value, variant, take<bool>());
}

void Recording::Player::cast(btf::ValueVisitor& out) {
  const auto value = take<std::uint64_t>();
  btf::Cast cast;
  cast.space = take_text(), cast.type = take_text(), cast.why = take_text();
  cast.values = take<std::uint64_t>();
  out.begin_cast(value, cast);
}

void Recording::Player::next(btf::ValueVisitor& out) {
  const auto event = take<Event>();
  if (event <= Event::enumeration) return scalar(event, out);
  if (event <= Event::end_array) return nested(event, out);
  if (event <= Event::end_values) return pointed(event, out);
  other(event, out);
}

void Recording::Player::scalar(Event event, btf::ValueVisitor& out) {
  if (event == Event::boolean) return out.boolean(take<bool>());
  if (event == Event::character) return out.character(take<std::uint8_t>());
  if (event == Event::wide_number) return wide_number(out);
  if (event == Event::enumeration) return enumeration(out);
  const auto bits = take<std::uint32_t>();
  if (event == Event::signed_int) return out.signed_int(bits, take<std::int64_t>());
  if (event == Event::unsigned_int) return out.unsigned_int(bits, take<std::uint64_t>());
  out.real(bits, take<double>());
}

void Recording::Player::nested(Event event, btf::ValueVisitor& out) {
  switch (event) {
  case Event::begin_struct:
    return out.begin_struct(take_optional());
  case Event::member:
    return out.member(take<std::string_view>());
  case Event::end_struct:
    return out.end_struct();
  case Event::begin_array:
    return out.begin_array(take<std::uint64_t>());
  case Event::begin_text:
    return out.begin_text(take<std::uint64_t>());
  case Event::left_out:
    return out.left_out(take<btf::LeftOut>());
  default:
    return out.end_array();
  }
}

void Recording::Player::pointed(Event event, btf::ValueVisitor& out) {
  switch (event) {
  case Event::cpu_list:
    return out.cpu_list(take_text());
  case Event::pointer:
    return out.pointer(take<std::uint64_t>());
  case Event::begin_pointer:
    return out.begin_pointer(take<std::uint64_t>());
  case Event::deref:
    return out.deref();
  case Event::end_pointer:
    return out.end_pointer();
  case Event::begin_cast:
    return cast(out);
  case Event::end_cast:
    return out.end_cast();
  case Event::fact: {
    const auto name = take<std::string_view>();
    return out.fact(name, take_fact());
  }
  case Event::begin_values:
    return out.begin_values(take<std::string_view>());
  default:
    return out.end_values();
  }
}

void Recording::Player::other(Event event, btf::ValueVisitor& out) {
  switch (event) {
  case Event::null:
    return out.null();
  case Event::bytes:
    return out.bytes(take_bytes());
  case Event::text:
    return out.text(take_text());
  case Event::begin_truncated: {
    const auto needed = take<std::uint64_t>();
    return out.begin_truncated(needed, take<std::uint64_t>());
  }
  case Event::end_truncated:
    return out.end_truncated();
  default:
    return out.unsupported(take_text());
  }
}

void Recording::play(btf::ValueVisitor& out) const {
  for (Player player(bytes_); !player.is_at_end();) player.next(out);
}

void Recorded::record(const btf::Decoder& decoder, std::span<const std::byte> bytes) {
  events_.clear();
  type_name_ = decoder.type_name();
  cuts_ = decoder.decode(bytes, events_);
}

btf::Cuts Recorded::decode(std::span<const std::byte> /*bytes*/, btf::ValueVisitor& visitor) const {
  events_.play(visitor);
  return cuts_;
}

void Recorded::decode(std::span<const std::byte> /*bytes*/, btf::ValueVisitor& visitor,
                      btf::Progress& progress) const {
  events_.play(visitor);
  progress.cuts.add(cuts_);
}

} // namespace mapscope::report
