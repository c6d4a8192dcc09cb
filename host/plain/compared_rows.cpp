// SPDX-License-Identifier: Apache-2.0
#include "host/plain/compared_rows.hpp"

#include "host/plain/cursor.hpp"
#include "host/plain/text_difference.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plain {

namespace {

/// Beside those that are keyed for people: pages of an arena.
constexpr EntryList pages = {"arena", "pages", {"user_addr", nullptr, nullptr}};

/// What tells a row from others. Bytes before the key that they are of: no two entries have the same.
/// Elements of queues have places that go on with every pop: they are what they hold.
std::string_view identity_of(const EntryList& list, std::string_view row) {
  const bool is_queue = std::string_view(list.outer) == "elements";
  std::string_view found, name;
  Cursor at(row);
  if (!at.enter('{')) return row;
  while (at.member(name)) {
    const std::string_view value = at.value();
    if (is_queue && name == "value_hex") return value;
    if (is_queue) continue;
    if (name == "key_hex") return value;
    for (const char* const key : list.keys)
      if (found.empty() && key != nullptr && name == key) found = value;
    if (!found.empty() && name != "key") return found; // bytes stand right behind the key
  }
  return found.empty() ? row : found;
}

struct Ref {
  std::size_t hash;
  std::string_view row;
};

std::vector<std::string_view> rows_of(const EntryList& list, const Object& map) {
  const std::string_view outer = map.find(list.outer);
  return elements_of(list.inner == nullptr ? outer : Object(outer).find(list.inner));
}

/// As far as both lists go the same way, no index is needed.
class Rows {
public:
  Rows(const EntryList& list, const std::vector<std::string_view>& before,
       const std::vector<std::string_view>& after, std::vector<RowPair>& pairs)
      : list_(list), pairs_(pairs) {
    std::size_t same = 0;
    while (same < std::min(before.size(), after.size()) && add_if_one(before[same], after[same])) ++same;
    for (const std::string_view row : std::span(before).subspan(same)) index_.push_back({hash(row), row});
    std::ranges::stable_sort(index_, {}, &Ref::hash);
    for (const std::string_view row : std::span(after).subspan(same)) find(row);
    for (const std::string_view row : std::span(before).subspan(same)) add_if_left(row);
  }

private:
  bool add_if_one(std::string_view before, std::string_view after) {
    if (before == after) return true;
    if (identity_of(list_, before) != identity_of(list_, after)) return false;
    pairs_.push_back({&list_, before, after});
    return true;
  }

  [[nodiscard]] std::size_t hash(std::string_view row) const {
    return std::hash<std::string_view>()(identity_of(list_, row));
  }

  /// The first of its identity that nobody has found yet; found ones have no text any more.
  void find(std::string_view row) {
    const std::string_view identity = identity_of(list_, row);
    for (auto at = std::ranges::lower_bound(index_, hash(row), {}, &Ref::hash);
         at != index_.end() && at->hash == hash(row); ++at) {
      if (at->row.empty() || identity_of(list_, at->row) != identity) continue;
      if (at->row != row && !is_queue()) pairs_.push_back({&list_, at->row, row});
      at->row = {};
      return;
    }
    pairs_.push_back({&list_, {}, row});
  }

  void add_if_left(std::string_view row) {
    for (auto at = std::ranges::lower_bound(index_, hash(row), {}, &Ref::hash);
         at != index_.end() && at->hash == hash(row); ++at)
      if (at->row.data() == row.data() && !at->row.empty()) pairs_.push_back({&list_, row, {}});
  }

  [[nodiscard]] bool is_queue() const { return std::string_view(list_.outer) == "elements"; }

  const EntryList& list_;
  std::vector<RowPair>& pairs_;
  std::vector<Ref> index_;
};

/// The key once more, as a person calls it.
bool is_prefix(std::string_view name) { return name == "prefix" || name == "prefix_is_guess"; }

/// Only bytes of values that are not decoded say something.
bool is_told(std::string_view name, const EntryList& list, bool has_values) {
  if (is_prefix(name)) return false;
  if (std::ranges::any_of(list.keys, [&](const char* key) { return key != nullptr && name == key; }))
    return false;
  return name != "key_hex" && !(has_values && name.ends_with("_hex"));
}

struct Content {
  std::vector<Object::Member> members;
  std::string_view value; ///< of one of them; "" where none has that name

