// SPDX-License-Identifier: Apache-2.0
// What the report must show of a map, stated by the guest that filled it: for everything that bpf(2) does not
// list.
#pragma once

#include <string>
#include <vector>

namespace guest {

/// `json`: members of the report's map object, by its key names. The test compares everything that is stated
/// and nothing else; lists must be as long as stated, and their elements are matched by "key_hex" where it
/// is stated, else by "owner" (all of its members), else by place. A map may have several statements.
void expect(int map_fd, const std::string& json);

/// bpf(2) hands out zeros where the kernel keeps a lock or a timer in a value: there nothing is compared with
/// it.
void hide(int map_fd, unsigned offset, unsigned size);

/// Those parts of a map's values, as JSON: [[offset, size], ...]; "" when there are none.
std::string hidden_of(unsigned map_id);

/// The statements about a map.
std::vector<std::string> expected_of(unsigned map_id);

} // namespace guest
