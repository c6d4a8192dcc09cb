// SPDX-License-Identifier: Apache-2.0
// A step is something that the guest fills before the first capture and changes before the second.
//
// What differs by it, it says; of what it only touches, so that nothing differs afterwards, it says nothing.
#pragma once

#include "word.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <functional>
#include <string>
#include <vector>

namespace guest {

/// Makes the changes; returns what differs by them, each the text of a Word.
using Change = std::function<std::vector<std::string>()>;

// Each fills, and returns what makes its changes.
Change hashes(bpf_object* object);
Change arrays(bpf_object* object);
Change copies_of_cpus(bpf_object* object);
Change tries();
Change queues();
Change records(bpf_object* object);
Change tasks(bpf_object* object);
Change references(bpf_object* object);
/// Nothing on a kernel without arenas.
Change pages();
/// Maps and programs, as a whole.
Change comings_and_goings();

int map_of(bpf_object* object, const char* name);
int create(bpf_map_type type, const char* name, u32 key, u32 value, u32 entries, u32 flags = 0);
void set(int fd, const void* key, const void* value);
/// Without BTF, by its two instructions.
int load_program(const char* name);

/// Another value for each `seed`.
numbers numbers_of(u32 seed);

} // namespace guest
