// SPDX-License-Identifier: Apache-2.0
// diff of two captures of one boot: exactly the changes that the guest said it made in between.
#include "captures.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <iterator>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace mapscope::guest {
namespace {

using rapidjson::Value;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Twice {
  const Capture& guest;
  [[nodiscard]] std::string before() const { return (guest.folder / "before").string(); }
  [[nodiscard]] std::string after() const { return (guest.folder / "after").string(); }
};

std::string text_of(const Value& json) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  json.Accept(writer);
  return buffer.GetString();
}

/// One text for each change, of what it is a change: in no order, since a hash has none. Of what the kernel
/// does on its own, such as which task runs, the guest says nothing.
std::vector<std::string> changes_in(const Value& differences) {
  std::vector<std::string> all;
  for (const auto& one : differences.GetArray()) {
    const std::string what = one["what"].GetString();
    if (what == "extension") continue;
    const std::string title =
        what + " " + one["name"].GetString() + " (" + one["type_name"].GetString() + ") ";
    for (const char* const whole : {"new", "gone", "not_compared"})
      if (one.HasMember(whole)) all.push_back(title + whole);
    if (!one.HasMember("changes")) continue;
    for (const auto& change : one["changes"].GetArray()) all.push_back(title + text_of(change));
  }
  std::ranges::sort(all);
  return all;
}

std::vector<std::string> stated(const Twice& twice) {
  return changes_in(parse(read_file(twice.guest.folder / "guest.json"))["differences"]);
}

std::vector<std::string> found(const std::string& before, const std::string& after) {
  const Ran ran = run({"diff", "-j", before, after});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_EQ(ran.err, "");
  const auto difference = parse(ran.out);
  EXPECT_FALSE(difference["equal"].GetBool());
  return changes_in(difference["differences"]);
}

std::string saved(const Scratch& scratch, const std::string& name, const std::string& source) {
  std::string path = scratch / name;
  const Ran ran = run({"dump", source, "-j", "-o", path});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  return path;
}

/// Of sorted lists: what both have is long, and says nothing.
void expect_same(const std::vector<std::string>& found, const std::vector<std::string>& stated) {
  std::vector<std::string> too_many, missing;
  std::ranges::set_difference(found, stated, std::back_inserter(too_many));
  std::ranges::set_difference(stated, found, std::back_inserter(missing));
  EXPECT_THAT(too_many, IsEmpty());
  EXPECT_THAT(missing, IsEmpty());
}

/// With the two the other way round.
std::string reversed(std::string text) {
  for (const auto& [one, other] : {std::pair{R"("added")", R"("gone")"}, {" new", " gone"}})
    if (const auto at = text.find(one); at != text.npos)
      return text.replace(at, std::string(one).size(), other);
    else if (const auto there = text.find(other); there != text.npos)
      return text.replace(there, std::string(other).size(), one);
  return text;
}

/// What came and went, of which nothing but that is told otherwise.
std::vector<std::string> of_one_side(std::vector<std::string> changes) {
  std::erase_if(changes, [](const std::string& text) { return text.contains(R"("changed")"); });
  return changes;
}

class DiffTwice : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(guests_.empty()) << "MAPSCOPE_TWICE is not set; ./dev test sets it"; }
  std::vector<Capture> guests_ = twice_captured();
};

TEST_F(DiffTwice, OfSourcesNamesTheChangesAndNoOthers) {
  for (const Capture& guest : guests_) {
    SCOPED_TRACE(guest.name);
    const Twice twice{guest};
    EXPECT_GT(stated(twice).size(), 40U);
    expect_same(found(twice.before(), twice.after()), stated(twice));
  }
}

TEST_F(DiffTwice, OfSavedReportsIsThatOfTheirSources) {
  for (const Capture& guest : guests_) {
    SCOPED_TRACE(guest.name);
    const Twice twice{guest};
    const Scratch scratch;
    const auto before = saved(scratch, "before.json", twice.before()),
               after = saved(scratch, "after.json", twice.after());
    expect_same(found(before, after), stated(twice));
    expect_same(found(before, twice.after()), stated(twice));
    std::vector<std::string> back = of_one_side(found(after, before));
    std::ranges::transform(back, back.begin(), reversed);
    std::ranges::sort(back);
    expect_same(back, of_one_side(stated(twice)));
  }
}

TEST_F(DiffTwice, OfOneCaptureIsNoDifference) {
  for (const Capture& guest : guests_) {
    SCOPED_TRACE(guest.name);
    const Twice twice{guest};
    const Scratch scratch;
    for (const auto& side : {twice.before(), twice.after()}) {
      const Ran ran = run({"diff", side, saved(scratch, "report.json", side)});
      EXPECT_EQ(ran.exit_code, 0) << ran.err;
      EXPECT_THAT(ran.out, HasSubstr("\nnothing differs in "));
    }
  }
}

TEST_F(DiffTwice, IsTextThatAPersonReads) {
  for (const Capture& guest : guests_) {
    SCOPED_TRACE(guest.name);
    const Twice twice{guest};
    const Ran ran = run({"diff", twice.before(), twice.after()});
    EXPECT_EQ(ran.exit_code, 1) << ran.err;
    for (const char* const lines : {
             " c_hash (hash)\n",
             "  ~ 5: count 42949672967 -> 42949673967 (+1000)\n",
             "  ~ 7: sum -7000021 -> -7000009 (+12)\n",
             "  ~ 4: 18446744073709551611 -> 1 (+6)\n",
             "  ~ 1: level -1 -> -32768 (-32767)\n",
             "  ~ 1: per_cpu[1] 100 -> 250 (+150)\n",
             "  + 10.1.2.3/32: {\"value_hex\":\"01 00 00 00\"}\n",
             "  ~ ringbuf.producer_pos 32 -> 48 (+16)\n",
             " c_came (queue) is new\n",
             " c_unloaded (socket_filter) is gone\n",
         })
      EXPECT_THAT(ran.out, HasSubstr(lines));
    for (const char* const name : {"c_rewritten", "c_untouched", "c_quiet"})
      EXPECT_THAT(ran.out, Not(HasSubstr(name)));
  }
}

} // namespace
} // namespace mapscope::guest
