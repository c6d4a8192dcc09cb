// SPDX-License-Identifier: Apache-2.0
#include "host/report/plain_value.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

void append(std::string& list, std::string_view object) {
  if (!list.empty()) list += ',';
  list += object;
}

void write_fact(JsonText& out, const btf::Fact& fact) {
  if (const auto* text = std::get_if<std::string_view>(&fact))
    out.string(*text);
  else if (const auto* flag = std::get_if<bool>(&fact))
    out.boolean(*flag);
  else if (const auto* number = std::get_if<std::int64_t>(&fact))
    out.number(*number);
  else
    out.number(std::get<std::uint64_t>(fact));
}

} // namespace

PlainValue::PlainValue(bool big_numbers_as_strings)
    : big_as_strings_(big_numbers_as_strings), frames_(1), gap_(big_numbers_as_strings) {}

void PlainValue::begin(JsonText& out, std::string root) {
  out_ = &out, root_ = std::move(root);
  open_ = 0, apart_ = 0, is_unnamed_ = false;
}

PlainValue::Frame& PlainValue::owner() {
  std::size_t at = open_;
  while (frames_[at].kind == Kind::merged) --at;
  return frames_[at];
}

/// Frames are kept when they close: what they hold need not be made again.
PlainValue::Frame& PlainValue::open(Kind kind) {
  if (++open_ == frames_.size()) frames_.emplace_back();
  Frame& frame = top();
  frame.kind = kind, frame.has_content = false, frame.count = 0;
  frame.name.clear(), frame.names.clear();
  return frame;
}

void PlainValue::place() {
  if (top().kind == Kind::undecided) settle_as_list();
  if (top().kind == Kind::list) ++top().count;
  if (std::exchange(is_unnamed_, false)) open_member("");
}

void PlainValue::open_member(std::string_view name) {
  Frame& object = owner();
  std::string made;
  const std::string_view called = object.names.add(name, made);
  object.name = called;
  out().member(called);
}

bool PlainValue::is_character(std::int64_t code, bool is_unsigned, bool is_flagged) {
  if (top().kind != Kind::undecided) return false;
  are_flagged_ = is_flagged;
  return characters_.add(code, is_unsigned);
}

/// The characters so far are numbers after all.
void PlainValue::settle_as_list() {
  Frame& list = top();
  list.kind = Kind::list;
  out().begin_array();
  const auto write = [&](char code) {
    ++list.count;
    if (are_flagged_)
      write_character(static_cast<std::uint8_t>(code));
    else
      out().number(std::int64_t{code});
  };
  for (const char code : characters_.text()) write(code);
  for (std::uint64_t i = 0; i < characters_.zeros(); ++i) write('\0');
  characters_.clear();
}

void PlainValue::write_character(std::uint8_t code) {
  const char character = static_cast<char>(code);
  if (code < 0x20 || code > 0x7e) return out().number(std::uint64_t{code});
  out().string({&character, 1});
}

void PlainValue::signed_int(std::uint32_t bits, std::int64_t value) {
  if (bits == 8 && is_character(value, false, false)) return;
  place(), out().number(value);
}

void PlainValue::unsigned_int(std::uint32_t bits, std::uint64_t value) {
  if (bits == 8 && is_character(static_cast<std::int64_t>(value), true, false)) return;
  place(), out().number(value);
}

void PlainValue::boolean(bool value) { place(), out().boolean(value); }

void PlainValue::character(std::uint8_t value) {
  if (is_character(value, false, true)) return;
  place(), write_character(value);
}

void PlainValue::real(std::uint32_t /*bits*/, double value) { place(), out().real(value); }

void PlainValue::wide_number(const btf::WideNumber& number) {
  place();
  if (number.decimal.empty())
    out().hex(number.bytes);
  else
    out().string(number.decimal);
}

void PlainValue::enumeration(std::uint32_t /*bits*/, std::int64_t value,
                             std::optional<std::string_view> variant, bool is_signed) {
  place();
  if (variant)
    out().string(*variant);
  else if (is_signed)
    out().number(value);
  else
    out().number(static_cast<std::uint64_t>(value));
}

void PlainValue::begin_struct(std::optional<std::string_view> /*type_name*/) {
  if (std::exchange(is_unnamed_, false)) {
    open(Kind::merged);
    return;
  }
  place();
  out().begin_object();
  open(Kind::object);
}

void PlainValue::member(std::string_view name) {
  is_unnamed_ = name.empty();
  if (!is_unnamed_) open_member(name);
}

void PlainValue::end_struct() {
  is_unnamed_ = false; // nothing came: the budget was spent
  if (top().kind != Kind::merged) out().end_object();
  close();
}

