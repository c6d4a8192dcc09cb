// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/stack_numbers.hpp"

#include "host/pipeline/deaf_visitor.hpp"
#include "host/plain/stack_ids.hpp"

#include <algorithm>

namespace mapscope::pipeline {

namespace {

class Numbers final : public DeafVisitor {
public:
  Numbers(std::string_view before, std::vector<StackNumber>& numbers) : names_{before}, numbers_(numbers) {}

  /// -EFAULT in an u32 is negative, too.
  void unsigned_int(std::uint32_t bits, std::uint64_t value) override {
    number(bits == 32 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value));
  }
  void signed_int(std::uint32_t, std::int64_t value) override { number(value); }
  void begin_struct(std::optional<std::string_view>) override {
    if (elsewhere_ == 0) names_.emplace_back();
  }
  void member(std::string_view name) override {
    if (elsewhere_ == 0) names_.back() = name;
  }
  void end_struct() override {
    if (elsewhere_ == 0) names_.pop_back();
  }
  void begin_array(std::uint64_t) override { ++elsewhere_; }
  void end_array() override { --elsewhere_; }
  void begin_pointer(std::uint64_t) override { ++elsewhere_; }
  void end_pointer() override { --elsewhere_; }
  void begin_cast(std::uint64_t, const btf::Cast&) override { ++elsewhere_; }
  void end_cast() override { --elsewhere_; }
  void begin_values(std::string_view) override { ++elsewhere_; }
  void end_values() override { --elsewhere_; }

private:
  void number(std::int64_t id) {
    if (elsewhere_ != 0) return;
    if (names_.size() == 1 && !names_.front().empty())
      return numbers_.push_back({std::string(names_.front()), id, false});
    if (names_.size() < 2 || !names_stack(names_.back())) return;
    std::string path;
    for (const std::string_view name : names_)
      if (!name.empty()) (path += path.empty() ? "" : ".") += name;
    numbers_.push_back({std::move(path), id});
  }

  std::vector<std::string_view> names_; ///< of the open structs, the member that comes next
  std::vector<StackNumber>& numbers_;
  unsigned elsewhere_ = 0;
};

void add(const report::KeptValue& value, std::string_view before, std::string_view part,
         std::vector<StackNumber>& numbers) {
  if (value.events() != nullptr) {
    Numbers visitor(before, numbers);
    return value.events()->play(visitor);
  }
  for (const std::size_t place : plain::id_places(value.bytes().size()))
    numbers.push_back({plain::place_name(part, place), *plain::id_in(value.bytes(), place), false});
}

} // namespace

bool names_stack(std::string_view member) {
  constexpr std::string_view word = "stack";
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return !std::ranges::search(member, word, same).empty();
}

std::vector<StackNumber> stack_numbers(const report::KeptRow& row) {
  std::vector<StackNumber> numbers;
  add(row.key(), "key", "key", numbers);
  add(row.value(), "", "value", numbers);
  return numbers;
}

} // namespace mapscope::pipeline
