// SPDX-License-Identifier: Apache-2.0
// A row that is kept and handed on is, in every format, the row that came.
#include "host/report/kept_row.hpp"
#include "text_events.hpp"

namespace mapscope::report {
namespace {

/// Everything that a value may be made of.
void everything(V& v) {
  v.begin_struct("all");
  v.member("i"), v.signed_int(32, -1);
  v.member("u"), v.unsigned_int(64, UINT64_MAX);
  v.member("b"), v.boolean(true);
  v.member("c"), v.character('x');
  v.member("r"), v.real(64, 0.25);
  const auto wide = bytes_of({1, 2, 3});
  v.member("w"), v.wide_number({wide, 24, "197121", "", false});
  v.member("e"), v.enumeration(32, 2, "TWO", false);
  v.member("n"), v.enumeration(32, -3, std::nullopt, true);
  v.member("a"), v.begin_array(9), v.unsigned_int(8, 1), v.left_out({false, 7}), v.end_array();
  v.member("t"), v.begin_text(2), v.character('h'), v.character('i'), v.end_array();
  v.member("m"), v.cpu_list("0-3");
  v.member("p"), v.pointer(0x1000);
  v.member("q"), v.begin_pointer(0x2000), v.fact("slot", std::string_view("slot 1 of x")), v.deref();
  v.begin_struct(std::nullopt), v.member("inner"), v.unsigned_int(32, 5), v.end_struct();
  v.end_pointer();
  v.member("k"), v.begin_cast(0x3000, {"kernel", "struct x", "because", 3});
  v.fact("symbol", std::string_view("f")), v.end_cast();
  v.member("h"), v.bytes(wide);
  v.member("s"), v.text("said\\n");
  v.member("z"), v.begin_truncated(8, 3), v.bytes(wide), v.end_truncated();
  v.member("o"), v.unsupported("why not");
  v.fact("armed", true), v.fact("left", std::int64_t{-9}), v.fact("count", std::uint64_t{9});
  v.begin_values("nodes"), v.unsigned_int(32, 1), v.null(), v.end_values();
  v.end_struct();
}

TEST(Recording, PlaysWhatItWasTold) {
  Recording recording;
  everything(recording);
  const Events again = [&](V& v) { recording.play(v); };
  EXPECT_EQ(json_of(again), json_of(everything));
  EXPECT_EQ(lines(again, 80), lines(everything, 80));
  recording.clear();
  EXPECT_EQ(recording.size(), 0U);
}

Field a_field(FieldKind kind, std::string_view name, std::string_view text = "", std::uint64_t number = 0,
              Typed value = {}) {
  Field field;
  field.kind = kind, field.name = name, field.text = text, field.number = number, field.value = value;
  return field;
}

class KeptRows : public testing::TestWithParam<Format> {
protected:
  static std::string text_of(const catalog::Map& map, const std::function<void(MapWriter&)>& tell) {
    Kept kept;
    const auto writer = make_map_writer(GetParam(), {}, kept);
    writer->begin(map), tell(*writer), writer->end({});
    return kept.text;
  }
};

TEST_P(KeptRows, AreWhatCame) {
  const Says value(everything), key([](V& v) { v.unsigned_int(32, 7); });
  const auto bytes = bytes_of({7, 0, 0, 0});
  Row row;
  row.key = {&key, bytes}, row.value = {&value, bytes}, row.open = true, row.payload = Typed{&value, bytes};
  const std::vector<Field> fields = {a_field(FieldKind::object, "owner"),
                                     a_field(FieldKind::number, "pid", "", 12),
                                     a_field(FieldKind::text, "comm", "init"),
                                     a_field(FieldKind::end, ""),
                                     a_field(FieldKind::typed, "more", "", 0, {&value, bytes}),
                                     a_field(FieldKind::end, "")};
  const auto plain = text_of(a_map(), [&](MapWriter& to) {
    to.row(row);
    for (const Field& field : fields) to.field(field);
  });
  KeptRow kept;
  for (int again = 0; again < 2; ++again) { // it is used for row after row
    kept.begin(row);
    for (const Field& field : fields) kept.add(field);
  }
  EXPECT_EQ(text_of(a_map(), [&](MapWriter& to) { kept.hand_on(to); }), plain);
}

TEST_P(KeptRows, OfEachCpu) {
  const Says value(members({{"n", 5}}));
  const auto bytes = bytes_of({5, 0, 0, 0});
  const std::vector<std::optional<Typed>> copies = {Typed{&value, bytes}, std::nullopt, Typed{nullptr, bytes},
                                                    Typed{&value, {}, false}};
  Row row;
  row.shape = Shape::percpu_element, row.index = 3, row.copies = copies;
  KeptRow kept;
  kept.begin(row);
  EXPECT_EQ(text_of(a_map("percpu_array"), [&](MapWriter& to) { kept.hand_on(to); }),
            text_of(a_map("percpu_array"), [&](MapWriter& to) { to.row(row); }));
  EXPECT_EQ(kept.copies(), 4U);
  EXPECT_EQ(kept.copy(1), nullptr);
  EXPECT_FALSE(kept.copy(3)->is_readable());
}

INSTANTIATE_TEST_SUITE_P(Formats, KeptRows, testing::Values(Format::text, Format::json),
                         [](const auto& info) { return info.param == Format::json ? "json" : "text"; });

} // namespace
} // namespace mapscope::report
