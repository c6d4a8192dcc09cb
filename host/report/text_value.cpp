// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_value.hpp"

#include "host/base/counted.hpp"
#include "host/base/hex.hpp"
#include "host/base/utf8.hpp"
#include "host/btf/behind.hpp"
#include "host/report/duration.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

std::string printable(std::string_view text) {
  std::string out;
  append_printable(text, out);
  return out;
}

void append_printable(std::string_view text, std::string& out) {
  if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) return (void)(out += text);
  const std::string valid = valid_utf8(text);
  for (std::size_t i = 0; i < valid.size();) {
    const std::string_view sequence = std::string_view(valid).substr(i, utf8_length(valid, i));
    const char32_t character = code_point(sequence);
    i += sequence.size();
    if (is_control(character))
      out += character < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(character))
                               : fmt::format("\\u{:04x}", static_cast<unsigned>(character));
    else
      out += sequence;
  }
}

/// A text's tabs are its own, and harm nobody.
std::string printable_line(std::string_view text) {
  const std::size_t tab = text.find('\t');
  if (tab == text.npos) return printable(text);
  std::string out;
  std::size_t at = 0;
  for (std::size_t end = tab; end != text.npos; at = end + 1, end = text.find('\t', at))
    out += printable(text.substr(at, end - at)) + '\t';
  return out + printable(text.substr(at));
}

namespace {

/// A span of time also as people say it: "557506600 (557.5 ms)", "-1200000 (1.2 ms ago)".
std::string span_text(std::string_view name, std::int64_t number) {
  if (!name.ends_with("_in_ns") || number == 0) return fmt::format("{}", number);
  const std::uint64_t size =
      number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  return fmt::format("{} ({}{})", number, duration_text(size), number < 0 ? " ago" : "");
}

/// Addresses are the commonest of what a report has.
std::string address_text(std::uint64_t value) { return fmt::format(FMT_COMPILE("{:#x}"), value); }

} // namespace

void TextTree::clear() {
  used_ = 0;
  rests_.clear();
  open_.clear();
  next_member_ = {};
  next_prefix_.clear();
}

TextTree::Node& TextTree::add(Kind kind) {
  if (used_ == nodes_.size()) nodes_.grow();
  const std::uint32_t index = used_++;
  if (!open_.empty()) nodes_[open_.back()].children.push_back(index);
  Node& node = nodes_[index];
  node.kind = kind;
  node.zero = node.is_byte = node.is_text = node.cut = node.has_facts = false;
  node.is_lines = node.has_lines = node.is_flags = false;
  node.rest = 0;
  node.member = std::exchange(next_member_, {});
  node.text.clear();
  node.children.clear();
  if (!next_prefix_.empty()) node.text = std::exchange(next_prefix_, {});
  return node;
}

void TextTree::scalar(std::string_view text, bool zero) {
  Node& node = add(Kind::scalar);
  node.zero = zero && !zeros_ && node.text.empty(); // behind a truncation mark nothing is hidden
  node.text += text;
}

