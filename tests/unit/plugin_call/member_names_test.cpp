// SPDX-License-Identifier: Apache-2.0
// Which names a plugin may give: not those that the report's writer gives, none twice in one object.
#include "host/report/writer.hpp"

#include <gmock/gmock.h>
#include <mapscope/member_names.hpp>
#include <rapidjson/document.h>

namespace mapscope {
namespace {

using testing::Contains;

TEST(MemberNames, AreTakenOncePerObject) {
  MemberNames names(map_member_names);
  EXPECT_EQ(names.take("one"), "");
  EXPECT_EQ(names.take("one"), "that its object has already");
  EXPECT_EQ(names.take("status"), "that the host gives itself");
  EXPECT_EQ(names.take("key_hex"), "") << "no row's";
  names.open();
  EXPECT_EQ(names.take("one"), "");
  EXPECT_EQ(names.take("status"), "") << "inside of an object that is the plugin's own";
  names.close();
  names.open();
  EXPECT_EQ(names.take("one"), "") << "of another object";
  names.close();
  EXPECT_EQ(names.take("one"), "that its object has already");
  names.open(row_member_names);
  EXPECT_EQ(names.take("key_hex"), "that the host gives itself");
  EXPECT_EQ(names.take("status"), "");
}

TEST(MemberNames, OfAWideObject) {
  MemberNames names(map_member_names);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(names.take("x" + std::to_string(i)), "");
  for (int i = 0; i < 1000; ++i) EXPECT_NE(names.take("x" + std::to_string(i)), "");
  names.open();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(names.take("x" + std::to_string(i)), "");
  names.close();
  EXPECT_NE(names.take("x999"), "");
  EXPECT_EQ(names.take("x1000"), "");
}

struct Kept final : report::Stream {
  std::string text;
  void append(std::string_view more) override { text += more; }
};

catalog::Map map_with_everything() {
  catalog::Map map;
  map.id = 7, map.name = "m", map.type = 1, map.type_name = "hash", map.key_size = 4, map.value_size = 1;
  map.flags = 1, map.flag_names = {"BPF_F_A"}, map.map_extra = 5, map.kva = 8, map.btf_id = 9;
  map.key_type = map.value_type = map.vmlinux_value_type = 3;
  map.key_type_name = "u32", map.value_type_name = "u64";
  map.frozen = false, map.refcnt = 2, map.usercnt = 1, map.programs = {3};
  return map;
}

std::vector<std::string> members_of(const rapidjson::Value& object) {
  std::vector<std::string> names;
  for (const auto& member : object.GetObject()) names.emplace_back(member.name.GetString());
  return names;
}

/// A writer that learns a new word must say so in the list.
TEST(MemberNames, HaveAllThatTheWriterGives) {
  const std::byte byte{1};
  const report::Typed typed{nullptr, {&byte, 1}};
  const std::optional<report::Typed> copies[] = {typed};
  for (const auto shape : {report::Shape::entry, report::Shape::element, report::Shape::percpu_element,
                           report::Shape::percpu_entry, report::Shape::queued}) {
    Kept kept;
    const auto writer = report::make_map_writer(report::Format::json, {}, kept);
    writer->begin(map_with_everything());
    report::Row value, row;
    value.shape = report::Shape::value, value.value = typed;
    row.shape = shape, row.key = row.value = typed, row.copies = copies, row.payload = typed;
    writer->row(value);
    writer->row(row);
    report::Outcome outcome{report::Status::partial, "x@1", 1, "an error"};
    outcome.limits = {"a limit"}, outcome.notes = {"a note"};
    writer->end(outcome);
    rapidjson::Document document;
    document.Parse(kept.text.c_str());
    ASSERT_FALSE(document.HasParseError()) << kept.text;
    for (const std::string& name : members_of(document)) EXPECT_THAT(map_member_names, Contains(name));
    const std::string list(report::list_name(shape));
    for (const std::string& name : members_of(document[list.c_str()][0]))
      EXPECT_THAT(row_member_names, Contains(name));
  }
}

} // namespace
} // namespace mapscope
