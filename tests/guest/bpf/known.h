/* SPDX-License-Identifier: Apache-2.0
 * What the guest's maps hold, as C: shared by the BPF objects and the loader, so that the loader's compiler
 * can say what each member must decode to.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

enum mode { MODE_IDLE = 0, MODE_RUN = 1, MODE_DRAIN = 2, MODE_HIGH = 0x7fffffff };
enum temperature { COLD = -40, MILD = 15, HOT = 90 };
enum __attribute__((packed)) tiny { TINY_NEG = -3, TINY_ZERO = 0, TINY_MAX = 100 };
enum __attribute__((packed)) middle { MIDDLE_NEG = -300, MIDDLE_BIG = 30000 };
enum __attribute__((packed)) small_unsigned { SMALL_ONE = 1, SMALL_TOP = 255 };
enum huge { HUGE_TOP = 0xfffffffffffffff0ULL, HUGE_ONE = 1 };
enum deep { DEEP_NEG = -0x7000000000000000LL, DEEP_POS = 7 };

struct point {
  s16 x, y;
};

struct key {
  u32 cpu;
  u8 kind; /* three bytes of padding follow */
  u64 address;
};

struct numbers {
  u64 count;
  s64 sum;
  u32 last;
  s16 level;
  u16 flags;
};

struct odd { /* 12 bytes: not a multiple of eight */
  u32 hits;
  s32 balance;
  u32 cpu;
};

struct bits {
  u32 a : 3;
  s32 b : 5;
  u32 plain;
  u64 wide : 40;
  u64 over : 20;
  s64 low : 4;
  enum mode mode : 4;
  _Bool yes : 1;
  _Bool no : 1;
  u8 tail;
};

union either {
  u32 number;
  u8 bytes[4];
  struct point point;
};

struct unknown; /* never defined */

struct everything {
  s8 s8_min;
  u8 u8_max;
  s16 s16_min;
  u16 u16_max;
  s32 s32_min;
  u32 u32_max;
  s64 s64_min;
  u64 u64_max;
  _Bool truth;
  char text[16];
  char empty[4];
  float tenth;
  double half;
  double not_a_number;
  float infinite;
  enum mode mode;
  enum mode no_such_mode;
  enum temperature temperature;
  enum tiny tiny;
  enum middle middle;
  enum small_unsigned small_unsigned;
  enum huge huge;
  enum deep deep;
  struct bits bits;
  s32 matrix[2][3];
  u8 cube[2][2][2];
  struct point corners[3];
  union either either;
  struct {
    u32 inside;
    union {
      u64 either_this;
      struct {
        u32 or_low, or_high;
      };
    };
  };
  const volatile u32 constant;
  void* nothing;
  struct point* to_point;
  struct unknown* to_unknown;
  void* to_void;
  unsigned __int128 wide;
  __int128 wide_negative;
  struct point last;
};