void TextTree::number(std::string_view text, std::uint32_t bits, std::uint64_t value) {
  scalar(text, value == 0);
  nodes_[used_ - 1].is_byte = bits == 8;
  nodes_[used_ - 1].byte = static_cast<std::uint8_t>(value);
}
void TextTree::signed_int(std::uint32_t bits, std::int64_t value) {
  const fmt::format_int text(value);
  number({text.data(), text.size()}, bits, static_cast<std::uint64_t>(value));
}
void TextTree::unsigned_int(std::uint32_t bits, std::uint64_t value) {
  const fmt::format_int text(value);
  number({text.data(), text.size()}, bits, value);
}
void TextTree::boolean(bool value) { scalar(value ? "true" : "false", !value); }
void TextTree::character(std::uint8_t value) {
  scalar(value >= 0x20 && value < 0x7f ? fmt::format("'{}'", static_cast<char>(value))
                                       : fmt::format("{:#04x}", value),
         value == 0);
  nodes_[used_ - 1].is_byte = true;
  nodes_[used_ - 1].byte = value;
}
void TextTree::real(std::uint32_t bits, double value) {
  scalar(bits == 32 ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value),
         value == 0 && !std::signbit(value));
}
/// A float with how it was read; a question mark says that this is a guess.
void TextTree::wide_number(const btf::WideNumber& number) {
  std::string text(number.decimal);
  if (text.empty()) append_hex(text, number.bytes);
  if (!number.format.empty()) text += fmt::format(" ({}{})", number.format, number.is_guess ? "?" : "");
  scalar(text, std::ranges::all_of(number.bytes, [](std::byte byte) { return byte == std::byte{}; }));
}
void TextTree::enumeration(std::uint32_t, std::int64_t value, std::optional<std::string_view> variant,
                           bool is_signed) {
  const std::string number =
      is_signed ? fmt::format("{}", value) : fmt::format("{}", static_cast<std::uint64_t>(value));
  scalar(variant ? fmt::format("{} ({})", printable(*variant), number) : number, value == 0);
}
void TextTree::pointer(std::uint64_t value) { scalar(address_text(value), value == 0); }
void TextTree::cpu_list(std::string_view ranges) {
  scalar(fmt::format("cpus={{{}}}", ranges), ranges.empty());
}
void TextTree::unsupported(std::string_view reason) {
  scalar(fmt::format("<unsupported: {}>", printable(reason)), false);
  nodes_[used_ - 1].cut = true;
}
void TextTree::text(std::string_view escaped) { scalar(fmt::format("\"{}\"", escaped), escaped.empty()); }

void TextTree::word(std::string_view text) { scalar(printable(text), false); }

void TextTree::keep_zero() {
  const std::uint32_t last = used_ - 1;
  const bool is_whole = !open_.empty() && !nodes_[open_.back()].children.empty() &&
                        nodes_[open_.back()].children.back() == last; // not the end of a struct or array
  if (is_whole && nodes_[last].kind == Kind::scalar) nodes_[last].zero = false;
}

void TextTree::begin_list() { begin_array(0); }

void TextTree::begin_lines() {
  begin_list();
  nodes_[used_ - 1].is_lines = nodes_[used_ - 1].has_lines = true;
}

void TextTree::line(std::string_view text) { scalar(printable_line(text), false); }

/// Bits that have no name keep the number in place.
void TextTree::name_flags() {
  const std::vector<std::uint32_t>& siblings = nodes_[open_.back()].children;
  if (siblings.size() < 2) return;
  Node& flags = nodes_[siblings[siblings.size() - 2]];
  const Node& names = nodes_[siblings.back()];
  std::uint64_t bits = 0;
  const char* const end = flags.text.data() + flags.text.size();
  if (flags.member != "flags" || std::from_chars(flags.text.data(), end, bits).ptr != end) return;
  std::string text;
  for (const std::uint32_t child : names.children) {
    if (nodes_[child].kind != Kind::scalar) return;
    text += (text.empty() ? "" : "|") + nodes_[child].text;
  }
  flags.is_flags = !text.empty() && std::cmp_less_equal(std::popcount(bits), names.children.size());
  if (!text.empty()) flags.text = flags.is_flags ? text : fmt::format("{} ({})", text, bits);
  take_back();
  next_member_ = {};
}

void TextTree::bytes(std::span<const std::byte> value) {
  Node& node = add(Kind::bytes);
  node.length = value.size();
  node.hex_at = node.text.size();
  const std::size_t most = full_ ? value.size() : std::min(value.size(), most_hex_bytes);
  node.cut = value.size() > most;
  append_hex(node.text, value.first(most));
}

void TextTree::memory(std::span<const std::byte> value) {
  Node& node = add(Kind::bytes);
  node.length = value.size();
  node.hex_at = node.text.size();
  append_hex(node.text, value);
}

