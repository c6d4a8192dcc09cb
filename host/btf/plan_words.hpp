// SPDX-License-Identifier: Apache-2.0
// What types mean to a plan beside their kind: by their names, and by what they lead to. Private to this
// folder.
//
// Thread rule: pure functions.
#pragma once

#include "host/btf/types.hpp"

#include <bpf/btf.h>

#include <cstdint>
#include <optional>
#include <string>

namespace mapscope::btf {

/// Where the words of a CPU mask lie in its type: where BTF has the array that is named like the kernel's.
/// struct cpumask and cpumask_t are all bits (include/linux/cpumask_types.h); bpf_cpumask puts a reference
/// count behind a cpumask (kernel/bpf/cpumask.c); scx_bitmap of the sched_ext schedulers' library
/// (lib/cpumask.h of sched-ext/scx, scx_cpumask until March 2025) began with an 8-byte id until pull
/// request 3770.
struct MaskWords {
  std::uint64_t first = 0, bytes = 0;
};
std::optional<MaskWords> mask_words(const Types& types, TypeId id, const btf_type* type);

/// `char` and nothing else: "unsigned char" and "signed char", and the __u8 and __s8 they are spelled as,
/// are numbers of one byte. Where a compiler sets the char flag, it may do so for all three.
bool is_plain_char(const Types& types, TypeId id);

/// A number or a name; pointers, and what is nested, say little of which object it is.
bool is_telling(const Types& types, TypeId id);

/// The struct that `id` is, or is an array of.
TypeId innermost(const Types& types, TypeId id);

/// Why peel() found nothing: all modifiers lead to void, to no type, or on for ever.
std::string nothing_behind(const Types& types, TypeId id);

} // namespace mapscope::btf
