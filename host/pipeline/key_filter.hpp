// SPDX-License-Identifier: Apache-2.0
// Of a map's rows those with one key; the others are counted, and the first of their keys kept.
//
// Refuses: to leave out a row whose key is not all that a person may call it by: one without a type, one that
// has an owner or a prefix. Thread rule: as for any MapWriter; OtherKeys belong to one map.
#pragma once

#include "host/plain/look_up.hpp"
#include "host/report/writer.hpp"

#include <memory>

namespace mapscope::pipeline {

/// Both arguments must live as long.
std::unique_ptr<report::MapWriter> only_with_key(std::unique_ptr<report::MapWriter> to, const plain::Key& key,
                                                 plain::OtherKeys& others);

} // namespace mapscope::pipeline