void TextTree::take_back() {
  std::vector<std::uint32_t>& siblings = nodes_[open_.back()].children;
  used_ = siblings.back(); // what it holds lies behind it
  next_member_ = nodes_[used_].member;
  siblings.pop_back();
}

void TextTree::begin_struct(std::optional<std::string_view> type_name) {
  append_printable(type_name.value_or(""), add(Kind::record).text);
  open_.push_back(used_ - 1);
}
void TextTree::begin_array(std::uint64_t length) {
  add(Kind::array).length = length;
  open_.push_back(used_ - 1);
}
void TextTree::begin_text(std::uint64_t length) {
  begin_array(length);
  nodes_[used_ - 1].is_text = true;
}
void TextTree::left_out(const btf::LeftOut& rest) {
  rests_.push_back(rest);
  nodes_[open_.back()].rest = static_cast<std::uint32_t>(rests_.size());
}
void TextTree::member(std::string_view name) { next_member_ = name; }
void TextTree::end_struct() { close(); }
void TextTree::end_array() { close(); }

void TextTree::begin_pointer(std::uint64_t value) {
  add(Kind::pointer).text += address_text(value);
  open_.push_back(used_ - 1);
}
/// The number stays as it is; what it leads to says the rest.
void TextTree::begin_cast(std::uint64_t value, const btf::Cast& /*cast*/) {
  add(Kind::pointer).text += fmt::format("{}", value);
  open_.push_back(used_ - 1);
}
void TextTree::deref() { next_member_ = {}; }
void TextTree::end_pointer() { close(); }

/// What the kernel keeps in a struct says more than the struct's own members, which are opaque.
void TextTree::fact(std::string_view name, const btf::Fact& fact) {
  Node& owner = nodes_[open_.back()];
  if (owner.kind == Kind::record && !std::exchange(owner.has_facts, true)) owner.children.clear();
  next_member_ = name;
  if (const auto* text = std::get_if<std::string_view>(&fact))
    scalar(printable(*text), text->empty());
  else if (const auto* flag = std::get_if<bool>(&fact))
    boolean(*flag);
  else if (const auto* number = std::get_if<std::int64_t>(&fact))
    scalar(span_text(name, *number), *number == 0);
  else
    scalar(fmt::format("{}", std::get<std::uint64_t>(fact)), std::get<std::uint64_t>(fact) == 0);
}

void TextTree::begin_values(std::string_view name) {
  Node& owner = nodes_[open_.back()];
  if (owner.kind == Kind::record && !std::exchange(owner.has_facts, true)) owner.children.clear();
  next_member_ = name;
  begin_list();
}
void TextTree::end_values() {
  Node& list = nodes_[open_.back()];
  list.length = list.children.size();
  close();
}
void TextTree::null() { scalar("none", false); }

void TextTree::close() {
  Node& node = nodes_[open_.back()];
  open_.pop_back();
  bool zero = true;
  for (const std::uint32_t child : node.children) {
    node.cut = node.cut || nodes_[child].cut;
    node.has_lines = node.has_lines || nodes_[child].has_lines;
    zero = zero && nodes_[child].zero;
  }
  if (node.kind == Kind::pointer || node.kind == Kind::scalar)
    return; // a scalar: what it was is said in a word
  node.zero = zero && !zeros_;
  if (node.kind == Kind::array) close_array(node);
}

void TextTree::begin_truncated(std::uint64_t needed, std::uint64_t had) {
  next_prefix_ += fmt::format("<truncated needed={} had={}> ", needed, had);
}
void TextTree::end_truncated() {}