void PlainValue::begin_array(std::uint64_t /*length*/) {
  place();
  open(Kind::undecided);
  characters_.clear();
}

void PlainValue::left_out(const btf::LeftOut& rest) {
  JsonText& gap = begin_gap(path(open_ - 1)); // of the array itself
  gap.key("left_out"), gap.begin_object();
  gap.key("zero"), gap.boolean(rest.zero);
  if (rest.not_zero) gap.key("first_not_zero"), gap.number(*rest.not_zero);
  gap.end_object();
  end_gap();
}

void PlainValue::end_array() {
  if (top().kind == Kind::undecided && characters_.is_text()) {
    out().string(characters_.text());
    characters_.clear();
    return close();
  }
  if (top().kind == Kind::undecided) settle_as_list();
  out().end_array();
  close();
}

void PlainValue::cpu_list(std::string_view ranges) { place(), out().string(ranges); }

void PlainValue::pointer(std::uint64_t value) { place(), out().hex_number(value); }

void PlainValue::begin_pointer(std::uint64_t value) {
  const std::string at = path(open_);
  pointer(value);
  begin_link(value, at);
}

JsonText& PlainValue::begin_link(std::uint64_t address, const std::string& path) {
  open(Kind::pointer);
  if (apart_ == pieces_.size()) pieces_.push_back(std::make_unique<JsonPiece>(big_as_strings_));
  ++apart_;
  JsonText& link = out();
  link.begin_object();
  link.key("path"), link.string(path);
  link.key("address"), link.hex_number(address);
  return link;
}

void PlainValue::deref() {
  top().has_content = true, top().name.clear();
  out().key("deref");
}

void PlainValue::end_pointer() {
  out().end_object();
  const std::string_view link = pieces_[apart_ - 1]->take();
  if (top().has_content) append(links_, link);
  --apart_;
  close();
}

void PlainValue::begin_cast(std::uint64_t value, const btf::Cast& cast) {
  const std::string at = path(open_);
  place(), out().number(value);
  JsonText& link = begin_link(value, at);
  top().has_content = true;
  link.key("cast"), link.begin_object();
  link.key("space"), link.string(cast.space);
  if (!cast.type.empty()) link.key("type"), link.string(cast.type);
  link.key("why"), link.string(cast.why);
  link.key("values"), link.number(cast.values);
  link.end_object();
}

void PlainValue::fact(std::string_view name, const btf::Fact& fact) {
  begin_fact(name);
  write_fact(out(), fact);
}

void PlainValue::begin_fact(std::string_view name) {
  is_unnamed_ = false;
  if (top().kind != Kind::pointer) return open_member(name);
  top().has_content = true;
  top().name = name;
  out().key(name);
}

void PlainValue::begin_values(std::string_view name) {
  begin_fact(name);
  out().begin_array();
  open(Kind::list);
}

void PlainValue::end_values() {
  out().end_array();
  close();
}

void PlainValue::null() { place(), out().null(); }

void PlainValue::bytes(std::span<const std::byte> value) { place(), out().hex(value); }

void PlainValue::text(std::string_view escaped) { place(), out().string(escaped); }

void PlainValue::begin_truncated(std::uint64_t needed, std::uint64_t had) {
  if (top().kind == Kind::undecided) settle_as_list();
  if (std::exchange(is_unnamed_, false)) open_member("");
  JsonText& gap = begin_gap(path(open_));
  gap.key("needed"), gap.number(needed);
  gap.key("had"), gap.number(had);
  end_gap();
}

void PlainValue::unsupported(std::string_view reason) {
  if (top().kind == Kind::undecided) settle_as_list();
  JsonText& gap = begin_gap(path(open_));
  gap.key("reason"), gap.string(reason);
  end_gap();
  null();
}

JsonText& PlainValue::begin_gap(const std::string& path) {
  JsonText& gap = gap_.text();
  gap.begin_object();
  gap.key("path"), gap.string(path);
  return gap;
}

void PlainValue::end_gap() {
  gap_.text().end_object();
  append(gaps_, gap_.take());
}

/// Of the value that comes next, or, of fewer frames than are open, of the one that the last of them is in.
std::string PlainValue::path(std::size_t frames) const {
  std::string path = root_;
  for (std::size_t at = 1; at <= frames; ++at) {
    const Frame& frame = frames_[at];
    if (frame.kind == Kind::list || frame.kind == Kind::undecided)
      path += fmt::format("[{}]", at == open_ ? frame.count : frame.count - 1);
    else if (!frame.name.empty())
      path += '.' + frame.name;
  }
  return path;
}

} // namespace mapscope::report
