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

/// The statements about a map.
std::vector<std::string> expected_of(unsigned map_id);

} // namespace guest
