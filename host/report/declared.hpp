// SPDX-License-Identifier: Apache-2.0
// What a map's keys and values are declared as, where that fits them.
//
// Thread rule: pure function.
#pragma once

#include "host/catalog/catalog.hpp"

#include <string>

namespace mapscope::report {

struct Declared {
  catalog::TypeRef type; ///< no object: bytes
  std::string remark;    ///< why they are bytes, where that is not plain
};
Declared declared_type(const catalog::Map& map, bool is_key);
/// "task_ctx"; "" where there is no type, or it has no name.
std::string declared_name(const catalog::Map& map, bool is_key);

/// "?" where a saved report does not say it.
std::string key_size_text(const catalog::Map& map);

} // namespace mapscope::report
