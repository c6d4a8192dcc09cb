// SPDX-License-Identifier: Apache-2.0
// Members of a saved map that have another form than any report gives them: the file is damaged, or somebody
// has edited it.
//
// Refuses: to look into rows and values. Thread rule: pure.
#pragma once

#include "host/plain/object.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mapscope::saved {

/// Of each what is wrong, as "entries is a number where a list stands".
std::vector<std::string> wrong_members(std::string_view map);
/// The same of what stands beside the maps.
std::vector<std::string> wrong_top_members(const plain::Object& report);

} // namespace mapscope::saved
