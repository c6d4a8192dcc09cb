// SPDX-License-Identifier: Apache-2.0
// A report of a guest against what that said of itself, map by map.
#pragma once

#include "captures.hpp"
#include "cells.hpp"
#include "type_table.hpp"

#include <functional>

namespace mapscope::guest {

/// All that the guest stated of a map, against what was read from memory.
void compare_map(const rapidjson::Value& stated, const rapidjson::Value& map, Tally& tally);

/// False: that map is left out.
using CompareMap =
    std::function<bool(const rapidjson::Value& stated, const rapidjson::Value& map, TypeTable::Cell& cell)>;
/// Every map that the guest stated; `column` names the table's, and has the statement.
Tally compare_report(const rapidjson::Document& report, const Capture& column, TypeTable& table,
                     const CompareMap& compare);

} // namespace mapscope::guest
