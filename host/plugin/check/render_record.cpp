// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/render_record.hpp"

#include "host/base/hex.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <string_view>

namespace mapscope::plugin {

namespace {

using report::FieldKind;
using report::Shape;
using Kind = RenderRecord::Kind;

constexpr std::size_t most_words = 4096;
constexpr std::size_t longest_shown = 16; ///< bytes of a key or a value, in words

/// Of pieces, one behind the other; where one ends makes a difference.
class Hash {
public:
  void add(std::string_view piece) { number(std::hash<std::string_view>()(piece)), number(piece.size()); }
  void add(std::span<const std::byte> piece) {
    add(std::string_view(reinterpret_cast<const char*>(piece.data()), piece.size()));
  }
  void number(std::uint64_t more) {
    value_ ^= more + 0x9e3779b97f4a7c15 + (value_ << 6) + (value_ >> 2); // Boost's hash_combine()
  }
  void typed(const report::Typed& typed) { number(typed.readable ? 1 : 0), add(typed.bytes); }
  [[nodiscard]] std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0;
};

std::uint64_t hash_of(const report::Row& row) {
  Hash hash;
  hash.number(static_cast<std::uint64_t>(row.shape));
  hash.typed(row.key), hash.number(row.index), hash.typed(row.value);
  for (const auto& copy : row.copies) hash.typed(copy.value_or(report::Typed{}));
  return hash.value();
}

std::uint64_t hash_of(const report::Field& field) {
  Hash hash;
  std::uint64_t real = 0;
  std::memcpy(&real, &field.real, sizeof real);
  hash.number(static_cast<std::uint64_t>(field.kind)), hash.add(field.name), hash.number(field.number);
  hash.number(real), hash.add(field.text), hash.typed(field.value);
  return hash.value();
}

std::string shown(std::span<const std::byte> bytes) {
  std::string text;
  append_hex(text, bytes.first(std::min(bytes.size(), longest_shown)));
  return text + (bytes.size() > longest_shown ? " ..." : "");
}

std::string value_words(const report::Row& row) {
  if (row.copies.empty()) return row.value.readable ? shown(row.value.bytes) : "unreadable";
  const auto copy = std::ranges::find_if(row.copies, [](const auto& copy) { return copy.has_value(); });
  return copy != row.copies.end() ? shown((*copy)->bytes) + " and more copies" : "no copy";
}

std::string words_for(const report::Row& row) {
  if (row.shape == Shape::value) return "the value: " + value_words(row);
  const std::string key = row.key.bytes.empty() ? std::to_string(row.index) : shown(row.key.bytes);
  return fmt::format("row {}: {}", key, value_words(row));
}

std::string words_for(const report::Field& field) {
  std::string value = printable(field.text);
  if (value.empty()) value = std::to_string(field.number);
  if (!field.value.bytes.empty()) value = shown(field.value.bytes);
  return fmt::format("{}: {}", field.name.empty() ? "a list's element" : field.name, value);
}

bool opens(FieldKind kind) { return kind == FieldKind::object || kind == FieldKind::list; }

/// All that a report would say of how it ended.
std::uint64_t hash_of(const report::Outcome& outcome) {
  Hash hash;
  hash.add(report::words_of(outcome));
  for (const report::Finding& finding : outcome.findings) hash.add(finding.severity), hash.add(finding.text);
  return hash.value();
}

std::string count_words(const report::Outcome& outcome) {
  return outcome.entry_count ? std::to_string(*outcome.entry_count) + " entries" : "no number of entries";
}

std::string both(const std::string& first, const std::string& second) {
  return fmt::format("\"{}\" first, \"{}\" then", first, second);
}

} // namespace

/// Where the text of a report would go.
class Recorder::Numbered final : public report::Stream {
public:
  /// However it comes in pieces.
  void append(std::string_view text) override {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3; // FNV-1a
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

std::string RenderRecord::words_of(std::size_t step) const {
  if (step >= steps.size()) return "nothing";
  return step < words.size() ? words[step] : fmt::format("step {}", step + 1);
}

bool RenderRecord::has_ended() const {
  using report::Status;
  return outcome.status != Status::failed && outcome.status != Status::crashed &&
         outcome.status != Status::timed_out;
}

std::string RenderRecord::end_words() const {
  std::string text(report::status_name(outcome.status));
  const std::string said = failure.empty() ? report::words_of(outcome) : failure;
  return said.empty() ? text : text + ": " + said;
}

Recorder::Recorder(RenderRecord& record, bool is_map)
    : record_(record), text_(std::make_unique<Numbered>()),
      plain_(is_map ? report::make_map_writer(report::Format::json, {}, *text_)
                    : report::make_extension_writer(report::Format::json, {}, "", *text_)) {}

Recorder::~Recorder() { record_.text = text_->value(); }

bool Recorder::wants_words() const { return record_.words.size() < most_words; }

void Recorder::add(Kind kind, std::uint64_t hash) {
  record_.steps.push_back({hash & ((1ULL << 62) - 1), static_cast<std::uint64_t>(kind)});
}

void Recorder::row(const report::Row& row) {
  if (wants_words()) record_.words.push_back(words_for(row));
  add(Kind::row, hash_of(row));
  record_.rows += row.shape == Shape::value ? 0 : 1;
  in_row_ = row.open, depth_ = row.open ? 1 : 0;
  plain_->row(row);
}

/// Ends are no steps: a row that has a field more is closed where it would not have been.
void Recorder::field(const report::Field& field) {
  const bool is_end = field.kind == FieldKind::end;
  if (!is_end && wants_words()) record_.words.push_back(words_for(field));
  if (!is_end) add(in_row_ ? Kind::inner : Kind::member, hash_of(field));
  if (opens(field.kind)) ++depth_;
  if (is_end && --depth_ == 0) in_row_ = false;
  plain_->field(field);
}

void Recorder::add(std::string_view content, const std::string& words) {
  if (wants_words()) record_.words.push_back(words);
  add(Kind::member, std::hash<std::string_view>()(content));
}

std::string difference(const RenderRecord& first, const RenderRecord& second) {
  const auto [one, other] = std::ranges::mismatch(first.steps, second.steps);
  const auto at = static_cast<std::size_t>(one - first.steps.begin());
  if (one != first.steps.end() || other != second.steps.end())
    return both(first.words_of(at), second.words_of(at));
  const report::Outcome &a = first.outcome, &b = second.outcome;
  if (a.status != b.status || first.failure != second.failure)
    return both(first.end_words(), second.end_words());
  if (a.entry_count != b.entry_count) return both(count_words(a), count_words(b));
  if (hash_of(a) != hash_of(b)) return both(report::words_of(a), report::words_of(b));
  return first.text == second.text ? "" : "the same bytes are given other types, or other names";
}

std::string difference_of_rows(const RenderRecord& first, const RenderRecord& second) {
  std::size_t i = 0, j = 0;
  const auto next_row = [](const RenderRecord& record, std::size_t& at) {
    while (at < record.steps.size() && !record.steps[at].is(Kind::row)) ++at;
    return at < record.steps.size();
  };
  for (; next_row(first, i) && next_row(second, j); ++i, ++j)
    if (first.steps[i] != second.steps[j])
      return fmt::format("\"{}\", without \"{}\"", second.words_of(j), first.words_of(i));
  return "";
}

namespace {

/// Goes over what was there before and looks for each in what came of it.
class Loss {
public:
  Loss(const RenderRecord& before, const RenderRecord& after, std::uint64_t may_lack)
      : before_(before), after_(after), may_lack_(may_lack) {}

  /// Rows keep their order; of a row that is not there its fields are not, either.
  std::string first() {
    for (std::size_t i = 0; i < before_.steps.size(); ++i) {
      const RenderRecord::Step& step = before_.steps[i];
      if (step.is(Kind::row)) {
        is_left_out_ = step != row_of_after();
        if (is_left_out_ && lacks_++ == 0) first_lacking_ = i;
        if (!is_left_out_) in_row_at_ = ++at_row_;
      }
      if (step.is(Kind::inner) && !is_left_out_ && !finds_inner(step)) return before_.words_of(i);
      if (step.is(Kind::member) && !finds_member(step)) return before_.words_of(i);
    }
    return lacks_ > may_lack_ ? before_.words_of(first_lacking_) : "";
  }

private:
  RenderRecord::Step row_of_after() {
    while (at_row_ < after_.steps.size() && !after_.steps[at_row_].is(Kind::row)) ++at_row_;
    return at_row_ < after_.steps.size() ? after_.steps[at_row_] : RenderRecord::Step{};
  }
  bool finds_inner(const RenderRecord::Step& step) {
    for (; in_row_at_ < after_.steps.size() && !after_.steps[in_row_at_].is(Kind::row); ++in_row_at_)
      if (after_.steps[in_row_at_] == step) return ++in_row_at_, true;
    return false;
  }
  bool finds_member(const RenderRecord::Step& step) {
    for (; member_at_ < after_.steps.size(); ++member_at_)
      if (after_.steps[member_at_] == step) return ++member_at_, true;
    return false;
  }

  const RenderRecord &before_, &after_;
  std::uint64_t may_lack_, lacks_ = 0;
  std::size_t at_row_ = 0, in_row_at_ = 0, member_at_ = 0, first_lacking_ = 0;
  bool is_left_out_ = false;
};

} // namespace

std::string first_lost(const RenderRecord& before, const RenderRecord& after, std::uint64_t may_lack) {
  return Loss(before, after, may_lack).first();
}

} // namespace mapscope::plugin
