// SPDX-License-Identifier: Apache-2.0
// A map's report that begins again, however much of it there was.
#include "host/report/draft.hpp"
#include "report_text.hpp"

#include <cstdlib>

namespace mapscope::report {
namespace {

const std::vector<std::byte> bytes = bytes_of({1, 2, 3, 4});

class DraftTest : public testing::Test {
protected:
  DraftTest() { draft_.begin(map_); }

  /// Some 90 bytes each.
  void rows(unsigned count, Shape shape = Shape::element) {
    Row row;
    row.shape = shape;
    row.value = {nullptr, bytes};
    for (unsigned i = 0; i < count; ++i) row.index = i, draft_.row(row);
  }
  std::string finished() {
    draft_.end({Status::complete, "x@1", std::nullopt, ""});
    return kept_.text;
  }
  /// As a writer gives it that never begins again.
  std::string plain(unsigned count, Shape shape = Shape::element) {
    std::vector<Row> all(count);
    for (unsigned i = 0; i < count; ++i)
      all[i].shape = shape, all[i].index = i, all[i].value = {nullptr, bytes};
    return map_text(Format::json, map_, all, {Status::complete, "x@1", std::nullopt, ""});
  }

  catalog::Map map_ = a_map();
  Kept kept_;
  Draft draft_{[](Stream& to) { return make_map_writer(Format::json, {}, to); }, kept_};
};

constexpr unsigned many = 60'000; // of some megabytes

TEST_F(DraftTest, HoldsAllUntilItIsKept) {
  rows(many);
  EXPECT_EQ(kept_.text, "");
  draft_.keep();
  EXPECT_GT(kept_.text.size(), 4U << 20);
  EXPECT_EQ(finished(), plain(many));
}

TEST_F(DraftTest, DropsWhatIsSetAside) {
  rows(many), draft_.set_aside();
  rows(3, Shape::queued);
  EXPECT_EQ(finished(), plain(3, Shape::queued));
}

TEST_F(DraftTest, WhatIsDroppedIsNotBroughtBack) {
  rows(many), draft_.drop();
  rows(3, Shape::queued), draft_.set_aside();
  rows(4, Shape::queued), draft_.bring_back();
  EXPECT_EQ(finished(), plain(3, Shape::queued));
}

TEST_F(DraftTest, BringsBackWhatCameFirst) {
  rows(many), draft_.set_aside();
  rows(3, Shape::queued), draft_.set_aside();
  rows(4, Shape::queued), draft_.bring_back();
  EXPECT_EQ(finished(), plain(many));
}

TEST_F(DraftTest, FindingsAreOfWhatIsShown) {
  const auto number = [&](FieldKind kind, std::string_view name, std::uint64_t value) {
    Field field;
    field.kind = kind, field.name = name, field.number = value;
    draft_.field(field);
  };
  number(FieldKind::object, "ringbuf", 0);
  number(FieldKind::number, "capacity", 77);
  number(FieldKind::end, "", 0);
  EXPECT_EQ(draft_.seen().ring_capacity, 77U);
  draft_.set_aside();
  EXPECT_EQ(draft_.seen().ring_capacity, std::nullopt);
}

TEST_F(DraftTest, NeedsNoRoomForAFile) {
  const char* before = std::getenv("TMPDIR");
  const std::string old = before != nullptr ? before : "/tmp";
  ::setenv("TMPDIR", "/nowhere", 1);
  rows(many), draft_.set_aside();
  rows(many);
  EXPECT_EQ(finished(), plain(many));
  ::setenv("TMPDIR", old.c_str(), 1);
}

} // namespace
} // namespace mapscope::report
