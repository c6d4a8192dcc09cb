// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/member_picker.hpp"

#include "host/pipeline/deaf_visitor.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace mapscope::pipeline {

namespace {

using plain::Step;

/// Follows the events, and knows of each value how many steps of the path lead to it.
class Picker final : public btf::ValueVisitor {
public:
  Picker(std::span<const Step> path, plain::Scalar& into) : path_(path), into_(into) { into_.clear(); }

  [[nodiscard]] bool has_found() const { return is_found_; }

  void signed_int(std::uint32_t, std::int64_t value) override { number(value, static_cast<char>(value)); }
  void unsigned_int(std::uint32_t, std::uint64_t value) override { number(value, static_cast<char>(value)); }
  void boolean(bool value) override {
    if (begin_scalar()) found(std::uint64_t{value}), into_.set_text(value ? "true" : "false");
  }
  void character(std::uint8_t value) override {
    const char letter = static_cast<char>(value);
    if (in_text()) return letter_of_text(letter);
    if (begin_scalar()) found(std::uint64_t{value}), into_.set_letter(letter);
  }
  void real(std::uint32_t, double value) override {
    if (begin_scalar()) found(value);
  }
  void wide_number(const btf::WideNumber& number) override { text_alone(number.decimal); }
  void enumeration(std::uint32_t, std::int64_t value, std::optional<std::string_view> variant,
                   bool is_signed) override {
    if (!begin_scalar()) return;
    found(is_signed ? plain::Number(value) : plain::Number(static_cast<std::uint64_t>(value)));
    if (variant) into_.set_text(*variant);
  }
  void begin_struct(std::optional<std::string_view>) override { open(Kind::record, begin_value()); }
  void member(std::string_view name) override {
    Open& record = open_.back();
    ++record.index;
    if (is_at(record.steps) && record.index > 1) alone_ = false; // it is more than one member
    next_ = step_into(record.steps, name);
  }
  void end_struct() override {
    if (is_at(open_.back().steps) && !alone_) is_found_ = false, into_.clear();
    close();
  }
  void begin_array(std::uint64_t) override { open(Kind::list, begin_value()); }
  void begin_text(std::uint64_t) override {
    const std::size_t steps = begin_value();
    open(is_at(steps) ? Kind::text : Kind::list, steps);
    if (is_at(steps)) is_found_ = true, into_.set_text("");
  }
  void left_out(const btf::LeftOut&) override {}
  void end_array() override { close(); }
  void cpu_list(std::string_view ranges) override { text_alone(ranges); }
  void pointer(std::uint64_t value) override {
    if (begin_scalar()) found(value);
  }
  void begin_pointer(std::uint64_t value) override {
    const std::size_t steps = begin_value();
    open(Kind::pointer, steps);
    if (is_at(steps)) found(value);
  }
  void deref() override { next_ = is_at(open_.back().steps) ? nowhere : open_.back().steps; }
  void end_pointer() override { close(); }
  void begin_cast(std::uint64_t value, const btf::Cast&) override { begin_pointer(value); }
  void end_cast() override { close(); }
  void fact(std::string_view name, const btf::Fact& fact) override;
  void begin_values(std::string_view name) override { open(Kind::list, step_into(open_.back().steps, name)); }
  void end_values() override { close(); }
  void null() override { (void)begin_value(); }
  void bytes(std::span<const std::byte>) override { (void)begin_value(); }
  void text(std::string_view escaped) override { text_alone(escaped); }
  void begin_truncated(std::uint64_t, std::uint64_t) override {
    const std::size_t steps = begin_value();
    open(Kind::part, steps);
    next_ = steps;
  }
  void end_truncated() override { close(); }
  void unsupported(std::string_view) override { (void)begin_value(); }

private:
  static constexpr std::size_t nowhere = SIZE_MAX;
  enum class Kind : std::uint8_t { record, list, text, pointer, part };
  struct Open {
    Kind kind;
    std::size_t steps; ///< of the path that lead there; nowhere: it is beside the way
    std::uint64_t index = 0;
  };

  [[nodiscard]] bool is_at(std::size_t steps) const { return steps == path_.size(); }
  [[nodiscard]] bool in_text() const { return !open_.empty() && open_.back().kind == Kind::text; }

