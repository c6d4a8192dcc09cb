// SPDX-License-Identifier: Apache-2.0
#include "host/report/digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::report {

namespace {

constexpr std::size_t most_names = 8;
constexpr std::size_t longest_fact = 60; ///< a word, and not a text

bool opens(const Field& field) { return field.kind == FieldKind::object || field.kind == FieldKind::list; }

/// "" of what is no single number or word.
std::string fact_text(const Field& field) {
  switch (field.kind) {
  case FieldKind::number:
    return fmt::format("{}={}", field.name, field.number);
  case FieldKind::signed_number:
    return fmt::format("{}={}", field.name, static_cast<std::int64_t>(field.number));
  case FieldKind::flag:
    return fmt::format("{}={}", field.name, field.number != 0);
  case FieldKind::text:
    return field.text.size() > longest_fact ? "" : fmt::format("{}={}", field.name, field.text);
  default:
    return "";
  }
}

} // namespace

void DigestWriter::field(const Field& field) {
  if (field.kind == FieldKind::end)
    depth_ -= depth_ != 0 ? 1 : 0;
  else
    note(field);
  to_->field(field);
}

void DigestWriter::note(const Field& field) {
  if (depth_ == 0 && field.kind == FieldKind::list)
    lists_.push_back({std::string(field.name), 0, {}});
  else if (std::string fact = depth_ == 0 ? fact_text(field) : ""; !fact.empty())
    facts_.push_back(std::move(fact));
  if (depth_ == 1 && !lists_.empty()) ++lists_.back().count;
  const bool is_name = depth_ == 2 && field.kind == FieldKind::text && field.name == "name";
  if (is_name && !lists_.empty() && lists_.back().names.size() < most_names)
    lists_.back().names.emplace_back(field.text);
  if (opens(field)) ++depth_;
}

void DigestWriter::end(const Outcome& outcome) {
  lines_.clear();
  if (!facts_.empty()) lines_.push_back(fmt::format("{}", fmt::join(facts_, ", ")));
  std::vector<std::string> counts;
  for (const List& list : lists_)
    if (!list.names.empty())
      lines_.push_back(fmt::format("{}: {}", list.name, fmt::join(list.names, ", ")));
    else
      counts.push_back(fmt::format("{} {}", list.count, list.name));
  if (!counts.empty()) lines_.push_back(fmt::format("{}", fmt::join(counts, ", ")));
  to_->end(outcome);
}

} // namespace mapscope::report
