// SPDX-License-Identifier: Apache-2.0
// A scheduler's allocators and what points to their slots, against what the guest laid out
// (loader/allocators.cpp).
#include "captures.hpp"
#include "expected.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

/// What a guest with allocators said, and what mapscope shows of it.
struct Seen {
  Capture capture;
  rapidjson::Document guest, report;
  [[nodiscard]] const Value& stated() const { return guest["allocators"]; }
};

/// Of all guests that have allocators; older kernels have no arenas. Each is dumped once.
const std::vector<Seen>& seen_guests() {
  static const std::vector<Seen> all = [] {
    std::vector<Seen> found;
    for (const Capture& capture : captures()) {
      auto guest = parse(read_file(capture.folder / "guest.json"));
      if (guest.HasMember("allocators") && !guest["allocators"].IsNull())
        found.push_back({capture, std::move(guest), dump(capture.vmcore(), {"--limit", "0"})});
    }
    return found;
  }();
  return all;
}

template <class Check> void for_each_guest(Check check) {
  ASSERT_GE(seen_guests().size(), 2U) << "kernels with arenas among MAPSCOPE_CAPTURES";
  for (const Seen& seen : seen_guests()) {
    SCOPED_TRACE(seen.capture.name);
    check(seen.capture, seen);
  }
}

void compare_type(const Value& stated, const Value& shown) {
  const bool known = shown["payload_btf_type_id"].GetUint() != 0;
  EXPECT_EQ(known, stated["payload"].IsString());
  EXPECT_EQ(known, !shown.HasMember("payload_type_reason")) << as_text(shown["payload_btf_type_id"]);
}

Tally compare_allocator(const Value& stated, const Value& shown) {
  Tally tally;
  EXPECT_EQ(shown["elem_size"].GetUint64(), stated["elem_size"].GetUint64());
  EXPECT_EQ(shown["skipped_subtrees"].GetUint(), 0U);
  EXPECT_FALSE(shown.HasMember("truncated"));
  compare_type(stated, shown);
  compare_expected(stated["slots"], shown["entries"], tally); // in the order of the tree
  return tally;
}

TEST(Allocators, EverySlotIsAsItWasLaidOut) {
  for_each_guest([](const Capture& capture, const Seen& seen) {
    for (const auto& stated : seen.stated()["allocators"].GetArray()) {
      const char* name = stated["name"].GetString();
      SCOPED_TRACE(name);
      const Value* shown = allocations_of(seen.report, name);
      ASSERT_NE(shown, nullptr);
      const Tally tally = compare_allocator(stated, *shown);
      EXPECT_EQ(tally.equal, tally.all);
      std::printf("%s: %s: %zu of %zu cells of %u slots equal\n", capture.name.c_str(), name, tally.equal,
                  tally.all, stated["slots"].Size());
    }
  });
}

TEST(Allocators, AreToldApartByName) {
  for_each_guest([](const Capture&, const Seen& seen) {
    ASSERT_TRUE(seen.report.HasMember("sdt_allocations"));
    std::multiset<std::string> stated, shown;
    const auto add = [&](const Value& scheduler) {
      for (const auto& one : scheduler["allocators"].GetArray()) stated.emplace(one["name"].GetString());
    };
    add(seen.stated());
    for (const auto& scheduler : seen.guest["layouts"].GetArray()) add(scheduler);
    for (const auto& one : seen.report["sdt_allocations"].GetArray())
      shown.emplace(one["allocator_name"].GetString());
    EXPECT_EQ(shown, stated); // the one that nobody uses is in neither
  });
}

/// Key, or the number of the task, of an entry as the guest states it.
std::string key_of(const Value& ref) {
  return ref.HasMember("pid") ? std::to_string(ref["pid"].GetUint())
                              : std::string(ref["key_hex"].GetString());
}

