// SPDX-License-Identifier: Apache-2.0
// --where, --key, --sort and --top leave of a map's entries what somebody who has all of them would choose.
#include "captures.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <gmock/gmock.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace mapscope::guest {
namespace {

using rapidjson::Value;
using testing::HasSubstr;

std::string text_of(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

const Value& member(const Value& value, const std::string& name) {
  static const Value nothing;
  for (const auto& one : value["members"].GetArray())
    if (name == one["name"].GetString()) return one["value"]["value"];
  ADD_FAILURE() << name;
  return nothing;
}

using Fits = std::function<bool(const Value&)>;

std::vector<std::string>
rows(const Value& map, const char* list, const Fits& fits = [](const Value&) { return true; }) {
  std::vector<std::string> all;
  if (map.HasMember(list))
    for (const auto& row : map[list].GetArray())
      if (fits(row)) all.push_back(text_of(row));
  return all;
}

/// One map, with all that is chosen of it.
rapidjson::Document shown(const Capture& capture, const std::string& map,
                          std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--limit", "0", "--map", map});
  auto report = dump(capture.vmcore(), more);
  EXPECT_EQ(report["maps"].Size(), 1U);
  return report;
}

class Chosen : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(captures().empty()); }
  static void for_each(const std::function<void(const Capture&)>& check) {
    std::size_t checked = 0;
    for (const Capture& capture : captures()) {
      if (capture.name != "6.1-kdump" && capture.name != "6.12" && capture.name != "7") continue;
      SCOPED_TRACE(capture.name);
      check(capture);
      ++checked;
    }
    EXPECT_NE(checked, 0U);
  }
};

TEST_F(Chosen, ByACondition) {
  for_each([](const Capture& capture) {
    const auto all = shown(capture, "big"),
               some = shown(capture, "big", {"--where", "level > 30000 && (last < 0x80000000 || sum <= -1)"});
    const Fits fits = [](const Value& row) {
      const Value& value = row["value"];
      return member(value, "level").GetInt() > 30000 &&
             (member(value, "last").GetUint64() < 0x80000000 || member(value, "sum").GetInt64() <= -1);
    };
    const auto expected = rows(all["maps"][0], "entries", fits), found = rows(some["maps"][0], "entries");
    EXPECT_FALSE(expected.empty());
    EXPECT_LT(expected.size(), 100000U);
    EXPECT_TRUE(found == expected) << found.size() << " of " << expected.size();
    EXPECT_EQ(some["maps"][0]["entry_count"], all["maps"][0]["entry_count"]);
    EXPECT_STREQ(some["maps"][0]["status"].GetString(), "complete");
    EXPECT_THAT(text_of(some["maps"][0]["notes"]),
                HasSubstr(std::to_string(expected.size()) + " of 100000 entries chosen"));
  });
}

TEST_F(Chosen, TheLargest) {
  for_each([](const Capture& capture) {
    const auto all = shown(capture, "big"), some = shown(capture, "big", {"--sort", "sum", "--top", "7"});
    std::vector<const Value*> order;
    for (const auto& row : all["maps"][0]["entries"].GetArray()) order.push_back(&row);
    std::ranges::stable_sort(order, [](const Value* one, const Value* other) {
      return member((*one)["value"], "sum").GetInt64() > member((*other)["value"], "sum").GetInt64();
    });
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < 7; ++i) expected.push_back(text_of(*order[i]));
    EXPECT_EQ(rows(some["maps"][0], "entries"), expected);
  });
}

TEST_F(Chosen, OnAnyCpuAndByAllOfThem) {
  for_each([](const Capture& capture) {
    const auto all = shown(capture, "percpu_odd"),
               some = shown(capture, "percpu_odd", {"--where", "balance < 0"}),
               one = shown(capture, "percpu_odd", {"--where", "[1].balance < 0"}),
               first = shown(capture, "percpu_odd", {"--sort", "hits", "--top", "1"});
    const auto is_negative = [](const Value& copy) { return member(copy, "balance").GetInt64() < 0; };
    EXPECT_EQ(rows(some["maps"][0], "percpu_hash_entries"),
              rows(all["maps"][0], "percpu_hash_entries", [&](const Value& row) {
                return std::ranges::any_of(row["per_cpu"].GetArray(), is_negative);
              }));
    EXPECT_EQ(rows(one["maps"][0], "percpu_hash_entries"),
              rows(all["maps"][0], "percpu_hash_entries",
                   [&](const Value& row) { return is_negative(row["per_cpu"][1]); }));
    const auto sum = [](const Value& row) {
      std::uint64_t hits = 0;
      for (const auto& copy : row["per_cpu"].GetArray()) hits += member(copy, "hits").GetUint64();
      return hits;
    };
    std::uint64_t most = 0;
    for (const auto& row : all["maps"][0]["percpu_hash_entries"].GetArray()) most = std::max(most, sum(row));
    ASSERT_EQ(first["maps"][0]["percpu_hash_entries"].Size(), 1U);
    EXPECT_EQ(sum(first["maps"][0]["percpu_hash_entries"][0]), most);
  });
}

