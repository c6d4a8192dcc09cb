// SPDX-License-Identifier: Apache-2.0
// The loader's three steps. Every failure ends the guest with a sentence on the console: a half-filled guest
// would make a test that proves nothing.
#pragma once

#include <bpf/libbpf.h>
#include <cstdio>
#include <string>

namespace guest {

[[noreturn]] void give_up(const std::string& what);
/// Gives up when `rc` is negative or null-like; returns it otherwise.
int must(int rc, const std::string& what);

/// A process's worth of objects that stay open as long as the guest lives.
struct Objects {
  bpf_object *known = nullptr, *twin_a = nullptr, *twin_b = nullptr;
};

Objects load_objects();
void fill_maps(const Objects& objects);
/// Maps that no object declares: without BTF, and of types that only need to exist.
void create_bare_maps();
void run_programs(const Objects& objects);

/// What bpf(2) says about everything, and what the C compiler says about known values.
void state(std::FILE* out);

/// Fills every member of struct everything with its known value.
void set_everything(void* everything);
/// The known values as the compiler reads them out of `everything`, one JSON fact a line after a comma.
void state_everything(std::FILE* out, const std::string& map, const std::string& path, const void* everything,
                      bool& first);

} // namespace guest
