// SPDX-License-Identifier: Apache-2.0
#include "host/plain/condition.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace mapscope::plain {

namespace {

constexpr std::string_view blanks = " \t\n\r";
/// What ends a member or a word.
constexpr std::string_view ends = " \t\n\r()!=<>~&|\"'";

/// Those that begin with another's text come first.
constexpr std::array<std::pair<std::string_view, Compare>, 7> comparisons = {{{"==", Compare::equal},
                                                                              {"!=", Compare::unequal},
                                                                              {"<=", Compare::at_most},
                                                                              {">=", Compare::at_least},
                                                                              {"<", Compare::less},
                                                                              {">", Compare::more},
                                                                              {"~", Compare::like}}};

} // namespace

/// By recursive descent; each function leaves what it has not taken.
class Condition::Parser {
public:
  Parser(std::string_view text, std::vector<Member>& members) : text_(text), members_(members) {}

  Result<Node> all_of_it() {
    if (text_.size() > most_characters)
      return fail(Errc::usage,
                  fmt::format("it has {} characters, and {} are the most", text_.size(), most_characters));
    auto node = either();
    if (node && !is_at_end()) return wrong("expected && or ||");
    return node;
  }

private:
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view what) const {
    constexpr std::size_t around = 40;
    const std::size_t from = at_ - std::min(at_, around), to = std::min(text_.size(), at_ + around);
    return fail(Errc::usage, fmt::format("{} at character {}, where ^ stands: {}{}^{}{}", what, at_ + 1,
                                         from != 0 ? "..." : "", text_.substr(from, at_ - from),
                                         text_.substr(at_, to - at_), to != text_.size() ? "..." : ""));
  }

  void pass_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }
  bool is_at_end() {
    pass_blanks();
    return at_ == text_.size();
  }
  bool take(std::string_view word) {
    pass_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<Node> either() { return many("||", Kind::any, &Parser::both); }
  Result<Node> both() { return many("&&", Kind::all, &Parser::contrary); }

  Result<Node> many(std::string_view between, Kind kind, Result<Node> (Parser::*part)()) {
    Node node{.kind = kind};
    do {
      auto next = (this->*part)();
      if (!next) return next;
      node.parts.push_back(std::move(*next));
    } while (take(between));
    return node.parts.size() == 1 ? std::move(node.parts.front()) : std::move(node);
  }

  Result<Node> contrary() {
    const std::size_t before = at_;
    if (!take("!")) return bracket();
    if (++depth_ > deepest) return at_ = before, too_deep();
    auto part = contrary();
    --depth_;
    if (!part) return part;
    Node node{.kind = Kind::contrary};
    node.parts.push_back(std::move(*part));
    return node;
  }

  Result<Node> bracket() {
    const std::size_t before = at_;
    if (!take("(")) return comparison();
    if (++depth_ > deepest) return at_ = before, too_deep();
    auto inner = either();
    --depth_;
    if (inner && !take(")")) return wrong("expected && or || or a closing bracket");
    return inner;
  }

  [[nodiscard]] std::unexpected<Error> too_deep() const {
    return wrong(fmt::format("brackets and ! go deeper than {}", deepest));
  }

  Result<Node> comparison() {
    pass_blanks();
    const std::size_t before = at_;
    const std::string_view word = take_word();
    if (word.empty()) return wrong("expected a member, such as stats.hits,");
    if (constant_of(word).number.index() != 0)
      return at_ = before, wrong("a member comes first, as in pid == 12;");
    auto path = parse_path(word);
    if (!path) return at_ = before, wrong(path.error().text + ";");
    Node node{.member = index_of(word, std::move(*path))};
    const auto how = take_comparison();
    if (!how) return is_slip() ? Result<Node>(wrong("expected ==, !=, <, <=, >, >= or ~")) : std::move(node);
    node.how = *how;
    auto constant = take_constant(*how);
    if (!constant) return std::unexpected(std::move(constant.error()));
    node.constant = std::move(*constant);
    return node;
  }

  std::string_view take_word() {
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }

  std::optional<Compare> take_comparison() {
    for (const auto& [word, how] : comparisons)
      if (take(word)) return how;
    return std::nullopt;
  }

  /// "a = 1", "a & 1": what follows a member alone is neither.
  bool is_slip() {
    if (is_at_end() || text_[at_] == ')') return false;
    return !text_.substr(at_).starts_with("&&") && !text_.substr(at_).starts_with("||");
  }

  Result<Constant> take_constant(Compare how) {
    pass_blanks();
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return take_quoted();
    const std::string_view word = take_word();
    if (word.empty()) return wrong("expected a number, a word or a text in quotes");
    Constant constant = constant_of(word);
    if (how == Compare::like || !begins_as_number(word) || constant.number.index() != 0) return constant;
    at_ -= word.size(); // as a text it would be compared with no number
    if (word.starts_with("0x"))
      return wrong("a number behind 0x has 1 to 16 digits; a text stands in quotes;");
    return wrong(fmt::format("{} is no number; a text stands in quotes;", word));
  }

  /// A backslash makes a character of what follows.
  Result<Constant> take_quoted() {
    const std::size_t before = at_;
    const char quote = text_[at_++];
    Constant constant;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      constant.text += text_[at_];
    }
    if (at_ >= text_.size()) return at_ = before, wrong("a text whose quotes do not end");
    ++at_;
    return constant;
  }

  std::size_t index_of(std::string_view word, std::vector<Step> path) {
    const auto known = std::ranges::find(members_, word, &Member::text);
    if (known != members_.end()) return static_cast<std::size_t>(known - members_.begin());
    members_.push_back({std::string(word), std::move(path)});
    return members_.size() - 1;
  }

  std::string_view text_;
  std::vector<Member>& members_;
  std::size_t at_ = 0, depth_ = 0;
};

Result<Condition> Condition::parse(std::string_view text) {
  Condition condition;
  auto root = Parser(text, condition.members_).all_of_it();
  if (!root) return std::unexpected(std::move(root.error()));
  condition.root_ = std::move(*root);
  return condition;
}

Truth Condition::truth(const Node& node, const Look& look) {
  if (node.kind == Kind::comparison) {
    const Scalar* const member = look(node.member);
    return member != nullptr ? plain::holds(*member, node.how, node.constant) : Truth::unknown;
  }
  if (node.kind != Kind::contrary) return truth_of_many(node, look);
  const Truth part = truth(node.parts.front(), look);
  if (part == Truth::unknown) return part;
  return part == Truth::yes ? Truth::no : Truth::yes;
}

/// One part settles it, whatever is not known of others.
Truth Condition::truth_of_many(const Node& node, const Look& look) {
  const Truth settles = node.kind == Kind::any ? Truth::yes : Truth::no;
  Truth all = node.kind == Kind::any ? Truth::no : Truth::yes;
  for (const Node& part : node.parts) {
    const Truth one = truth(part, look);
    if (one == settles) return settles;
    if (one == Truth::unknown) all = one;
  }
  return all;
}

} // namespace mapscope::plain
