// SPDX-License-Identifier: Apache-2.0
#include "host/plain/fold.hpp"

#include "host/plain/entries.hpp"
#include "host/plain/path.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace mapscope::plain {

namespace {

constexpr unsigned deepest = 8; ///< that members are looked for
constexpr std::size_t most_members = 256;

/// Negative ids are errors: there was no stack.
using Id = std::int64_t;

struct Member {
  bool is_of_key = false;
  std::vector<Step> path = {};
  std::string name = {}; ///< of the last step; "" of the value itself
  const Json* node = nullptr;

  [[nodiscard]] std::string text() const {
    std::vector<std::string_view> names;
    for (const Step& step : path) names.push_back(step.name);
    return fmt::format("{}{}", is_of_key ? "key." : "", fmt::join(names, "."));
  }
};

/// All that is no struct.
void add_members(const Json& from, Member so_far, unsigned depth, std::vector<Member>& members) {
  const Json& node = whole_or_part(from);
  if (depth == deepest || members.size() == most_members) return;
  if (!is_kind(node, "struct")) {
    so_far.node = &node;
    return members.push_back(std::move(so_far));
  }
  for_members(node, [&](const Json& name, const Json& member) {
    Member inner = so_far;
    inner.name = name.GetString();
    inner.path.push_back({inner.name, {}});
    add_members(member, std::move(inner), depth + 1, members);
  });
}

const Json* part_of(const Entry& entry, bool is_key) {
  if (is_key) return entry.key;
  const Json* const value = find(*entry.row, "value");
  if (value != nullptr) return value;
  const Json* const copies = find(*entry.row, "per_cpu");
  if (copies == nullptr || !copies->IsArray()) return nullptr;
  for (const Json& copy : copies->GetArray())
    if (!copy.IsNull()) return &copy;
  return nullptr;
}

std::vector<Member> members_of(const Entry& entry) {
  std::vector<Member> members;
  for (const bool is_key : {true, false})
    if (const Json* const part = part_of(entry, is_key); part != nullptr)
      add_members(*part, {.is_of_key = is_key}, 0, members);
  return members;
}

bool is_integer(const Json& node) { return is_kind(node, "int") || is_kind(node, "uint"); }

bool says(std::string_view name, std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return !std::ranges::search(name, word, same).empty();
}

const Json* at(const Entry& entry, const Member& member) {
  const Json* const part = part_of(entry, member.is_of_key);
  if (part == nullptr) return nullptr;
  const auto found = follow(*part, member.path, *part);
  return found ? *found : nullptr;
}

std::optional<Id> id_at(const Entry& entry, const Member& member) {
  const Json* const node = at(entry, member);
  const Json* const number = node != nullptr ? find(*node, "value") : nullptr;
  if (number == nullptr) return std::nullopt;
  if (number->IsInt64()) {
    const Json* const bits = find(*node, "bits");
    const bool is_short = bits != nullptr && bits->IsUint() && bits->GetUint() == 32;
    return is_short ? static_cast<std::int32_t>(number->GetInt64()) : number->GetInt64(); // -EFAULT in an u32
  }
  return number->IsUint64() ? std::optional(static_cast<Id>(number->GetUint64())) : std::nullopt;
}

/// The stacks of one map by id.
using Stacks = std::map<Id, const Json*>;

Stacks stacks_of(const Json& map) {
  Stacks stacks;
  for (const Entry& entry : entries_of(map))
    if (entry.key != nullptr && entry.key->IsInt64()) stacks[entry.key->GetInt64()] = entry.row;
  return stacks;
}

/// No separator, and nothing that a terminal acts on.
std::string frame_text(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == ';' || static_cast<unsigned char>(c) < ' ') c = '_';
  return out;
}

std::string text_at(const Json& frame, const char* name) {
  const Json* const text = find(frame, name);
  return text != nullptr && text->IsString() ? text->GetString() : "";
}

