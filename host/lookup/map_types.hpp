// SPDX-License-Identifier: Apache-2.0
// Types of maps and flags that kernels have and this program's <linux/bpf.h> need not; part of the interface
// of the system call, so their numbers stay.
#pragma once

#include <cstdint>

namespace mapscope::lookup {

inline constexpr std::uint32_t map_type_cgrp_storage = 32, ///< 6.2
    map_type_arena = 33,                                   ///< 6.9
    map_type_insn_array = 34,                              ///< 6.19
    map_type_rhash = 35;                                   ///< 7.2

inline constexpr std::uint32_t flag_rb_overwrite = 1U << 19; ///< BPF_F_RB_OVERWRITE, 6.19

} // namespace mapscope::lookup
