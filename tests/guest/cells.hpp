// SPDX-License-Identifier: Apache-2.0
// Keys, values and copies of one map: as bpf(2) stated them inside the guest, and as a report shows them.
#pragma once

#include "expected.hpp"

#include <map>
#include <string>
#include <vector>

namespace mapscope::guest {

/// Keys to the copies behind them (one for ordinary maps), all as hex without blanks.
using Cells = std::multimap<std::string, std::vector<std::string>>;

/// What bpf(2) listed of a map; null for types whose elements it does not list.
const rapidjson::Value* listed(const rapidjson::Value& map);
Cells cells_of_guest(const rapidjson::Value& entries);
Cells cells_of_report(const rapidjson::Value& map);
/// Blanks what bpf(2) does not hand out (guest::hide()).
void hide(const rapidjson::Value& stated, Cells& cells, char blank = '.');

/// Each key is a cell, and so is each value or copy behind it; what only one side has counts as unequal.
void compare_cells(const Cells& guest, const Cells& report, Tally& tally);

/// Name, type, sizes, flags.
void compare_header(const rapidjson::Value& guest, const rapidjson::Value& report);

} // namespace mapscope::guest
