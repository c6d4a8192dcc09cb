// SPDX-License-Identifier: Apache-2.0
// KEY and PATH, and what is said where they lead nowhere.
#include "host/plain/look_up.hpp"
#include "report.hpp"

namespace mapscope::plain {
namespace {

using testing::HasSubstr;

/// The value found, as JSON, or the sentence.
std::string found_in(const rapidjson::Document& map, const Words& words, const OtherKeys& others = {}) {
  const auto found = look_up(map, words, others);
  if (!found) return found.error().text;
  if (std::holds_alternative<AllEntries>(*found)) return "all";
  rapidjson::Document own;
  return json_text(plain(*std::get<const Json*>(*found), own.GetAllocator()), false);
}

std::string stats(unsigned nr) {
  return record(member("nr", uint(nr)) + "," + member("list", list(uint(7) + "," + uint(8))) + "," +
                member("next", pointer(R"(,"deref":)" + record(member("pid", uint(nr + 1))))) + "," +
                member("gone", pointer(R"(,"deref_skipped_reason":"not mapped")")));
}

rapidjson::Document hash() {
  return parsed(R"({"name":"h","type_name":"hash","status":"complete","entries":[{"key":)" + uint(12) +
                R"(,"key_hex":"0c","value":)" + stats(1) + R"(},{"key":)" + uint(13) +
                R"(,"key_hex":"0d","value":)" + stats(2) + R"(,"owner":{"pid":77}}]})");
}

TEST(LookUp, ByKeyAndPath) {
  EXPECT_EQ(found_in(hash(), {"12", "nr"}), "1");
  EXPECT_EQ(found_in(hash(), {"0xd", "nr"}), "2");
  EXPECT_EQ(found_in(hash(), {"77", "nr"}), "2");
  EXPECT_EQ(found_in(hash(), {"12", "list[1]"}), "8");
  EXPECT_EQ(found_in(hash(), {"12", "list.1"}), "8");
  EXPECT_EQ(found_in(hash(), {"12", "next.pid"}), "2");
  EXPECT_EQ(found_in(hash(), {"77", "owner.pid"}), "77");
  EXPECT_EQ(found_in(hash(), {"12", "next"}), "\"0x1000\"");
  EXPECT_EQ(found_in(hash(), {}), "all");
  EXPECT_EQ(found_in(hash(), {"status", {}}), "no entry has the key status; it has 12, 77");
  EXPECT_EQ(found_in(hash(), {"hex:0c", "nr"}), "1");
}

TEST(LookUp, AMissSaysWhatThereIs) {
  EXPECT_EQ(found_in(hash(), {"14", "nr"}), "no entry has the key 14; it has 12, 77");
  EXPECT_EQ(found_in(hash(), {"14", {}}, {{"1", "2"}, 98}),
            "no entry has the key 14; it has 1, 2, 12, 77 and 96 more");
  EXPECT_EQ(found_in(hash(), {"12", "nx"}), "it has no nx; did you mean nr?");
  EXPECT_EQ(found_in(hash(), {"12", "next.tgid"}), "next has no tgid; there is pid");
  EXPECT_EQ(found_in(hash(), {"12", "list[2]"}), "list has 2 elements");
  EXPECT_EQ(found_in(hash(), {"12", "gone.pid"}), "gone is a pointer that is not followed: not mapped");
  EXPECT_THAT(found_in(hash(), {"12", "nr..x"}), HasSubstr("\"nr..x\" is no path"));
  EXPECT_THAT(found_in(hash(), {"12", "list[x]"}), HasSubstr("is no path"));
  EXPECT_THAT(found_in(hash(), {"12", "list[1"}), HasSubstr("is no path"));
}

/// An object is shown in one place, and the other pointers to it say where.
TEST(LookUp, GoesOnWhereAnObjectIsShown) {
  const auto value = [](const std::string& why) {
    const std::string head = pointer(R"(,"deref":)" + record(member("pid", uint(9))));
    const std::string tail = pointer(R"(,"deref_skipped_reason":")" + why + R"(")");
    return parsed(R"({"name":"a","type_name":"array","status":"complete","value":)" +
                  record(member("head", head) + "," + member("tail", tail)) + "}");
  };
  for (const char* why :
       {"cycle to 0x1000", "shown already, under entries[3]", "nested 32 deep, in the chain behind 0x20"})
    EXPECT_EQ(found_in(value(why), {"0", "tail.pid"}), "9") << why;
  EXPECT_EQ(found_in(value("nothing is mapped there"), {"0", "tail.pid"}),
            "tail is a pointer that is not followed: nothing is mapped there");
  EXPECT_EQ(found_in(value("cycle to 0x1000"), {"0", "tail.nope"}),
            "tail is a pointer that is not followed: cycle to 0x1000");
}

TEST(LookUp, GoesThroughNumbersThatArePointers) {
  const std::string task = R"({"kind":"uint","bits":64,"value":4096,"cast":{"space":"kernel","deref":)" +
                           record(member("pid", uint(9))) + "}}";
  const auto value = parsed(R"({"name":"a","type_name":"array","status":"complete","value":)" +
                            record(member("tptr", task)) + "}");
  EXPECT_EQ(found_in(value, {"0", "tptr.pid"}), "9");
  EXPECT_EQ(found_in(value, {"0", "tptr"}), "4096");
}

TEST(LookUp, OneValueNeedsNoKey) {
  const auto map = parsed(R"({"name":".bss","value":)" + stats(5) + "}");
  EXPECT_EQ(found_in(map, {"nr", {}}), "5");
  EXPECT_EQ(found_in(map, {"0", "nr"}), "5");
  EXPECT_EQ(found_in(map, {"next.pid", {}}), "6");
  EXPECT_EQ(found_in(map, {"1", "nr"}), "it has one value, and 1 is not its key (0)");
  EXPECT_EQ(found_in(map, {"nrr", {}}), "it has no nrr; did you mean nr?");
}

TEST(LookUp, OfCopiesTheCpuComesFirst) {
  const auto map =
      parsed(R"({"percpu_entries":[{"key":3,"per_cpu":[)" + stats(1) + ",null," + stats(9) + "]}]}");
  EXPECT_EQ(found_in(map, {"3", "2.nr"}), "9");
  EXPECT_EQ(found_in(map, {"3", "[0].nr"}), "1");
  EXPECT_EQ(found_in(map, {"3", "nr"}),
            "each CPU has a copy, and nr names none of the 3; say which first, as 0.nr");
  EXPECT_EQ(found_in(map, {"3", "3.nr"}), "it has 3 elements");
}

TEST(LookUp, WhatIsListedUnderOtherNames) {
  const auto slots =
      parsed(R"({"fd_array":{"populated":1,"slots":[{"index":3,"kind":"program","id":5,"name":"f"}]}})");
  EXPECT_EQ(found_in(slots, {"3", "name"}), "\"f\"");
  const auto ring = parsed(R"({"ringbuf":{"capacity":4096,"records":[{"pos":32,"len":8}]}})");
  EXPECT_EQ(found_in(ring, {"32", "len"}), "8");
  EXPECT_EQ(found_in(ring, {"capacity", {}}), "4096");
  const auto queue = parsed(R"({"elements":[{"index":0,"value":)" + stats(4) + "}]}");
  EXPECT_EQ(found_in(queue, {"0", "nr"}), "4");
  const auto arena = parsed(R"({"arena":{"declared_pages":9,"globals":)" + stats(4) + "}}");
  EXPECT_EQ(found_in(arena, {"nr", {}}), "4");
  EXPECT_EQ(found_in(arena, {"declared_pages", {}}), "9");
}

TEST(LookUp, AMapOfEntriesHasNoneBeforeItHasSome) {
  const auto empty = parsed(R"({"name":"users","type_name":"hash","max_entries":64})");
  EXPECT_EQ(found_in(empty, {"name", {}}), "no entry has the key name; it has no entries");
  EXPECT_EQ(found_in(empty, {}), "all");
  const auto array = parsed(R"({"type_name":"array","max_entries":5,"value":)" + stats(1) + "}");
  EXPECT_EQ(found_in(array, {"nr", {}}, {{"0", "1"}, 5}), "no entry has the key nr; it has 0, 1 and 3 more");
  EXPECT_EQ(found_in(array, {"7", {}}, {{"0", "1"}, 5}), "no entry has the key 7; it has 0, 1 and 3 more");
}

TEST(LookUp, ByBytesWithoutAType) {
  const auto map = parsed(R"({"type_name":"hash","entries":[{"key_hex":"12 00","value_hex":"05"},)"
                          R"({"key_hex":"fb ff","value_hex":"06"}]})");
  EXPECT_EQ(found_in(map, {"18", {}}), "\"05\"");
  EXPECT_EQ(found_in(map, {"12", {}}), "no entry has the key 12; it has 12 00, fb ff");
  EXPECT_EQ(found_in(map, {"-5", {}}), "\"06\"");
  EXPECT_EQ(found_in(map, {"hex:1200", {}}), "\"05\"");
}

std::string is_key(const std::string& word, const std::string& value) {
  const auto key = Key::parse(word);
  if (!key) return key.error().text;
  return key->is(parsed(value)) ? "yes" : "no";
}

TEST(Keys, AreWrittenAsPeopleDo) {
  const std::string flow = record(member("addr", uint(10)) + "," + member("port", uint(443)));
  EXPECT_EQ(is_key("10,443", flow), "yes");
  EXPECT_EQ(is_key("10,444", flow), "no");
  EXPECT_EQ(is_key("10", flow), "no");
  EXPECT_EQ(is_key(R"({"port":443})", flow), "yes");
  EXPECT_EQ(is_key(R"({"port":443,"addr":11})", flow), "no");
  EXPECT_EQ(is_key("[10,443]", flow), "yes");
  EXPECT_EQ(is_key("9", record(member("only", uint(9)))), "yes");
  EXPECT_EQ(is_key("-5", R"({"kind":"int","bits":32,"value":-5})"), "yes");
  EXPECT_EQ(is_key("18446744073709551615", uint(18446744073709551615U)), "yes");
  EXPECT_EQ(is_key("RED", R"({"kind":"enum","bits":32,"value":1,"variant":"RED"})"), "yes");
  EXPECT_EQ(is_key("1", R"({"kind":"enum","bits":32,"value":1,"variant":"RED"})"), "yes");
  EXPECT_EQ(is_key("hi", list(character('h') + "," + character('i') + "," + character(0))), "yes");
  EXPECT_EQ(
      is_key("hi,3", record(member("n", list(character('h') + "," + character('i') + "," + character(0))) +
                            "," + member("x", uint(3)))),
      "yes");
  EXPECT_EQ(is_key("0x1000", pointer("")), "yes");
  EXPECT_EQ(is_key("hex:00ff", R"({"kind":"bytes","hex":"00 ff"})"), "yes");
  EXPECT_EQ(is_key("00 ff", R"({"kind":"bytes","hex":"00 ff"})"), "yes");
  EXPECT_EQ(is_key("00ff", R"({"kind":"bytes","hex":"00 ff"})"), "no");
  EXPECT_EQ(is_key("12", list(character('1') + "," + character('2') + "," + character(0))), "yes");
  EXPECT_EQ(is_key("a,b", list(character('a') + "," + character(',') + "," + character('b'))), "yes");
  EXPECT_EQ(is_key("10, 443", flow), "yes");
  EXPECT_EQ(is_key("1", R"({"kind":"bool","value":true})"), "yes");
  EXPECT_EQ(is_key("true", R"({"kind":"bool","value":true})"), "yes");
  EXPECT_THAT(is_key("{nr:1", "1"), HasSubstr("the key {nr:1 is no JSON at byte"));
}

} // namespace
} // namespace mapscope::plain
