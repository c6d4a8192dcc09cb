// SPDX-License-Identifier: Apache-2.0
// Known values for every kind of type, and what the C compiler makes of them: the truth that decoding is held
// against.
#include "guest.hpp"

#include "../bpf/known.h"
#include "json.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace guest {

void set_everything(void* to) {
  auto& e = *static_cast<everything*>(to);
  e.s8_min = -128, e.u8_max = 255, e.s16_min = -32768, e.u16_max = 65535;
  e.s32_min = std::numeric_limits<s32>::min(), e.u32_max = ~0U;
  e.s64_min = std::numeric_limits<s64>::min(), e.u64_max = ~0ULL;
  e.truth = true;
  std::memcpy(e.text, "hello\tworld", 12);
  e.tenth = 0.1F, e.half = -0.5, e.not_a_number = std::nan(""),
  e.infinite = std::numeric_limits<float>::infinity();
  e.mode = MODE_DRAIN, e.no_such_mode = static_cast<enum mode>(99), e.temperature = COLD;
  e.tiny = TINY_NEG, e.middle = MIDDLE_NEG, e.small_unsigned = SMALL_TOP, e.huge = HUGE_TOP,
  e.deep = DEEP_NEG;
  e.bits.a = 5, e.bits.b = -16, e.bits.plain = 0xdeadbeef, e.bits.wide = 0xabcdef0123ULL,
  e.bits.over = 0xfffff;
  e.bits.low = -8, e.bits.mode = MODE_DRAIN, e.bits.yes = true, e.bits.no = false, e.bits.tail = 7;
  for (int i = 0; i < 6; ++i) e.matrix[i / 3][i % 3] = (i - 3) * 1000;
  for (int i = 0; i < 8; ++i) e.cube[i / 4][i / 2 % 2][i % 2] = static_cast<u8>(200 + i);
  for (s16 i = 0; i < 3; ++i) e.corners[i] = {i, static_cast<s16>(-i)};
  e.either.number = 0x01020304;
  e.inside = 77, e.either_this = 0x1111111122222222ULL;
  const_cast<u32&>(e.constant) = 123456;
  e.to_point = reinterpret_cast<point*>(0xffff888012345678ULL);
  e.to_unknown = reinterpret_cast<unknown*>(0x10ULL);
  e.to_void = reinterpret_cast<void*>(0xdead000000000100ULL);
  e.wide = (static_cast<unsigned __int128>(0x0123456789abcdefULL) << 64) | 0xfedcba9876543210ULL;
  e.wide_negative = -2;
  e.last = {-1, 1};
}

namespace {

class Facts {
public:
  Facts(std::FILE* out, const std::string& map, const std::string& path, bool& first)
      : out_(out), map_(map), path_(path), first_(first) {}

  template <class T> void number(const char* path, T value, int bits = sizeof(T) * 8) {
    const bool is_signed = std::numeric_limits<T>::is_signed;
    fact(path, "{\"kind\":\"" + std::string(is_signed ? "int" : "uint") +
                   "\",\"bits\":" + std::to_string(bits) + ",\"value\":" + std::to_string(value) + "}");
  }
  void truth(const char* path, bool value) {
    fact(path, std::string("{\"kind\":\"bool\",\"value\":") + (value ? "true}" : "false}"));
  }
  void real(const char* path, double value, int bits) {
    char text[64] = "null";
    if (std::isfinite(value)) std::snprintf(text, sizeof text, "%.17g", value);
    fact(path, "{\"kind\":\"float\",\"bits\":" + std::to_string(bits) + ",\"value\":" + text + "}");
  }
  void constant(const char* path, s64 value, int bits, const char* name) {
    fact(path, "{\"kind\":\"enum\",\"bits\":" + std::to_string(bits) + ",\"value\":" + std::to_string(value) +
                   ",\"variant\":" + (name != nullptr ? quoted(name) : "null") + "}");
  }
  void pointer(const char* path, const void* value) {
    fact(path, "{\"kind\":\"ptr\",\"value\":" + std::to_string(reinterpret_cast<u64>(value)) + "}");
  }
  void bytes(const char* path, const void* value, std::size_t size) {
    fact(path, "{\"kind\":\"bytes\",\"hex\":\"" + hex(value, size, " ") + "\"}");
  }

private:
  void fact(const char* path, const std::string& json) {
    std::fprintf(out_, "%s\n{\"map\":\"%s\",\"path\":\"%s%s%s\",\"json\":%s}", first_ ? "" : ",",
                 map_.c_str(), path_.c_str(), path_.empty() ? "" : ".", path, json.c_str());
    first_ = false;
  }