TEST_F(Chosen, ByWhomItIsOf) {
  for_each([](const Capture& capture) {
    const auto all = shown(capture, "of_task");
    ASSERT_GT(all["maps"][0]["entries"].Size(), 1U);
    const Value& row = all["maps"][0]["entries"][1];
    const std::string pid = std::to_string(row["owner"]["pid"].GetUint());
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--where", "owner.pid == " + pid},
          {"--key", pid},
          {"--where", std::string("owner.comm ~ '") + row["owner"]["comm"].GetString() + "'"}}) {
      const auto some = shown(capture, "of_task", words);
      EXPECT_THAT(rows(some["maps"][0], "entries"), testing::Contains(text_of(row)));
      EXPECT_LT(some["maps"][0]["entries"].Size(), all["maps"][0]["entries"].Size());
    }
  });
}

/// What a map lists inside one of its members: by what each says, by what it decodes to, by its key.
TEST_F(Chosen, RecordsOfRings) {
  const Scratch scratch;
  const std::string config =
      scratch.file("config.toml", "[map.\"event*\"]\nconfig.record_type = \"struct ring_event\"\n");
  for_each([&](const Capture& capture) {
    const auto records = [&](
                             std::vector<std::string> words,
                             const Fits& fits = [](const Value&) { return true; }) {
      words.insert(words.begin(), {"--config", config});
      const auto report = shown(capture, "events", words);
      return rows(report["maps"][0]["ringbuf"], "records", fits);
    };
    const auto sequence = [](const Value& record) { // of short records too: it comes first
      return std::strtoul(std::string(record["data_hex"].GetString(), 2).c_str(), nullptr, 16);
    };
    const Fits is_late = [&](const Value& record) { return sequence(record) > 100; };
    const Fits is_discarded = [](const Value& record) { return record["state"] == "discarded"; };
    const auto all = records({}), late = records({}, is_late), discarded = records({}, is_discarded);
    ASSERT_TRUE(!late.empty() && !discarded.empty() && late.size() < all.size()) << all.size();
    EXPECT_EQ(records({"--where", "sequence > 100"}), late);
    EXPECT_EQ(records({"--where", "value.sequence > 100"}), late);
    EXPECT_EQ(records({"--where", "state == discarded"}), discarded);
    EXPECT_THAT(records({"--sort", "sequence", "--top", "3"}), testing::SizeIs(3));
    EXPECT_EQ(records({"--sort", "pos"}), std::vector(all.rbegin(), all.rend()));
    const auto last = records({"--sort", "pos", "--top", "1"});
    const auto position = std::to_string(parse(last.front())["pos"].GetUint64());
    EXPECT_EQ(records({"--key", position}), last);
    EXPECT_EQ(records({"--where", "key == " + position}), last);
  });
}

TEST_F(Chosen, StacksAndSlots) {
  for_each([](const Capture& capture) {
    const auto all = shown(capture, "stacks"), none = shown(capture, "stacks", {"--where", "nr == 0"});
    const auto ids = rows(all["maps"][0]["stack_trace"], "entries");
    ASSERT_FALSE(ids.empty());
    EXPECT_THAT(rows(none["maps"][0]["stack_trace"], "entries"), testing::IsEmpty());
    const std::string id = std::to_string(parse(ids.back())["bucket_id"].GetUint());
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--key", id}, {"--where", "bucket_id == " + id}}) {
      const auto one = shown(capture, "stacks", words);
      EXPECT_THAT(rows(one["maps"][0]["stack_trace"], "entries"), testing::ElementsAre(ids.back()));
    }
  });
}

TEST_F(Chosen, ByAMemberThatIsNotThere) {
  for_each([](const Capture& capture) {
    const Ran ran = run({"dump", capture.vmcore().string(), "--map", "big", "--where", "cuont > 1"});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_EQ(ran.err, "mapscope: --where: no entry has a member cuont; did you mean count?\n");
    const auto both = dump(capture.vmcore(), {"--map", "big", "--map", "percpu_odd", "--where", "hits > 1"});
    for (const auto& map : both["maps"].GetArray())
      EXPECT_EQ(text_of(map["notes"]).find("no entry has a member hits") != std::string::npos,
                std::string("big") == map["name"].GetString());
  });
}

} // namespace
} // namespace mapscope::guest