std::map<std::string, const Value*> entries_of(const rapidjson::Document& report, const std::string& name) {
  std::map<std::string, const Value*> found;
  const Value* map = map_by_name(report, name);
  if (map == nullptr || !map->HasMember("entries")) return found;
  for (const auto& entry : (*map)["entries"].GetArray())
    found.emplace(entry.HasMember("owner") ? key_of(entry["owner"]) : key_of(entry), &entry);
  return found;
}

/// The payload that the guest stated for the slot that it says is behind a value; null when the slot was
/// freed.
const Value* stated_payload(const Value& stated, const Value& ref) {
  if (ref["user_addr"].IsNull()) return nullptr;
  for (const auto& allocator : stated["allocators"].GetArray()) {
    if (allocator["name"] != ref["allocator"]) continue;
    for (const auto& slot : allocator["slots"].GetArray())
      if (slot["user_addr"] == ref["user_addr"]) return &slot["payload"];
  }
  ADD_FAILURE() << "the guest stated no slot at " << as_text(ref);
  return nullptr;
}

TEST(Allocators, ValuesShowThePayloadTheyPointTo) {
  for_each_guest([](const Capture& capture, const Seen& seen) {
    std::map<std::string, std::map<std::string, const Value*>> maps;
    std::size_t equal = 0, live = 0, freed = 0;
    for (const auto& ref : seen.stated()["refs"].GetArray()) {
      const std::string name = ref["map"].GetString();
      SCOPED_TRACE(name + " " + key_of(ref));
      if (!maps.contains(name)) maps[name] = entries_of(seen.report, name);
      ASSERT_TRUE(maps[name].contains(key_of(ref)));
      const Value &entry = *maps[name][key_of(ref)], *payload = stated_payload(seen.stated(), ref);
      ++(payload != nullptr ? live : freed);
      EXPECT_EQ(entry.HasMember("payload"), payload != nullptr);
      if (payload == nullptr || !entry.HasMember("payload")) continue;
      EXPECT_TRUE(entry["payload"] == *payload) << as_text(entry["payload"]);
      equal += entry["payload"] == *payload ? 1 : 0;
    }
    std::printf("%s: %zu of %zu payloads equal, %zu values point to freed slots\n", capture.name.c_str(),
                equal, live, freed);
    EXPECT_GT(freed, 0U);
  });
}

// Typed pointers into the arena.

/// The numbers of the nodes from `pointer` on along `next`, and why it ends.
struct Chain {
  std::vector<std::int64_t> numbers;
  std::string reason; ///< empty at a null pointer
};

Chain chain_of(const Value& pointer) {
  Chain chain;
  for (const Value* at = &pointer; at != nullptr; at = member_of((*at)["deref"], "next")) {
    if (at->HasMember("deref_skipped_reason")) chain.reason = (*at)["deref_skipped_reason"].GetString();
    if (!at->HasMember("deref")) break;
    chain.numbers.push_back(number_of((*at)["deref"], "number"));
  }
  return chain;
}

class ArenaPointers : public testing::Test {
protected:
  /// Calls `check` with the value of arena_pointers and what the guest said of it.
  template <class Check> void for_each_value(Check check) {
    for_each_guest([&](const Capture&, const Seen& seen) {
      const Value* map = map_by_name(seen.report, "arena_pointers");
      ASSERT_NE(map, nullptr);
      // The list goes on where values nest no deeper, which is all that is not shown.
      ASSERT_STREQ((*map)["status"].GetString(), "truncated");
      ASSERT_EQ((*map)["limits"].Size(), 1U);
      ASSERT_NE(std::string((*map)["limits"][0].GetString()).find("nested 32 deep"), std::string::npos);
      check((*map)["value"], seen.stated()["pointers"]);
    });
  }
};

TEST_F(ArenaPointers, LeadToWhatWasLaidThere) {
  for_each_value([](const Value& value, const Value& stated) {
    for (const char* name : {"circle", "shared_by_one", "list", "number", "forward", "nowhere"})
      EXPECT_EQ(static_cast<std::uint64_t>(number_of(value, name)), stated[name].GetUint64()) << name;
    const Value* number = member_of(value, "number");
    ASSERT_TRUE(number->HasMember("deref"));
    EXPECT_EQ((*number)["deref"]["value"].GetInt(), -4711);
    EXPECT_FALSE(member_of(value, "nothing")->HasMember("deref"));
  });
}