std::string frame_name(const Json& frame) {
  if (std::string symbol = text_at(frame, "symbol"); !symbol.empty()) return frame_text(symbol);
  const Json* const ip = find(frame, "ip");
  if (ip != nullptr && ip->IsUint64()) return fmt::format("{:#x}", ip->GetUint64());
  const Json* const offset = find(frame, "offset");
  const std::string file = text_at(frame, "build_id");
  if (file.empty() || offset == nullptr || !offset->IsUint64()) return "[unknown]";
  return fmt::format("[{}+{:#x}]", frame_text(file.substr(0, 8)), offset->GetUint64());
}

/// The outermost first, which stacks have last.
void add_frames(const Json& stack, std::vector<std::string>& line) {
  for (const char* const list : {"frames", "build_ids"})
    if (const Json* const frames = find(stack, list); frames != nullptr && frames->IsArray())
      for (rapidjson::SizeType i = frames->Size(); i-- > 0;) line.push_back(frame_name((*frames)[i]));
}

/// A member that holds ids, and the stacks that they are of.
struct StackMember {
  Member member;
  const Stacks* stacks = nullptr;
  [[nodiscard]] bool is_of_kernel() const {
    return says(member.name, "kern") || says(member.name, "kstack") || says(member.name, "k_stack");
  }
};

class Folding {
public:
  Folding(const Json& map, std::span<const Json* const> stacks)
      : entries_(entries_of(map)), has_one_value_(find(map, "value") != nullptr) {
    for (const Json* const stack_map : stacks) stacks_.push_back(stacks_of(*stack_map));
    if (!entries_.empty()) members_ = members_of(entries_.front());
    for (const Member& member : members_)
      if (is_integer(*member.node) && says(member.name, "stack"))
        if (const Stacks* const found = stacks_for(member); found != nullptr) ids_.push_back({member, found});
    // What user space did stands below what the kernel did for it.
    std::ranges::stable_sort(ids_, {}, &StackMember::is_of_kernel);
  }

  Result<Folded> fold(const std::string& number) {
    if (entries_.empty() && !has_one_value_) return Folded{};
    if (ids_.empty()) return no_ids();
    auto counts = number_member(number);
    if (!counts) return std::unexpected(std::move(counts.error()));
    Folded folded;
    std::map<std::string, std::uint64_t> lines; // of a hostile map sums may wrap
    for (const Entry& entry : entries_) {
      const auto count = count_at(entry, *counts);
      if (count)
        lines[line_of(entry, folded)] += static_cast<std::uint64_t>(*count);
      else
        ++folded.left_out;
    }
    for (const auto& [line, count] : lines)
      folded.lines += fmt::format("{} {}\n", line, static_cast<std::int64_t>(count));
    return folded;
  }

private:
  /// The map that has most of the ids; null where none has more than half of them.
  const Stacks* stacks_for(const Member& member) const {
    const Stacks* best = nullptr;
    std::size_t most = 0, all = 0;
    for (const Entry& entry : entries_) all += id_at(entry, member).value_or(-1) >= 0 ? 1 : 0;
    for (const Stacks& stacks : stacks_) {
      const auto has = [&](const Entry& entry) { return stacks.contains(id_at(entry, member).value_or(-1)); };
      const auto found = static_cast<std::size_t>(std::ranges::count_if(entries_, has));
      if (found > most && 2 * found > all) best = &stacks, most = found;
    }
    return best;
  }

  [[nodiscard]] std::unexpected<Error> no_ids() const {
    std::vector<std::string> named;
    for (const Member& member : members_)
      if (is_integer(*member.node) && says(member.name, "stack")) named.push_back(member.text());
    if (stacks_.empty())
      return fail(Errc::not_found, "its programs use no stack map, so it holds no ids of stacks");
    if (named.empty())
      return fail(Errc::not_found,
                  "no number in its keys and values is called a stack's id, such as stack_id");
    return fail(Errc::not_found, fmt::format("what it has in {} are no ids in its programs' stack maps",
                                             fmt::join(named, " and ")));
  }

