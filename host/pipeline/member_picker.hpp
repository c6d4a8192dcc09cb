// SPDX-License-Identifier: Apache-2.0
// One member of a value that was recorded, by its path: through pointers that were followed, as far as `get`
// goes.
//
// Of text it is the text, of an enumerator value and name, of a pointer the address and what lies there by
// name. Refuses: structs and lists, but for those of one member, which are that. Thread rule: one thread.
#pragma once

#include "host/plain/path.hpp"
#include "host/plain/scalar.hpp"
#include "host/report/recording.hpp"

#include <span>
#include <string>
#include <vector>

namespace mapscope::pipeline {

/// Null: it has none of this path. Valid until `into` is used again.
const plain::Scalar* pick_member(const report::Recording& value, std::span<const plain::Step> path,
                                 plain::Scalar& into);

/// Adds the names that a path into the value may begin with.
void add_member_names(const report::Recording& value, std::vector<std::string>& names);

} // namespace mapscope::pipeline
