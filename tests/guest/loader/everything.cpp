// SPDX-License-Identifier: Apache-2.0
// Known values for every kind of type, and what the C compiler makes of them: the truth that decoding is held
// against.
#include "guest.hpp"

#include "../bpf/known.h"
#include "facts.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace guest {

namespace {

template <class T> T* address(u64 value) { return reinterpret_cast<T*>(value); }

void set_scalars(everything& e) {
  e.s8_min = -128, e.u8_max = 255, e.s16_min = -32768, e.u16_max = 65535;
  e.s32_min = std::numeric_limits<s32>::min(), e.u32_max = ~0U;
  e.s64_min = std::numeric_limits<s64>::min(), e.u64_max = ~0ULL;
  e.truth = true, e.flags[0] = true, e.flags[1] = false, e.flags[2] = true;
  std::memcpy(e.text, "hello\tworld\x01\xff", 14);
  std::memcpy(e.full, "abcd", 4);
  e.tenth = 0.1F, e.half = -0.5, e.not_a_number = std::nan(""), e.not_a_float = std::nanf("");
  e.infinite = std::numeric_limits<float>::infinity();
  e.minus_infinite = -std::numeric_limits<double>::infinity(), e.largest = std::numeric_limits<double>::max();
  const_cast<u32&>(e.constant) = 123456;
  const_cast<u16&>(e.chain) = 54321;
  e.wide = (static_cast<unsigned __int128>(0x0123456789abcdefULL) << 64) | 0xfedcba9876543210ULL;
  e.wide_negative = -2;
}

void set_enums(everything& e) {
  e.mode = MODE_DRAIN, e.no_such_mode = static_cast<enum mode>(99), e.temperature = COLD;
  e.tiny = TINY_NEG, e.middle = MIDDLE_NEG, e.small_unsigned = SMALL_TOP, e.huge = HUGE_TOP;
  e.deep = DEEP_NEG;
  e.modes[0] = MODE_HIGH, e.modes[1] = MODE_IDLE, e.modes[2] = static_cast<enum mode>(3);
}

void set_pointers(everything& e) {
  e.to_point = address<point>(0xffff888012345678ULL), e.to_unknown = address<unknown>(0x10);
  e.to_void = address<void>(0xdead000000000100ULL);
  e.table[1] = address<void>(0xffffffff81000000ULL);
  e.callback = reinterpret_cast<int (*)(point*, int)>(0xffffffffa0000010ULL);
  e.to_pointer = address<point*>(0x7fffffffe000ULL), e.to_text = address<const char>(0x1000);
  e.to_enum = address<enum mode>(~0ULL), e.alone = address<u32>(8),
  e.tagged = address<u32>(0xffff888000000008ULL);
}

bits known_bits(bool other_way) {
  bits b;
  std::memset(&b, 0, sizeof b);
  b.a = 5, b.b = -16, b.plain = 0xdeadbeef, b.wide = 0xabcdef0123ULL, b.over = 0xfffff;
  b.low = -8, b.mode = MODE_DRAIN, b.yes = !other_way, b.no = other_way, b.tail = 7;
  b.chill = other_way ? HOT : COLD, b.tiny = TINY_NEG, b.nibble = other_way ? 7 : -1, b.nine = 0x155;
  return b;
}

void set_nested(everything& e) {
  e.bits = known_bits(false), e.more_bits[0] = known_bits(true), e.more_bits[1] = known_bits(false);
  e.squeezed.first = 1, e.squeezed.thirteen = 0x1234, e.squeezed.thirty = -(1 << 29);
  e.squeezed.sixty_two = 0x2fedcba987654321ULL, e.squeezed.word = 0xbeef;
  e.squeezed.unaligned = 0xf1f2f3f4f5f6f7f8ULL;
  for (int i = 0; i < 6; ++i) e.matrix[i / 3][i % 3] = (i - 3) * 1000;
  for (int i = 0; i < 8; ++i) e.cube[i / 4][i / 2 % 2][i % 2] = static_cast<u8>(200 + i);
  for (s16 i = 0; i < 3; ++i) e.corners[i] = {i, static_cast<s16>(-i)};
  for (u16 i = 0; i < 6; ++i) e.triples[i / 3][i % 3] = static_cast<u16>(60000 + i);
  e.either.number = 0x01020304, e.eithers[0].number = 1, e.eithers[1].number = 0x80000000;
  e.view.all = 0xabcdef5a;
  e.inside = 77, e.either_this = 0x1111111122222222ULL;
  e.unnamed_type.only = 4711;
  e.last = {-1, 1};
}

using namespace json;

const char* mode_name(s64 value) {
  switch (value) {
  case MODE_IDLE:
    return "MODE_IDLE";
  case MODE_RUN:
    return "MODE_RUN";
  case MODE_DRAIN:
    return "MODE_DRAIN"; // and MODE_ALIAS, which comes after it
  case MODE_HIGH:
    return "MODE_HIGH";
  default:
    return nullptr;
  }
}

const char* temperature_name(s64 value) {
  return value == COLD ? "COLD" : value == MILD ? "MILD" : value == HOT ? "HOT" : nullptr;
}

void state_scalars(Facts& facts, const everything& e) {
  facts.state("s8_min", number(e.s8_min)), facts.state("u8_max", number(e.u8_max));
  facts.state("s16_min", number(e.s16_min)), facts.state("u16_max", number(e.u16_max));
  facts.state("s32_min", number(e.s32_min)), facts.state("u32_max", number(e.u32_max));
  facts.state("s64_min", number(e.s64_min)), facts.state("u64_max", number(e.u64_max));
  facts.state("truth", truth(e.truth));
  facts.state("flags", array({truth(e.flags[0]), truth(e.flags[1]), truth(e.flags[2])}));
  facts.state("tenth", real(e.tenth)), facts.state("half", real(e.half));
  facts.state("not_a_number", real(e.not_a_number)), facts.state("not_a_float", real(e.not_a_float));
  facts.state("infinite", real(e.infinite)), facts.state("minus_infinite", real(e.minus_infinite));
  facts.state("largest", real(e.largest));
  facts.state("constant", number(static_cast<u32>(e.constant)));
  facts.state("chain", number(static_cast<u16>(e.chain)));
  facts.state("wide", bytes(&e.wide, 16)), facts.state("wide_negative", bytes(&e.wide_negative, 16));
}

/// BPF's plain char is signed.
template <std::size_t N> std::string characters(const char (&text)[N]) {
  std::vector<std::string> all;
  for (const char c : text) all.push_back(number(static_cast<s8>(c)));
  return array(all);
}

void state_texts(Facts& facts, const everything& e) {
  facts.state("text", characters(e.text)), facts.state("empty", characters(e.empty));
  facts.state("full", characters(e.full)), facts.state("text[5]", number(static_cast<s8>(e.text[5])));
}

void state_enums(Facts& facts, const everything& e) {
  const auto mode_of = [](enum mode value) { return json::constant(value, 32, mode_name(value)); };
  facts.state("mode", mode_of(e.mode)), facts.state("no_such_mode", mode_of(e.no_such_mode));
  facts.state("modes", array({mode_of(e.modes[0]), mode_of(e.modes[1]), mode_of(e.modes[2])}));
  facts.state("temperature", json::constant(e.temperature, 32, temperature_name(e.temperature)));
  facts.state("tiny", json::constant(e.tiny, 8, "TINY_NEG"));
  facts.state("middle", json::constant(e.middle, 16, "MIDDLE_NEG"));
  facts.state("small_unsigned", json::constant(e.small_unsigned, 8, "SMALL_TOP"));
  facts.state("huge", json::constant(static_cast<s64>(e.huge), 64, "HUGE_TOP"));
  facts.state("deep", json::constant(e.deep, 64, "DEEP_NEG"));
}

void state_pointers(Facts& facts, const everything& e) {
  facts.state("nothing", pointer(e.nothing)), facts.state("to_point", pointer(e.to_point));
  facts.state("to_unknown", pointer(e.to_unknown)), facts.state("to_void", pointer(e.to_void));
  facts.state("table", array({pointer(e.table[0]), pointer(e.table[1])}));
  facts.state("callback", pointer(e.callback)), facts.state("no_callback", pointer(e.no_callback));
  facts.state("to_pointer", pointer(e.to_pointer)), facts.state("to_text", pointer(e.to_text));
  facts.state("to_enum", pointer(e.to_enum)), facts.state("alone", pointer(e.alone));
  facts.state("tagged", pointer(e.tagged));
}

void state_bits(Facts& facts, const std::string& at, const bits& b) {
  facts.state(at + ".a", number(static_cast<u32>(b.a), 3)),
      facts.state(at + ".b", number(static_cast<s32>(b.b), 5));
  facts.state(at + ".plain", number(b.plain)),
      facts.state(at + ".wide", number(static_cast<u64>(b.wide), 40));
  facts.state(at + ".over", number(static_cast<u64>(b.over), 20));
  facts.state(at + ".low", number(static_cast<s64>(b.low), 4));
  facts.state(at + ".mode", json::constant(b.mode, 4, mode_name(b.mode)));
  facts.state(at + ".yes", truth(b.yes)), facts.state(at + ".no", truth(b.no));
  facts.state(at + ".tail", number(b.tail));
  facts.state(at + ".chill", json::constant(b.chill, 8, temperature_name(b.chill)));
  facts.state(at + ".tiny", json::constant(b.tiny, 4, "TINY_NEG"));
  facts.state(at + ".nibble", number(static_cast<s8>(b.nibble), 4));
  facts.state(at + ".nine", number(static_cast<u16>(b.nine), 9));
}

void state_squeezed(Facts& facts, const squeezed& s) {
  facts.state("squeezed", record("squeezed", {{"first", number(s.first)},
                                              {"thirteen", number(static_cast<u32>(s.thirteen), 13)},
                                              {"thirty", number(static_cast<s32>(s.thirty), 30)},
                                              {"sixty_two", number(static_cast<u64>(s.sixty_two), 62)},
                                              {"word", number(static_cast<u16>(s.word))},
                                              {"unaligned", number(static_cast<u64>(s.unaligned))}}));
}

std::string record_of(const point& p) { return record("point", {{"x", number(p.x)}, {"y", number(p.y)}}); }

void state_arrays(Facts& facts, const everything& e) {
  std::vector<std::string> rows, corners, triples;
  for (const auto& row : e.matrix) rows.push_back(array({number(row[0]), number(row[1]), number(row[2])}));
  for (const auto& corner : e.corners) corners.push_back(record_of(corner));
  for (const auto& t : e.triples) triples.push_back(array({number(t[0]), number(t[1]), number(t[2])}));
  facts.state("matrix", array(rows)), facts.state("corners", array(corners));
  facts.state("triples", array(triples)), facts.state("no_elements", array({}));
  facts.state("matrix[1][2]", number(e.matrix[1][2]));
  facts.state("cube[1][0][1]", number(e.cube[1][0][1])),
      facts.state("cube[1][1][1]", number(e.cube[1][1][1]));
  facts.state("cube[0][1]", array({number(e.cube[0][1][0]), number(e.cube[0][1][1])}));
  facts.state("corners[2].y", number(e.corners[2].y));
}

void state_records(Facts& facts, const everything& e) {
  facts.state("either.number", number(e.either.number)),
      facts.state("either.bytes[3]", number(e.either.bytes[3]));
  facts.state("either.point", record_of(e.either.point));
  facts.state("eithers[1].point.y", number(e.eithers[1].point.y));
  facts.state("view.all", number(e.view.all)),
      facts.state("view.low", number(static_cast<u32>(e.view.low), 12));
  facts.state("view.high", number(static_cast<u32>(e.view.high), 20));
  facts.state("view.sign", number(static_cast<s32>(e.view.sign), 7));
  facts.state("inside", number(e.inside)), facts.state("either_this", number(e.either_this));
  facts.state("or_low", number(e.or_low)), facts.state("or_high", number(e.or_high));
  facts.state("none", record("nothing", {}));
  facts.state("unnamed_type", record(nullptr, {{"only", number(e.unnamed_type.only)}}));
  facts.state("last", record_of(e.last));
}

} // namespace

void set_everything(void* to) {
  auto& e = *static_cast<everything*>(to);
  set_scalars(e);
  set_enums(e);
  set_pointers(e);
  set_nested(e);
}

void state_value(Facts& facts, const everything& e) {
  state_scalars(facts, e);
  state_texts(facts, e);
  state_enums(facts, e);
  state_pointers(facts, e);
  state_bits(facts, "bits", e.bits), state_bits(facts, "more_bits[0]", e.more_bits[0]);
  state_squeezed(facts, e.squeezed);
  state_arrays(facts, e);
  state_records(facts, e);
}

void state_value(Facts& facts, const point& p) { facts.state("", record_of(p)); }

} // namespace guest