  [[nodiscard]] bool is_id(const Member& member) const {
    return std::ranges::any_of(ids_, [&](const StackMember& id) {
      return id.member.is_of_key == member.is_of_key && id.member.text() == member.text();
    });
  }

  Result<Member> number_member(const std::string& number) const {
    if (!number.empty()) return named_number(number);
    std::vector<Member> found;
    for (const Member& member : members_)
      if (!member.is_of_key && is_integer(*member.node) && !is_id(member)) found.push_back(member);
    if (found.size() == 1) return found.front();
    if (found.empty())
      return fail(Errc::not_found, "no number in its values tells how much each stack counts");
    std::vector<std::string> words;
    for (const Member& member : found) words.push_back("--fold=" + member.text());
    return fail(Errc::usage, fmt::format("its values have {} numbers; say which counts: {}", found.size(),
                                         fmt::join(words, ", ")));
  }

  Result<Member> named_number(const std::string& number) const {
    auto path = parse_path(number);
    if (!path) return std::unexpected(std::move(path.error()));
    const Json* const value = part_of(entries_.front(), false);
    if (value == nullptr) return fail(Errc::not_found, "its values cannot be read");
    const auto node = follow(*value, *path, *value);
    if (!node) return fail(Errc::usage, fmt::format("--fold={}: {}", number, node.error().text));
    if (!is_integer(whole_or_part(**node)))
      return fail(Errc::usage, fmt::format("--fold={}: it is no integer", number));
    return Member{false, std::move(*path), number, *node};
  }

  static std::optional<std::int64_t> number_in(const Json& value, const Member& member) {
    const auto node = follow(value, member.path, value);
    const Json* const number = node ? find(**node, "value") : nullptr;
    if (number == nullptr || !(number->IsInt64() || number->IsUint64())) return std::nullopt;
    return number->IsInt64() ? number->GetInt64() : static_cast<std::int64_t>(number->GetUint64());
  }

  /// Of all CPUs together.
  static std::optional<std::int64_t> count_at(const Entry& entry, const Member& member) {
    if (const Json* const value = find(*entry.row, "value"); value != nullptr)
      return number_in(*value, member);
    const Json* const copies = find(*entry.row, "per_cpu");
    std::optional<std::int64_t> sum;
    if (copies != nullptr && copies->IsArray())
      for (const Json& copy : copies->GetArray())
        if (const auto one = number_in(copy, member); one)
          sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.value_or(0)) +
                                          static_cast<std::uint64_t>(*one));
    return sum;
  }

  std::string line_of(const Entry& entry, Folded& folded) const {
    std::vector<std::string> line;
    for (const Member& member : members_) {
      const Json* const node = line.empty() ? at(entry, member) : nullptr;
      std::string text;
      if (node != nullptr && is_kind(*node, "array") && is_text(*node, text) && !text.empty())
        line.push_back(frame_text(text));
    }
    for (const auto& [member, stacks] : ids_) {
      const Id id = id_at(entry, member).value_or(-1);
      if (id < 0) continue;
      if (const auto stack = stacks->find(id); stack != stacks->end())
        add_frames(*stack->second, line);
      else
        ++folded.lost, line.push_back(fmt::format("[lost stack {}]", id));
    }
    return line.empty() ? "[no stack]" : fmt::format("{}", fmt::join(line, ";"));
  }

  std::vector<Entry> entries_;
  bool has_one_value_; ///< and no keys
  std::vector<Stacks> stacks_;
  std::vector<Member> members_; ///< of the first entry, which the others are like
  std::vector<StackMember> ids_;
};

} // namespace

Result<Folded> fold(const Json& map, std::span<const Json* const> stacks, const std::string& number) {
  return Folding(map, stacks).fold(number);
}

} // namespace mapscope::plain
