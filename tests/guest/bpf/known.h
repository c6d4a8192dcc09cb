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

enum mode { MODE_IDLE = 0, MODE_RUN = 1, MODE_DRAIN = 2, MODE_ALIAS = 2, MODE_HIGH = 0x7fffffff };
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
  u32 : 5; /* no name, no member */
  enum temperature chill : 8;
  enum tiny tiny : 4;
  s8 nibble : 4;
  u32 : 0;
  u16 nine : 9;
};

/* Bitfields that cross the end of their own unit, one of them over nine bytes, and members at odd addresses.
 */
struct __attribute__((packed)) squeezed {
  u8 first;
  u32 thirteen : 13;
  s32 thirty : 30;
  u64 sixty_two : 62;
  u16 word;
  u64 unaligned;
};

union either {
  u32 number;
  u8 bytes[4];
  struct point point;
};

union view {
  u32 all;
  struct {
    u32 low : 12;
    u32 high : 20;
  };
  s32 sign : 7;
};

struct other { /* what twin_b means by names that twin_a uses too */
  u64 a;
  s8 b;
};

struct page_and_more {
  u32 number;
  u8 rest[5996];
};

struct flexible {
  u32 count;
  u16 items[];
};

struct five {
  u8 bytes[5];
};

typedef u16 half_t;
typedef const half_t fixed_t;
typedef volatile fixed_t chain_t;
typedef u16 triple[3];

/* An empty struct has no size in C and one byte in C++. */
#ifdef __cplusplus
#define EMPTY_STRUCT(NAME) u8 NAME[0]
#define TAGGED
#else
struct nothing {};
#define EMPTY_STRUCT(NAME) struct nothing NAME
#define TAGGED __attribute__((btf_type_tag("rcu")))
#endif

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
  union view view;
  struct squeezed squeezed;
  struct bits more_bits[2];
  chain_t chain;
  triple triples[2];
  union either eithers[2];
  _Bool flags[3];
  enum mode modes[3];
  char full[4]; /* no room for a NUL */
  u32 no_elements[0];
  EMPTY_STRUCT(none);
  struct {
    u16 only;
  } unnamed_type;
  double minus_infinite;
  double largest;
  float not_a_float;
  void* table[2];
  int (*callback)(struct point*, int);
  void (*no_callback)(void);
  struct point** to_pointer;
  const char* to_text;
  enum mode* to_enum;
  u32* __restrict alone;
  u32 TAGGED* tagged;
  struct point last;
};

#ifdef __cplusplus
static_assert(sizeof(everything) == 544);
#else
_Static_assert(sizeof(struct everything) == 544, "the loader's compiler must lay it out alike");
#endif