  std::FILE* out_;
  const std::string &map_, &path_;
  bool& first_;
};

void state_scalars(Facts& facts, const everything& e) {
  facts.number("s8_min", e.s8_min), facts.number("u8_max", e.u8_max);
  facts.number("s16_min", e.s16_min), facts.number("u16_max", e.u16_max);
  facts.number("s32_min", e.s32_min), facts.number("u32_max", e.u32_max);
  facts.number("s64_min", e.s64_min), facts.number("u64_max", e.u64_max);
  facts.truth("truth", e.truth);
  facts.number("text[5]", static_cast<s8>(e.text[5])), facts.number("empty[3]", static_cast<s8>(e.empty[3]));
  facts.real("tenth", static_cast<double>(e.tenth), 32), facts.real("half", e.half, 64);
  facts.real("not_a_number", e.not_a_number, 64), facts.real("infinite", static_cast<double>(e.infinite), 32);
  facts.pointer("nothing", e.nothing), facts.pointer("to_point", e.to_point);
  facts.pointer("to_unknown", e.to_unknown), facts.pointer("to_void", e.to_void);
  facts.bytes("wide", &e.wide, 16), facts.bytes("wide_negative", &e.wide_negative, 16);
  facts.number("constant", static_cast<u32>(e.constant));
}

void state_enums(Facts& facts, const everything& e) {
  facts.constant("mode", e.mode, 32, "MODE_DRAIN"),
      facts.constant("no_such_mode", e.no_such_mode, 32, nullptr);
  facts.constant("temperature", e.temperature, 32, "COLD"), facts.constant("tiny", e.tiny, 8, "TINY_NEG");
  facts.constant("middle", e.middle, 16, "MIDDLE_NEG"),
      facts.constant("small_unsigned", e.small_unsigned, 8, "SMALL_TOP");
  facts.constant("huge", static_cast<s64>(e.huge), 64, "HUGE_TOP"),
      facts.constant("deep", e.deep, 64, "DEEP_NEG");
}

void state_bits(Facts& facts, const bits& b) {
  facts.number("bits.a", static_cast<u32>(b.a), 3), facts.number("bits.b", static_cast<s32>(b.b), 5);
  facts.number("bits.plain", b.plain), facts.number("bits.wide", static_cast<u64>(b.wide), 40);
  facts.number("bits.over", static_cast<u64>(b.over), 20),
      facts.number("bits.low", static_cast<s64>(b.low), 4);
  facts.constant("bits.mode", b.mode, 4, "MODE_DRAIN");
  facts.truth("bits.yes", b.yes), facts.truth("bits.no", b.no), facts.number("bits.tail", b.tail);
}

void state_nested(Facts& facts, const everything& e) {
  facts.number("matrix[0][0]", e.matrix[0][0]), facts.number("matrix[1][2]", e.matrix[1][2]);
  facts.number("cube[1][0][1]", e.cube[1][0][1]), facts.number("cube[1][1][1]", e.cube[1][1][1]);
  facts.number("corners[2].y", e.corners[2].y), facts.number("corners[1].x", e.corners[1].x);
  facts.number("either.number", e.either.number), facts.number("either.bytes[3]", e.either.bytes[3]);
  facts.number("either.point.x", e.either.point.x);
  facts.number("inside", e.inside), facts.number("either_this", e.either_this),
      facts.number("or_high", e.or_high);
  facts.number("last.x", e.last.x), facts.number("last.y", e.last.y);
}

} // namespace

void state_everything(std::FILE* out, const std::string& map, const std::string& path, const void* from,
                      bool& first) {
  alignas(everything) unsigned char copy[sizeof(everything)]; // a map's value has no alignment to speak of
  std::memcpy(copy, from, sizeof copy);
  const auto& e = *reinterpret_cast<const everything*>(copy);
  Facts facts(out, map, path, first);
  state_scalars(facts, e);
  state_enums(facts, e);
  state_bits(facts, e.bits);
  state_nested(facts, e);
}

} // namespace guest
