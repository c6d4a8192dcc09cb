// SPDX-License-Identifier: Apache-2.0
// Maps with as many elements as a benchmark needs, one or more for each type; and how many there are, which
// is all that this guest states.
#pragma once

#include "../loader/guest.hpp"

namespace guest {

/// States how many elements a map holds. `bound`: why there are no more of them, where the kernel is the
/// reason.
void populated(int map_fd, std::uint64_t elements, const char* bound = "");
/// As many as get_next_key leads to.
void populated_as_listed(int map_fd);

int create(bpf_map_type type, const char* name, std::uint32_t key, std::uint32_t value, std::uint32_t entries,
           bpf_map_create_opts options = {});

/// Writes the same value to `entries` keys 0, 1, ... of a map with keys of four bytes.
void fill_slots(int map_fd, std::uint32_t entries, const void* value);

void populate_tables();
void populate_arenas();
void populate_slots(bpf_object* object);
void populate_storages(bpf_object* object);
void populate_records(bpf_object* object);
void populate_struct_ops();

} // namespace guest
