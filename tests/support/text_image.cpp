// SPDX-License-Identifier: Apache-2.0
#include "tests/support/text_image.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace mapscope::test {

namespace {

using Labels = std::map<std::string, std::uint64_t, std::less<>>;

constexpr std::uint64_t largest_fill = 64U << 20; ///< of one line: a slip must not eat the machine

constexpr std::array<std::string_view, 11> keywords = {"u8",   "u16",  "u32",   "u64",  "text", "bytes",
                                                       "zero", "hole", "align", "note", "arch"};

std::invalid_argument wrong(std::string what) { return std::invalid_argument(std::move(what)); }

std::uint64_t literal(std::string_view text) {
  const std::string_view whole = text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size())
    throw wrong(fmt::format("\"{}\" is neither a number nor a label", whole));
  return negative ? 0 - value : value;
}

/// A segment while it is being written.
struct Piece {
  std::uint64_t address = 0;
  std::vector<std::byte> bytes;
  std::uint64_t hole = 0; ///< behind the bytes

  [[nodiscard]] std::uint64_t end() const { return address + bytes.size() + hole; }
};

/// Lays the text out once. The first time round labels are not known and count as 0; no size depends on them.
class Layout {
public:
  explicit Layout(const Labels* known) : known_(known) {}

  void line(std::string_view text) {
    rest_ = text;
    for (auto word = next(); !word.empty(); word = next()) take(word);
  }

  Labels labels;
  std::string arch, note;
  std::vector<Piece> pieces;

private:
  void take(std::string_view word);
  void numbers(std::string_view word);
  void quoted();
  void hex_bytes();
  void note_line();

  [[nodiscard]] std::uint64_t here() const { return pieces.empty() ? 0 : pieces.back().end(); }
  std::string_view peek();
  std::string_view next();
  std::string_view need(std::string_view what);
  [[nodiscard]] std::uint64_t number(std::string_view text) const;
  std::vector<std::byte>& bytes();
  void append(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes().push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  void zeros(std::uint64_t count) {
    if (count > largest_fill) throw wrong(fmt::format("{} bytes are more than a test image may hold", count));
    bytes().resize(bytes().size() + count);
  }

  const Labels* known_;
  std::string_view rest_; ///< of the line
};

/// What a comment would begin in is never part of a word: text and notes take the rest of the line
/// themselves.
std::string_view Layout::peek() {
  const auto start = rest_.find_first_not_of(" \t\r");
  rest_.remove_prefix(std::min(start, rest_.size()));
  if (rest_.starts_with('#')) rest_ = {};
  return rest_.substr(0, rest_.find_first_of(" \t\r"));
}

std::string_view Layout::next() {
  const auto word = peek();
  rest_.remove_prefix(word.size());
  return word;
}

std::string_view Layout::need(std::string_view what) {
  const auto word = next();
  if (word.empty()) throw wrong(fmt::format("\"{}\" needs something behind it", what));
  return word;
}

std::uint64_t Layout::number(std::string_view text) const {
  const auto sign = text.find_first_of("+-", 1);
  const auto first = text.substr(0, sign);
  const std::uint64_t more = sign == text.npos ? 0 : literal(text.substr(sign + (text[sign] == '+' ? 1 : 0)));
  const bool is_literal = first.starts_with('-') || (!first.empty() && first[0] >= '0' && first[0] <= '9');
  if (is_literal) return literal(first) + more;
  if (known_ == nullptr) return 0;
  const auto label = known_->find(first);
  if (label == known_->end()) throw wrong(fmt::format("there is no label \"{}\"", first));
  return label->second + more;
}

std::vector<std::byte>& Layout::bytes() {
  if (pieces.empty() || pieces.back().hole != 0) pieces.push_back({here(), {}, 0});
  return pieces.back().bytes;
}

void Layout::take(std::string_view word) {
  if (word.starts_with('@')) {
    pieces.push_back({literal(word.substr(1)), {}, 0});
  } else if (word.ends_with(':')) {
    if (!labels.try_emplace(std::string(word.substr(0, word.size() - 1)), here()).second)
      throw wrong(fmt::format("label \"{}\" is there twice", word));
  } else if (word == "u8" || word == "u16" || word == "u32" || word == "u64") {
    numbers(word);
  } else if (word == "text") {
    quoted();
  } else if (word == "bytes") {
    hex_bytes();
  } else if (word == "zero") {
    zeros(literal(need(word)));
  } else if (word == "align") {
    const std::uint64_t to = literal(need(word));
    if (to == 0) throw wrong("nothing is a multiple of 0");
    zeros((to - here() % to) % to);
  } else if (word == "hole") {
    if (pieces.empty()) pieces.emplace_back();
    pieces.back().hole += literal(need(word));
  } else if (word == "note") {
    note_line();
  } else if (word == "arch") {
    arch = need(word);
  } else {
    throw wrong(fmt::format("\"{}\" means nothing here", word));
  }
}

void Layout::numbers(std::string_view word) {
  const std::size_t size = literal(word.substr(1)) / 8;
  append(number(need(word)), size);
  for (auto word = peek(); !word.empty() && std::ranges::find(keywords, word) == keywords.end();
       word = peek())
    append(number(next()), size);
}

void Layout::quoted() {
  if (!peek().starts_with('"')) throw wrong("text is to be in quotes");
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_[0] != '"') {
    char letter = rest_[0];
    rest_.remove_prefix(1);
    if (letter == '\\' && rest_.empty()) break;
    if (letter == '\\') {
      letter = rest_[0];
      rest_.remove_prefix(1);
      if (letter == '0') letter = '\0';
      if (letter == 'n') letter = '\n';
      if (letter == 'x') {
        letter = static_cast<char>(literal("0x" + std::string(rest_.substr(0, 2))));
        rest_.remove_prefix(2);
      }
    }
    bytes().push_back(static_cast<std::byte>(letter));
  }
  if (rest_.empty()) throw wrong("the quote does not end");
  rest_.remove_prefix(1);
}

