// SPDX-License-Identifier: Apache-2.0
#include "host/plain/fold.hpp"

#include "host/base/hex.hpp"
#include "host/plain/entries.hpp"
#include "host/plain/fold_text.hpp"
#include "host/plain/path.hpp"
#include "host/plain/stack_ids.hpp"

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
  std::optional<std::size_t> place = {}; ///< in bytes that have no type

  [[nodiscard]] std::string text() const {
    if (place) return place_name(is_of_key ? "key" : "value", *place);
    if (path.empty()) return is_of_key ? "key" : "value";
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

/// Those without a type: a key's stand in its place, a value's in it.
std::optional<std::vector<std::byte>> bytes_of(const Json* part) {
  const Json* const hex = part == nullptr || part->IsString() ? part : find(*part, "hex");
  if (hex == nullptr || !hex->IsString() || !(part == hex || is_kind(*part, "bytes"))) return std::nullopt;
  std::vector<std::byte> bytes;
  return bytes_of_hex({hex->GetString(), hex->GetStringLength()}, bytes) ? std::optional(std::move(bytes))
                                                                         : std::nullopt;
}

/// What may be an id though no name says so: the whole key, and what lies in bytes.
std::vector<Member> nameless_of(const Entry& entry) {
  std::vector<Member> members;
  for (const bool is_key : {true, false}) {
    const Json* const part = part_of(entry, is_key);
    if (is_key && part != nullptr && is_integer(*part)) members.push_back({.is_of_key = true, .node = part});
    for (const std::size_t place : id_places(bytes_of(part).value_or(std::vector<std::byte>{}).size()))
      members.push_back({.is_of_key = is_key, .node = part, .place = place});
  }
  return members;
}

/// A number of up to eight bytes.
std::optional<std::int64_t> number_of(const std::vector<std::byte>& bytes) {
  if (bytes.empty() || bytes.size() > sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    number = number << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return static_cast<std::int64_t>(number);
}

bool is_number(const Json& node) {
  const auto bytes = bytes_of(&node);
  return is_integer(node) || (bytes && number_of(*bytes));
}

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
  if (member.place) {
    const auto bytes = bytes_of(part_of(entry, member.is_of_key));
    return bytes ? id_in(std::span(*bytes), *member.place) : std::nullopt;
  }
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
struct Stacks {
  std::map<Id, const Json*> by_id = {};
  StackIds ids = {};
};

Stacks stacks_of(const Json& map) {
  Stacks stacks;
  const Json* const most = find(map, "max_entries");
  if (most != nullptr && most->IsUint64()) stacks.ids.buckets = buckets_of(most->GetUint64());
  for (const Entry& entry : entries_of(map))
    if (entry.key != nullptr && entry.key->IsInt64()) {
      stacks.by_id[entry.key->GetInt64()] = entry.row;
      stacks.ids.ids.insert(entry.key->GetInt64());
    }
  return stacks;
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
    if (ids_.empty()) add_nameless();
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
  void add_nameless() {
    if (entries_.empty()) return;
    for (Member& member : nameless_of(entries_.front())) {
      std::set<Id> numbers;
      for (const Entry& entry : entries_)
        if (const Id id = id_at(entry, member).value_or(-1); id >= 0) numbers.insert(id);
      for (const Stacks& stacks : stacks_)
        if (are_ids(numbers, stacks.ids)) {
          ids_.push_back({std::move(member), &stacks});
          break;
        }
    }
  }

  /// The map that has most of the ids; null where none has more than half of them.
  const Stacks* stacks_for(const Member& member) const {
    const Stacks* best = nullptr;
    std::size_t most = 0, all = 0;
    for (const Entry& entry : entries_) all += id_at(entry, member).value_or(-1) >= 0 ? 1 : 0;
    for (const Stacks& stacks : stacks_) {
      const auto has = [&](const Entry& entry) {
        return stacks.by_id.contains(id_at(entry, member).value_or(-1));
      };
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
      if (!member.is_of_key && is_number(*member.node) && !is_id(member)) found.push_back(member);
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
    if (const auto bytes = node ? bytes_of(*node) : std::nullopt; bytes) return number_of(*bytes);
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

  /// The first text that it has.
  [[nodiscard]] std::string text_of(const Entry& entry) const {
    for (const Member& member : members_)
      if (const Json* const node = at(entry, member); node != nullptr && is_kind(*node, "array"))
        if (std::string text = letters_of(*node); !text.empty()) return text;
    return text_beside_ids(entry);
  }

  /// Of a key without a type what is before the first id, or behind the last. bpftrace keeps eight bytes for
  /// one.
  [[nodiscard]] std::string text_beside_ids(const Entry& entry) const {
    constexpr std::size_t id_size = 8;
    const auto bytes = bytes_of(entry.key);
    if (!bytes || ids_.empty() || !ids_.front().member.place || !ids_.front().member.is_of_key) return "";
    const std::span all(*bytes);
    const std::size_t first = *ids_.front().member.place, last = *ids_.back().member.place;
    if (std::string text = letters_of(all.first(std::min(std::min(first, last), all.size()))); !text.empty())
      return text;
    return letters_of(all.subspan(std::min(std::max(first, last) + id_size, all.size())));
  }

  std::string line_of(const Entry& entry, Folded& folded) const {
    std::vector<std::string> line;
    if (const std::string text = text_of(entry); !text.empty()) line.push_back(frame_text(text));
    for (const auto& [member, stacks] : ids_) {
      const Id id = id_at(entry, member).value_or(-1);
      if (const auto stack = stacks->by_id.find(id); stack != stacks->by_id.end())
        add_frames(*stack->second, line);
      else if (id >= 0)
        ++folded.lost, line.push_back(fmt::format("[lost stack {}]", id));
      else if (const std::string_view why = loss(id); !why.empty())
        ++folded.not_kept, line.push_back(fmt::format("[stack not kept: {}]", why));
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
