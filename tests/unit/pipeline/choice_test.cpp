// SPDX-License-Identifier: Apache-2.0
// Which rows are handed on, and what is told of the others.
#include "host/pipeline/choice.hpp"
#include "host/pipeline/request.hpp"
#include "tests/unit/report/text_events.hpp"

#include <deque>

namespace mapscope::pipeline {
namespace {

using report::a_map;
using report::Format;
using report::MapWriter;
using report::Outcome;
using report::Row;
using report::Says;
using report::Shape;
using report::V;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What comes through.
struct Taker final : MapWriter {
  void begin(const catalog::Map&) override {}
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void row(const Row& row) override {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < row.key.bytes.size() && i < 8; ++i)
      first |= std::to_integer<std::uint64_t>(row.key.bytes[i]) << 8 * i;
    keys->push_back(row.shape == Shape::entry || row.shape == Shape::percpu_entry ? first : row.index);
  }
  void field(const report::Field& field) override {
    if (field.kind != report::FieldKind::end) fields->emplace_back(field.name);
  }
  void end(const Outcome& outcome) override { *ended = outcome; }
  std::vector<std::uint64_t>* keys = nullptr;
  std::vector<std::string>* fields = nullptr;
  Outcome* ended = nullptr;
};

class Choosing : public testing::Test {
protected:
  void choose(const WantedEntries& wanted, std::uint64_t limit = 0) {
    auto choice = Choice::parse(wanted);
    ASSERT_TRUE(choice) << choice.error().text;
    choice_ = std::move(*choice);
    config_.report.limit = limit;
    choice_->narrow(config_, request_);
    EXPECT_EQ(config_.report.limit, 0U);
    auto taker = std::make_unique<Taker>();
    taker->keys = &keys_, taker->fields = &fields_, taker->ended = &outcome_;
    writer_ = request_.around(std::move(taker));
    writer_->begin(a_map());
  }
  void row(std::uint8_t key, std::int64_t hits, const char* name = "hits") {
    const Says value(report::members({{name, hits}, {"pid", key}})),
        number([=](V& v) { v.unsigned_int(32, key); });
    const auto bytes = report::bytes_of({key, 0, 0, 0});
    Row row;
    row.key = {&number, bytes}, row.value = {&value, bytes};
    writer_->row(row);
  }
  /// Each with a list of its own, as a decoder adds it, and whose it is.
  void row_of(std::uint8_t key, std::uint32_t pid) {
    const Says value(report::members({{"hits", 1}}));
    const auto bytes = report::bytes_of({key, 0, 0, 0});
    Row row;
    row.key = {nullptr, bytes}, row.value = {&value, bytes}, row.open = true;
    writer_->row(row);
    using report::FieldKind;
    field(FieldKind::object, "owner"), field(FieldKind::number, "pid", pid), field(FieldKind::end);
    field(FieldKind::list, "list"), field(FieldKind::number, "", 7), field(FieldKind::end);
    field(FieldKind::end);
  }
  void field(report::FieldKind kind, std::string_view name = "", std::uint64_t number = 0) {
    report::Field field;
    field.kind = kind, field.name = name, field.number = number;
    writer_->field(field);
  }
  void per_cpu(std::uint8_t key, std::vector<std::int64_t> hits) {
    std::deque<Says> says;
    const auto bytes = report::bytes_of({key, 0, 0, 0});
    std::vector<std::optional<report::Typed>> copies;
    for (const auto one : hits)
      copies.emplace_back(report::Typed{&says.emplace_back(report::members({{"hits", one}})), bytes});
    copies.emplace_back(std::nullopt);
    Row row;
    row.shape = Shape::percpu_entry, row.key = {nullptr, bytes}, row.copies = copies;
    writer_->row(row);
  }
  void end() {
    writer_->end({.status = report::Status::complete, .renderer = "r@1", .entry_count = 9, .error = ""});
  }