void TextTree::append_one_line(const Node& node, std::string& out, std::size_t most) const {
  switch (node.kind) {
  case Kind::scalar:
    out += node.text;
    return;
  case Kind::bytes:
    out += node.text;
    if (const std::uint64_t shown = (node.text.size() - node.hex_at + 1) / 3; shown < node.length)
      out += fmt::format(" ... {} more bytes (--full)", node.length - shown);
    return;
  case Kind::array:
    out += node.text, append_array(node, out, most);
    return;
  case Kind::pointer:
    return append_pointer(node, out, most);
  case Kind::record:
    return append_members(node, out, most);
  }
}

/// Texts for printf-like functions that the compiler has named (bpf_printk's `____fmt`, scx_bpf_error's
/// `___fmt`) are no variables of anybody's.
bool TextTree::is_format(const Node& member) {
  return member.member.find(".___fmt") != member.member.npos ||
         member.member.find(".____fmt") != member.member.npos;
}

/// Values of the kernel's enums, which its loader fills in for a scheduler (scx's enum_defs.autogen.h).
bool TextTree::is_kernels_constant(const Node& member) { return member.member.starts_with("__SCX_"); }

/// What of a data section's variables nobody has written.
bool TextTree::is_hidden(const Node& record, const Node& member) const {
  if (member.zero) return true;
  if (full_ || !record.text.starts_with('.')) return false;
  return is_format(member) || is_kernels_constant(member);
}

/// "37 of the kernel's constants, __SCX_*, 38 format strings (--full)"; "" where nothing is hidden.
std::string TextTree::hidden_text(const Node& record) const {
  if (full_ || !record.text.starts_with('.')) return "";
  std::uint64_t formats = 0, constants = 0;
  for (const std::uint32_t child : record.children) {
    const Node& member = nodes_[child];
    if (member.zero || !is_hidden(record, member)) continue;
    ++(is_format(member) ? formats : constants);
  }
  std::string text;
  if (constants != 0) text = fmt::format("{} of the kernel's constants, __SCX_*", constants);
  if (formats != 0) text += (text.empty() ? "" : ", ") + counted(formats, "format string");
  return text.empty() ? "" : text + " (--full)";
}

void TextTree::append_members(const Node& record, std::string& out, std::size_t most) const {
  out += record.text;
  if (record.zero && record.text.starts_with('.')) return (void)(out += ": all zero"); // a data section
  out += '{';
  bool first = true;
  for (const std::uint32_t child : record.children) {
    const Node& member = nodes_[child];
    if (is_hidden(record, member)) continue;
    if (out.size() > most) return;
    if (!std::exchange(first, false)) out += ", ";
    if (!member.member.empty()) append_printable(member.member, out), out += '=';
    append_one_line(member, out, most);
  }
  if (const std::string hidden = hidden_text(record); !hidden.empty()) out += (first ? "" : ", ") + hidden;
  out += '}';
}

namespace {

void append_bracketed(std::string_view text, std::string& out) { ((out += " [") += text) += ']'; }

} // namespace

/// " -> " before what lies there, "[cycle]" or "[why not]" in its place, "[slot 3 of nodes]", and what else
/// is known as "name=". True when nothing of the part is left to say.
bool TextTree::append_pointer_part(const Node& part, std::string& out) {
  if (part.member == "deref_skipped_reason") {
    append_bracketed(part.text.starts_with("cycle ") ? "cycle" : part.text, out);
    return true;
  }
  if (part.member == "slot" || part.member == "symbol" || part.member == "known_as") { // its text says so
    append_bracketed(part.text, out);
    return true;
  }
  out += part.member.empty() ? " -> " : " ";
  if (!part.member.empty()) append_printable(part.member, out), out += '=';
  return false;
}

void TextTree::append_pointer(const Node& pointer, std::string& out, std::size_t most) const {
  out += pointer.text;
  for (const std::uint32_t child : pointer.children)
    if (!append_pointer_part(nodes_[child], out)) append_one_line(nodes_[child], out, most);
}

std::string TextTree::one_line() const {
  std::string out;
  if (used_ != 0) append_one_line(root(), out);
  return out;
}

} // namespace mapscope::report
