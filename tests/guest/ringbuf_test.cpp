// SPDX-License-Identifier: Apache-2.0
// Records of ring buffers as the type that a person says they are of.
#include "captures.hpp"
#include "slots.hpp"

#include <fstream>
#include <gmock/gmock.h>

namespace mapscope::guest {
namespace {

/// "type: member=value ..." of a record's value; "" when it has none.
std::string spelled(const rapidjson::Value& record) {
  if (!record.HasMember("value")) return "";
  const auto& value = record["value"];
  return json_text(value.HasMember("type_name") ? value["type_name"] : value["kind"]);
}

const rapidjson::Value* records_of(const rapidjson::Document& report, const std::string& name) {
  for (const auto& map : report["maps"].GetArray())
    if (map["name"].GetString() == name) return &map["ringbuf"]["records"];
  ADD_FAILURE() << "no map " << name;
  return nullptr;
}

/// Their max_entries are bytes, which their records are not compared with.
TEST(Ringbufs, TheTableOfMapsComparesNoRecordsWithBytes) {
  for (const Capture& capture : captures()) {
    if (!knows_map_type(capture, "user_ringbuf")) continue;
    const Ran ran = run({"maps", capture.vmcore().string(), "-q"});
    EXPECT_THAT(ran.out, testing::ContainsRegex("  ringbuf +events .* [0-9]+ / -  ")) << capture.name;
  }
}

// libbpf gives ring buffers no BTF: the type is one of the program's.
TEST(Ringbufs, RecordsHaveTheTypeThatTheConfigurationNames) {
  ASSERT_FALSE(captures().empty());
  const Scratch scratch;
  const auto config = scratch / "rings.toml";
  std::ofstream(config) << "[map.\"event*\"]\nconfig.record_type = \"struct ring_event\"\n"
                           "[map.\"waiting\"]\nconfig.record_type = \"struct list_head\"\n"
                           "[map.\"latest\"]\nconfig.record_type = \"struct nowhere\"\n";
  unsigned seen = 0;
  for (const Capture& capture : captures()) {
    if (!knows_map_type(capture, "user_ringbuf")) continue; // before 6.1; 5.10 refuses the object's types too
    SCOPED_TRACE(capture.name);
    ++seen;
    const auto report = dump(capture.vmcore(), {"--config", config.string()});
    const auto *events = records_of(report, "events"), *waiting = records_of(report, "waiting"),
               *latest = records_of(report, "latest"), *orders = records_of(report, "orders");
    ASSERT_TRUE(events != nullptr && waiting != nullptr && latest != nullptr && orders != nullptr);
    std::size_t whole = 0;
    for (const auto& record : events->GetArray()) {
      ASSERT_TRUE(record.HasMember("value"));
      if (record["len"].GetUint() != 24) {
        EXPECT_STREQ(record["value"]["kind"].GetString(), "truncated");
        continue;
      }
      ++whole;
      EXPECT_EQ(spelled(record), "\"ring_event\"");
      const auto& members = record["value"]["members"];
      EXPECT_STREQ(members[0]["name"].GetString(), "sequence");
      if (std::string(record["state"].GetString()) == "committed") {
        EXPECT_EQ(members[1]["value"]["value"].GetInt64(),
                  -static_cast<std::int64_t>(members[0]["value"]["value"].GetUint64()));
      }
    }
    EXPECT_GT(whole, 50U);
    EXPECT_EQ(spelled((*waiting)[0]), "\"list_head\"") << "a type of the kernel";
    EXPECT_EQ(spelled((*latest)[0]), "");
    EXPECT_EQ(spelled((*orders)[0]), "");
  }
  EXPECT_GT(seen, 0U);
}

/// "severity: text" of each finding about a map.
std::vector<std::string> findings_about(const rapidjson::Document& report, const std::string& name) {
  std::vector<std::string> found;
  for (const auto& finding : report["findings"].GetArray())
    if (finding.HasMember("map") &&
        (*map_by_id(report, finding["map"].GetUint()))["name"].GetString() == name)
      found.push_back(std::string(finding["severity"].GetString()) + ": " + finding["text"].GetString());
  return found;
}

bool overwrites(const rapidjson::Document& report, const std::string& name) {
  for (const auto& map : report["maps"].GetArray())
    if (map["name"].GetString() == name)
      for (const auto& flag : map["flag_names"].GetArray())
        if (flag == "BPF_F_RB_OVERWRITE") return true;
  return false;
}

/// The guest put 201 records, 6424 bytes, into a ring of 4096: what does not fit is refused, or old ones go.
TEST(Findings, NameWhatTheGuestFilled) {
  ASSERT_FALSE(captures().empty());
  using testing::ElementsAre, testing::IsEmpty;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.name);
    const auto report = dump(capture.vmcore());
    EXPECT_THAT(
        findings_about(report, "latest"),
        ElementsAre(overwrites(report, "latest")
                        ? "info: the consumer of latest lags by 156 % of its capacity (6424 of 4096 "
                          "bytes): old records were overwritten before they were read"
                        : "warning: the consumer of latest lags by 99 % of its capacity (4088 of 4096 "
                          "bytes): new records are dropped when it is full"));
    for (const char* well : {"events", "waiting", "orders", "a_ringbuf", "queue_drained", "trie_v4"})
      EXPECT_THAT(findings_about(report, well), IsEmpty()) << well;
    for (const std::string full : {"queue_full", "stack_full"})
      EXPECT_THAT(findings_about(report, full),
                  ElementsAre("warning: " + full +
                              " is 100 % full (4 of 4 entries): new values are refused with E2BIG"));
  }
}

} // namespace
} // namespace mapscope::guest