void Layout::hex_bytes() {
  for (auto word = next(); !word.empty(); word = next()) {
    if (word.size() != 2) throw wrong(fmt::format("\"{}\" is not one byte in hex", word));
    append(literal("0x" + std::string(word)), 1);
  }
}

void Layout::note_line() {
  (void)peek();
  while (!rest_.empty()) {
    const auto open = rest_.find('{'), close = rest_.find('}');
    note += rest_.substr(0, open);
    if (open == rest_.npos) break;
    if (close == rest_.npos || close < open) throw wrong("the { of a note does not end");
    note += fmt::format("{:x}", number(rest_.substr(open + 1, close - open - 1)));
    rest_.remove_prefix(close + 1);
  }
  note += '\n';
  rest_ = {};
}

Layout lay_out(std::string_view text, const Labels* known) {
  Layout layout(known);
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    try {
      layout.line(text.substr(0, end));
    } catch (const std::invalid_argument& error) {
      throw wrong(fmt::format("line {}: {}", number, error.what()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return layout;
}

} // namespace

TextImage::TextImage(std::string_view text) {
  const Labels labels = lay_out(text, nullptr).labels;
  Layout layout = lay_out(text, &labels);
  arch_ = std::move(layout.arch);
  note_ = std::move(layout.note);
  labels_ = std::move(layout.labels);
  std::erase_if(layout.pieces, [](const Piece& piece) { return piece.bytes.empty() && piece.hole == 0; });
  std::ranges::stable_sort(layout.pieces, {}, &Piece::address);
  for (auto& piece : layout.pieces) {
    if (!segments_.empty() && segments_.back().address + segments_.back().size > piece.address)
      throw wrong(fmt::format("two things lie at {:#x}", piece.address));
    segments_.push_back({piece.address, piece.bytes.size() + piece.hole, piece.bytes.size()});
    bytes_.push_back(std::move(piece.bytes));
  }
}

TextImage TextImage::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw wrong(path + " cannot be read");
  try {
    return TextImage(std::string(std::istreambuf_iterator<char>(file), {}));
  } catch (const std::invalid_argument& error) {
    throw wrong(path + ": " + error.what());
  }
}

std::uint64_t TextImage::at(std::string_view label) const {
  const auto found = labels_.find(label);
  if (found == labels_.end()) throw wrong(fmt::format("there is no label \"{}\"", label));
  return found->second;
}

std::span<const std::byte> TextImage::view(std::uint64_t address, std::size_t want) const {
  const auto after = std::ranges::upper_bound(segments_, address, {}, &memory::Segment::address);
  if (after == segments_.begin()) return {};
  const auto index = static_cast<std::size_t>(after - segments_.begin() - 1);
  const std::uint64_t offset = address - segments_[index].address;
  if (offset >= bytes_[index].size()) return {};
  return std::span(bytes_[index]).subspan(offset, std::min<std::size_t>(want, bytes_[index].size() - offset));
}

target::Fault FlatTranslator::translate(std::uint64_t address, target::Mapping* out) const {
  if (address < base_) return target::Fault::unmapped;
  *out = {address - base_, page_size() - address % page_size()};
  return target::Fault::none;
}

target::Region FlatTranslator::next_region(std::uint64_t begin, std::uint64_t end,
                                           std::uint64_t* /*entries*/) const {
  begin = std::max(begin, base_);
  if (begin >= end) return {.fault = target::Fault::unmapped, .address = end};
  return {.fault = target::Fault::none, .address = begin, .size = end - begin, .physical = begin - base_};
}

} // namespace mapscope::test