TEST_F(ArenaPointers, EndACircleWhereItCloses) {
  for_each_value([](const Value& value, const Value&) {
    const Chain circle = chain_of(*member_of(value, "circle"));
    EXPECT_EQ(circle.numbers, (std::vector<std::int64_t>{10, 11, 12}));
    EXPECT_TRUE(circle.reason.starts_with("cycle ")) << circle.reason;
  });
}

/// Behind one node and not again behind another; where the value itself points to it, it may be shown once
/// more.
TEST_F(ArenaPointers, ReferToANodeThatIsShown) {
  for_each_value([](const Value& value, const Value&) {
    const std::string text = as_text(value);
    const std::string shared = R"({"name":"number","value":{"kind":"uint","bits":64,"value":30}})";
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(shared, at)) != text.npos; ++at) ++count;
    EXPECT_GE(count, 1U);
    EXPECT_LE(count, 2U);
    const Value* again = member_of((*member_of(value, "shared_by_one"))["deref"], "other");
    EXPECT_TRUE(again->HasMember("deref_skipped_reason")) << as_text(*again);
  });
}

/// As far as the depth goes, in order, and then it says that it stopped.
TEST_F(ArenaPointers, FollowAListInOrder) {
  for_each_value([](const Value& value, const Value& stated) {
    const Chain list = chain_of(*member_of(value, "list"));
    EXPECT_GE(list.numbers.size(), 8U);
    for (std::size_t i = 0; i < list.numbers.size(); ++i)
      EXPECT_EQ(list.numbers[i], 100 + static_cast<std::int64_t>(i));
    EXPECT_EQ(list.reason.empty(), list.numbers.size() == stated["list_length"].GetUint());
  });
}

TEST_F(ArenaPointers, SayWhyTheyAreNotFollowed) {
  for_each_value([](const Value& value, const Value&) {
    const Value *nowhere = member_of(value, "nowhere"), *forward = member_of(value, "forward");
    EXPECT_FALSE(nowhere->HasMember("deref"));
    EXPECT_TRUE(nowhere->HasMember("deref_skipped_reason"));
    EXPECT_FALSE(forward->HasMember("deref")); // nobody defines its type, and it is in no slot
  });
}

TEST_F(ArenaPointers, IntoASlotHaveItsTypeWhateverTheyDeclare) {
  for_each_value([](const Value& value, const Value& stated) {
    const Value* pointer = member_of(value, "forward_to_slot");
    ASSERT_TRUE(pointer->HasMember("deref")) << as_text(*pointer);
    EXPECT_TRUE((*pointer)["deref"] == stated["slot"]) << as_text((*pointer)["deref"]);
  });
}

/// The allocators' own section leads to all of their slots: a limit on entries bounds that, too.
TEST(Allocators, ALimitBoundsWhatTheirSectionLeadsTo) {
  for_each_guest([](const Capture& capture, const Seen& seen) {
    const auto& maps = seen.report["maps"].GetArray();
    const auto section = std::ranges::find_if(maps, [](const Value& map) {
      return std::string_view(map["name"].GetString()).starts_with("allocato.bss");
    });
    ASSERT_NE(section, maps.end());
    const std::string spec = "id:" + std::to_string((*section)["id"].GetUint());
    const std::string text = run({"dump", capture.vmcore(), "-q", "--limit", "3", "--map", spec}).out;
    EXPECT_LT(std::ranges::count(text, '\n'), 1000);
    EXPECT_NE(text.find("  [truncated] objects not shown: "), text.npos);
    const auto cut = dump(capture.vmcore(), {"--limit", "3", "--map", spec});
    EXPECT_STREQ(cut["maps"][0]["status"].GetString(), "truncated");
    EXPECT_STREQ((*section)["status"].GetString(), "complete") << "without a limit";
  });
}

} // namespace
} // namespace mapscope::guest