  std::vector<std::uint64_t> keys_;
  std::vector<std::string> fields_;
  Outcome outcome_;
  config::Config config_;
  Request request_;
  std::unique_ptr<Choice> choice_;
  std::unique_ptr<MapWriter> writer_;
};

TEST_F(Choosing, ByTheValueAndByTheKey) {
  choose({.where = "hits > 5 && key != 2"});
  row(1, 5), row(2, 6), row(3, 7), row(4, 8);
  end();
  EXPECT_THAT(keys_, ElementsAre(3, 4));
  EXPECT_THAT(outcome_.notes, ElementsAre("2 of 4 entries chosen"));
  EXPECT_EQ(outcome_.status, report::Status::complete);
  EXPECT_EQ(outcome_.entry_count, 9U);
  EXPECT_TRUE(choice_->check());
  EXPECT_EQ(choice_->shortfall(), "");
}

TEST_F(Choosing, AKeyAlone) {
  choose({.key = "0x3"});
  row(1, 5), row(3, 7), row_of(3, 1);
  end();
  EXPECT_THAT(keys_, ElementsAre(3, 3)) << "untyped bytes of four are a number, too";
}

TEST_F(Choosing, WhatStandsBesideIt) {
  choose({.where = "owner.pid == 12 && list[0] == 7"});
  row_of(1, 11), row_of(2, 12);
  end();
  EXPECT_THAT(keys_, ElementsAre(2));
  EXPECT_THAT(fields_, ElementsAre("owner", "pid", "list", "")) << "of the other nothing";
}

TEST_F(Choosing, ByItsOwner) {
  choose({.key = "12"});
  row_of(1, 11), row_of(2, 12);
  end();
  EXPECT_THAT(keys_, ElementsAre(2));
}

TEST_F(Choosing, OneCpuIsEnough) {
  choose({.where = "hits > 5"});
  per_cpu(1, {1, 9}), per_cpu(2, {5, 5});
  end();
  EXPECT_THAT(keys_, ElementsAre(1));
}

TEST_F(Choosing, ThatCpu) {
  choose({.where = "[0].hits > 5 || [7].hits"});
  per_cpu(1, {1, 9}), per_cpu(2, {6, 5});
  end();
  EXPECT_THAT(keys_, ElementsAre(2));
}

TEST_F(Choosing, InOrder) {
  choose({.sort = "hits"});
  row(1, -5), row(2, 7), row(3, 7), row(4, 1, "other"), row(5, 1000);
  EXPECT_THAT(keys_, IsEmpty());
  end();
  EXPECT_THAT(keys_, ElementsAre(5, 2, 3, 1, 4));
}

TEST_F(Choosing, TheFirstOfTheOrder) {
  choose({.where = "hits < 100", .sort = "hits", .top = 2});
  for (std::uint8_t i = 0; i < 120; ++i) row(i, i ^ 0x55);
  end();
  EXPECT_THAT(keys_, ElementsAre(99 ^ 0x55, 98 ^ 0x55));
  EXPECT_THAT(outcome_.notes, Contains(HasSubstr("the first 2 of ")));
  EXPECT_EQ(outcome_.status, report::Status::complete) << "who asks for two has two";
}

TEST_F(Choosing, OfAllCpusTogether) {
  choose({.sort = "hits", .top = 1});
  per_cpu(1, {1, 9}), per_cpu(2, {6, 5});
  end();
  EXPECT_THAT(keys_, ElementsAre(2));
}

/// Limits are for what is chosen.
TEST_F(Choosing, UpToALimit) {
  choose({.where = "hits > 2"}, 2);
  row(1, 1), row(2, 2), row(3, 3), row(4, 4), row(5, 5);
  end();
  EXPECT_THAT(keys_, ElementsAre(3, 4));
  EXPECT_THAT(outcome_.limits, ElementsAre("the first 2 of 3 chosen entries shown; --limit 0 shows all"));
  EXPECT_EQ(outcome_.status, report::Status::truncated);
  EXPECT_EQ(choice_->shortfall(), "map 7, m (truncated)");
}

TEST_F(Choosing, AMemberThatNoEntryHas) {
  choose({.where = "hist > 2 || pid == 3"});
  row(1, 1), row(3, 2);
  end();
  EXPECT_THAT(keys_, ElementsAre(3));
  EXPECT_THAT(outcome_.notes, Contains("no entry has a member hist; did you mean hits?"));
  const auto checked = choice_->check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::usage);
  EXPECT_EQ(checked.error().text, "--where: no entry has a member hist; did you mean hits?");
}

TEST_F(Choosing, MapsWithoutEntriesLackNothing) {
  choose({.where = "hist > 2"});
  end();
  EXPECT_THAT(outcome_.notes, IsEmpty());
  EXPECT_TRUE(choice_->check());
}

TEST(Choice, WhatItDoesNotTake) {
  EXPECT_THAT(Choice::parse({.where = "a =="}).error().text, testing::StartsWith("--where: expected "));
  EXPECT_THAT(Choice::parse({.key = "{\"a\":"}).error().text, testing::StartsWith("--key: "));
  EXPECT_THAT(Choice::parse({.sort = "a..b"}).error().text, testing::StartsWith("--sort: "));
}

} // namespace
} // namespace mapscope::pipeline