  void open(Kind kind, std::size_t steps) { open_.push_back({kind, steps}); }
  void close() { open_.pop_back(); }

  /// How far the way has come at the value that begins.
  std::size_t begin_value() {
    if (open_.empty()) return 0;
    Open& outer = open_.back();
    if (outer.kind != Kind::list && outer.kind != Kind::text) return std::exchange(next_, nowhere);
    const std::uint64_t index = outer.index++;
    if (outer.steps >= path_.size() || path_[outer.steps].index != index) return nowhere;
    return outer.steps + 1;
  }
  /// Members of one without a name are its struct's; at the goal that is the member alone.
  [[nodiscard]] std::size_t step_into(std::size_t steps, std::string_view name) const {
    if (steps == nowhere) return nowhere;
    if (is_at(steps) || name.empty()) return steps;
    return path_[steps].name == name ? steps + 1 : nowhere;
  }

  [[nodiscard]] bool begin_scalar() { return is_at(begin_value()) && !is_found_; }
  void found(plain::Number number) { is_found_ = true, into_.number = number; }
  void number(plain::Number value, char letter) {
    if (in_text()) return letter_of_text(letter);
    if (begin_scalar()) found(value);
  }
  void letter_of_text(char letter) {
    has_ended_ = has_ended_ || letter == 0;
    if (!has_ended_) into_.text += letter;
  }
  void text_alone(std::string_view text) {
    if (begin_scalar()) is_found_ = true, into_.set_text(text);
  }

  std::span<const Step> path_;
  plain::Scalar& into_;
  std::vector<Open> open_;
  std::size_t next_ = nowhere; ///< of the value that comes next in what is no list
  bool is_found_ = false, alone_ = true, has_ended_ = false;
};

/// What is known of a pointer is also a way to call it by.
void Picker::fact(std::string_view name, const btf::Fact& fact) {
  const std::size_t outer = open_.back().steps;
  const auto* const text = std::get_if<std::string_view>(&fact);
  if (is_at(outer)) {
    if (open_.back().kind == Kind::pointer && text != nullptr && (name == "symbol" || name == "slot"))
      into_.set_text(*text);
    return;
  }
  if (!is_at(step_into(outer, name)) || is_found_) return;
  is_found_ = true;
  if (text != nullptr) return into_.set_text(*text);
  if (const auto* const flag = std::get_if<bool>(&fact))
    into_.number = std::uint64_t{*flag}, into_.set_text(*flag ? "true" : "false");
  else if (const auto* const number = std::get_if<std::int64_t>(&fact))
    into_.number = *number;
  else
    into_.number = std::get<std::uint64_t>(fact);
}

/// The outermost members.
class Names final : public DeafVisitor {
public:
  explicit Names(std::vector<std::string>& names) : names_(names) {}

  void begin_struct(std::optional<std::string_view>) override { ++depth_; }
  void member(std::string_view name) override {
    level_ = std::min(level_, depth_);
    if (depth_ != level_) return;
    if (name.empty()) // its members are the struct's
      ++level_;
    else if (names_.size() < most && std::ranges::count(names_, name) == 0)
      names_.emplace_back(name);
  }
  void end_struct() override { --depth_; }
  void begin_array(std::uint64_t) override { ++depth_; }
  void end_array() override { --depth_; }
  void begin_pointer(std::uint64_t) override { ++depth_; }
  void end_pointer() override { --depth_; }
  void begin_cast(std::uint64_t, const btf::Cast&) override { ++depth_; }
  void end_cast() override { --depth_; }
  void begin_values(std::string_view) override { ++depth_; }
  void end_values() override { --depth_; }

private:
  static constexpr std::size_t most = 256;
  std::vector<std::string>& names_;
  unsigned depth_ = 0, level_ = 1; ///< of what is open; at which members are named
};

} // namespace

const plain::Scalar* pick_member(const report::Recording& value, std::span<const Step> path,
                                 plain::Scalar& into) {
  Picker picker(path, into);
  value.play(picker);
  return picker.has_found() ? &into : nullptr;
}

void add_member_names(const report::Recording& value, std::vector<std::string>& names) {
  Names visitor(names);
  value.play(visitor);
}

} // namespace mapscope::pipeline
