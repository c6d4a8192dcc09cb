// SPDX-License-Identifier: Apache-2.0
// Rows that many threads make into text: to the byte what one thread makes of them.
#include "host/report/divided.hpp"
#include "report_text.hpp"

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace mapscope::report {
namespace {

constexpr std::uint32_t count = 20'000;
constexpr std::uint32_t asks = 1U << 31, throws = 1U << 30, cuts = 1U << 29;

/// Shows its bytes as a number; of one with the bit `asks` it says that memory must be looked at.
class Number final : public btf::Decoder {
public:
  btf::Cuts decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor) const override {
    const std::uint32_t value = of(bytes);
    if ((value & throws) != 0) throw std::runtime_error("no room");
    if ((value & asks) != 0 && std::this_thread::get_id() != own_) ++asked_elsewhere;
    if (std::this_thread::get_id() != own_) ++elsewhere;
    visitor.unsigned_int(32, value);
    return {.longest = (value & cuts) != 0 ? value & ~cuts : 0};
  }
  void decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor, btf::Progress&) const override {
    (void)decode(bytes, visitor);
  }
  [[nodiscard]] bool asks_nothing(std::span<const std::byte> bytes) const override {
    return (of(bytes) & asks) == 0;
  }
  [[nodiscard]] std::string_view type_name() const override { return "u32"; }

  mutable std::atomic<unsigned> elsewhere{0}, asked_elsewhere{0};

private:
  static std::uint32_t of(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
  }
  std::thread::id own_ = std::this_thread::get_id();
};

class DividedTest : public testing::Test {
protected:
  /// Rows of numbers from `first` on, each in memory that the next one overwrites.
  void rows(MapWriter& to, Shape shape, std::uint32_t first, std::uint32_t rows) const {
    std::uint32_t key = 0, value = 0;
    const auto typed = [&](std::uint32_t& number) {
      return Typed{&decoder_, std::as_bytes(std::span(&number, 1))};
    };
    for (std::uint32_t i = 0; i < rows; ++i) {
      key = first + i, value = key ^ mark(i);
      std::uint32_t other = value + 1;
      const std::array<std::optional<Typed>, 3> copies{typed(value), std::nullopt, typed(other)};
      Row row;
      row.shape = shape, row.index = key;
      if (shape == Shape::entry || shape == Shape::percpu_entry) row.key = typed(key);
      if (shape == Shape::percpu_entry || shape == Shape::percpu_element)
        row.copies = copies;
      else
        row.value = typed(value);
      to.row(row);
      key = value = other = 0;
    }
  }
  [[nodiscard]] std::uint32_t mark(std::uint32_t row) const {
    return every_ != 0 && row % every_ == every_ - 1 ? mark_ : 0;
  }
  void marked(std::uint32_t mark, std::uint32_t every) { mark_ = mark, every_ = every; }

  std::unique_ptr<MapWriter> writer(Stream& to, RowPool* pool) const {
    return divided(make_map_writer(format_, options_, to), pool);
  }
  std::string text(Shape shape, RowPool* pool) const {
    Kept kept;
    const auto writer = this->writer(kept, pool);
    writer->begin(map_);
    rows(*writer, shape, 0, count);
    const Field field{FieldKind::number, "behind", 7, 0, "", {}};
    writer->field(field);
    last_cuts_ = writer->cuts();
    writer->end({Status::complete, "x@1", count, ""});
    return kept.text;
  }
  void expect_same(Shape shape) const {
    const std::string alone = text(shape, nullptr);
    EXPECT_EQ(decoder_.elsewhere, 0U);
    EXPECT_TRUE(text(shape, &pool_) == alone)
        << "format " << static_cast<int>(format_) << ", shape " << static_cast<int>(shape);
  }

  const catalog::Map map_ = a_map();
  Number decoder_;
  std::uint32_t mark_ = 0, every_ = 0;
  Format format_ = Format::json;
  Options options_;
  mutable Cuts last_cuts_;
  mutable RowPool pool_{3};
};

TEST_F(DividedTest, IsTheSameToTheByte) {
  for (const bool pretty : {false, true})
    for (const Format format : {Format::json, Format::ndjson, Format::bpftool})
      for (const Shape shape :
           {Shape::entry, Shape::element, Shape::queued, Shape::percpu_entry, Shape::percpu_element}) {
        format_ = format, options_.pretty = pretty, decoder_.elsewhere = 0;
        expect_same(shape);
      }
}

TEST_F(DividedTest, OthersHaveAPartOfIt) {
  while (decoder_.elsewhere == 0) (void)text(Shape::entry, &pool_); // a thread of the pool may come late
}

TEST_F(DividedTest, WhatAsksForMemoryStays) {
  for (const unsigned every : {3U, 1500U, 7000U}) {
    marked(asks, every), decoder_.elsewhere = 0;
    expect_same(Shape::entry);
  }
  EXPECT_EQ(decoder_.asked_elsewhere, 0U);
}

/// A decoder that says nothing of it may read what is gone a row later.
TEST_F(DividedTest, DecodersThatDoNotSaySoStay) {
  const auto own = std::this_thread::get_id();
  unsigned elsewhere = 0;
  const Says here([&](btf::ValueVisitor& v) {
    elsewhere += std::this_thread::get_id() == own ? 0 : 1;
    v.unsigned_int(32, 1);
  });
  Kept kept;
  const auto writer = this->writer(kept, &pool_);
  writer->begin(map_);
  const auto bytes = bytes_of({1, 0, 0, 0});
  Row row;
  row.key = row.value = {&here, bytes};
  for (std::uint32_t i = 0; i < count; ++i) writer->row(row);
  writer->end({});
  EXPECT_EQ(elsewhere, 0U);
}

TEST_F(DividedTest, WhatWasCutIsKnownWhenAsked) {
  marked(cuts, 19'999);
  (void)text(Shape::entry, &pool_);
  EXPECT_EQ(last_cuts_.longest, 19'998U);
}

TEST_F(DividedTest, WhatIsThrownComesBack) {
  marked(throws, 10'000);
  EXPECT_THROW((void)text(Shape::entry, &pool_), std::runtime_error);
}

TEST_F(DividedTest, ItMayEndBeforeItsRowsAreText) {
  for (unsigned i = 0; i < 20; ++i) {
    Kept kept;
    const auto writer = this->writer(kept, &pool_);
    writer->begin(map_);
    rows(*writer, Shape::entry, 0, 5000);
  }
}

TEST_F(DividedTest, RowsOfAnotherShapeAndFieldsStandWhereTheyCame) {
  const auto both = [&](RowPool* pool) {
    Kept kept;
    const auto writer = this->writer(kept, pool);
    writer->begin(map_);
    rows(*writer, Shape::entry, 0, 5000), rows(*writer, Shape::queued, 9, 5000);
    writer->end({});
    return kept.text;
  };
  EXPECT_EQ(both(&pool_), both(nullptr));
}

TEST_F(DividedTest, WithoutThreadsOrHelpersItIsTheWriterItself) {
  RowPool none(0);
  Kept kept;
  auto plain = make_map_writer(Format::json, {}, kept);
  const MapWriter* const own = plain.get();
  EXPECT_EQ(divided(std::move(plain), &none).get(), own);
  auto text = make_map_writer(Format::text, {}, kept);
  const MapWriter* const of_text = text.get();
  EXPECT_EQ(divided(std::move(text), &pool_).get(), of_text);
}

} // namespace
} // namespace mapscope::report