  [[nodiscard]] bool is_value_alone() const { return members.size() == 1 && !value.empty(); }
  /// The owner of the value, what its plugin adds.
  [[nodiscard]] std::vector<Object::Member> beside() const {
    std::vector<Object::Member> others = members;
    std::erase_if(others, [](const Object::Member& member) { return member.name == "value"; });
    return others;
  }
};

Content content_of(const EntryList& list, const Object& row) {
  const bool has_values = !row.find("value").empty() || !row.find("per_cpu").empty();
  Content content;
  for (const auto& member : row.members())
    if (is_told(member.name, list, has_values)) content.members.push_back(member);
  content.value = row.find("value");
  return content;
}

std::string as_object(const std::vector<Object::Member>& members) {
  std::string text = "{";
  for (const auto& [name, value] : members)
    text += fmt::format("{}\"{}\":{}", text.size() > 1 ? "," : "", name, value);
  return text + "}";
}

/// Of what tells which entry it is, without what it holds.
Result<std::string> key_of(const EntryList& list, const Object& row) {
  std::vector<Object::Member> members;
  for (const auto& member : row.members())
    if (member.name == "owner" || !is_told(member.name, list, false)) members.push_back(member);
  const std::string text = as_object(members);
  Piece piece;
  const Json* const parsed = piece.parse(text);
  if (parsed == nullptr) return fail(Errc::corrupt, piece.problem());
  for (const char* const name : list.keys)
    if (const Json* const key = name != nullptr ? find(*parsed, name) : nullptr; key != nullptr)
      return key_text({parsed, key});
  return std::string();
}

/// Where two pages of an arena differ: a run from the first to the last byte that does.
void add_page_differences(const std::string& key, std::string_view before, std::string_view after,
                          std::vector<Change>& changes) {
  const auto was = elements_of(before), is = elements_of(after);
  const std::size_t both = std::min(was.size(), is.size());
  std::size_t count = 0, first = both;
  for (std::size_t i = 0; i < both; ++i)
    if (was[i] != is[i]) first = std::min(first, i), ++count;
  constexpr std::size_t shown = 16;
  const std::size_t end = std::min(both, first + shown);
  const auto bytes = [&](const std::vector<std::string_view>& page) {
    std::string text = "[";
    for (std::size_t i = first; i < end; ++i) text += fmt::format("{}{}", i == first ? "" : ",", page[i]);
    return text + "]";
  };
  if (count != 0)
    changes.push_back(
        {key, fmt::format("bytes[{:#x}] ({} differ)", first, count), bytes(was), bytes(is), {}});
  if (was.size() != is.size())
    changes.push_back({key, "size", std::to_string(was.size()), std::to_string(is.size()), {}});
}

} // namespace

RowsDifference::RowsDifference(const Object& before, const Object& after) {
  const auto take = [&](const EntryList& list) {
    const auto was = rows_of(list, before), is = rows_of(list, after);
    count_before_ += was.size(), count_after_ += is.size();
    Rows(list, was, is, pairs_);
  };
  std::ranges::for_each(entry_lists(), take);
  take(pages);
}

Result<void> RowsDifference::each(const std::function<Result<void>(const RowPair&)>& show) {
  for (const RowPair& pair : pairs_)
    if (auto told = show(pair); !told) return told;
  return {};
}

Result<ToldRow> told_row(const EntryList& list, std::string_view row) {
  const Object object(row);
  auto key = key_of(list, object);
  if (!key) return std::unexpected(key.error());
  if (&list == &pages) return ToldRow{std::move(*key), ""};
  const Content content = content_of(list, object);
  auto value = content.is_value_alone() ? plain_text(content.value) : plain_text(as_object(content.members));
  if (!value) return std::unexpected(value.error());
  return ToldRow{std::move(*key), std::move(*value)};
}

Result<void> add_row_differences(const EntryList& list, std::string_view before, std::string_view after,
                                 std::vector<Change>& changes) {
  const Object was(before), is(after);
  const auto key = key_of(list, is);
  if (!key) return std::unexpected(key.error());
  if (&list == &pages)
    return add_page_differences(*key, was.find("bytes"), is.find("bytes"), changes), Result<void>();
  const Content old = content_of(list, was), now = content_of(list, is);
  if (old.value.empty() || now.value.empty())
    return add_differences(*key, "", as_object(old.members), as_object(now.members), changes);
  if (auto told = add_differences(*key, "", old.value, now.value, changes); !told) return told;
  return add_differences(*key, "", as_object(old.beside()), as_object(now.beside()), changes);
}

bool has_rows_inside(std::string_view member) {
  return member == pages.outer || std::ranges::any_of(entry_lists(), [&](const EntryList& list) {
           return list.inner != nullptr && member == list.outer;
         });
}

std::string without_rows(std::string_view member, std::string_view text) {
  std::vector<Object::Member> rest;
  const Object object(text);
  for (const auto& one : object.members()) {
    const bool is_list = one.name == "indices" || one.name == "pages" || one.name == "runs" ||
                         std::ranges::any_of(entry_lists(), [&](const EntryList& list) {
                           return list.inner != nullptr && member == list.outer && one.name == list.inner;
                         });
    if (!is_list) rest.push_back(one);
  }
  return as_object(rest);
}

} // namespace mapscope::plain
