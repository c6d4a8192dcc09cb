// SPDX-License-Identifier: Apache-2.0
// A map of a saved report, an allocator or a part of the kernel, as the calls of a MapWriter that it was
// written by.
//
// Refuses: to hold more of it than one row. Thread rule: one thread; the text is borrowed.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/catalog/catalog.hpp"
#include "host/report/writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mapscope::saved {

/// What of a map is not content: its record.
catalog::Map map_from(std::string_view text);

enum class What : std::uint8_t { map, allocator, part };

struct SavedMap {
  What what = What::map;
  std::string_view text; ///< an object
  catalog::Map map{};    ///< of an allocator the one it lies in; of a part none
  std::string title{};   ///< an allocator's name; for people what a part is, and who shows it
};

/// All of it, from begin() to end(); how it ended. Errors (corrupt): text that is no JSON; what came before
/// has been written.
Result<report::Outcome> replay(const SavedMap& saved, const btf::Limits& limits, report::MapWriter& writer);

} // namespace mapscope::saved
