// SPDX-License-Identifier: Apache-2.0
// One map as text: what its rows and fields are, and what comes out.
#pragma once

#include "text_events.hpp"

namespace mapscope::report {

inline const Says one([](V& v) { v.unsigned_int(32, 1); });
inline const std::vector<std::byte> bytes = bytes_of({1});

inline Typed value(const Says& says) { return {&says, bytes}; }
inline Row entry(const Says& key, const Says& is) { return {Shape::entry, value(key), 0, value(is), {}}; }

inline std::string text(const catalog::Map& map, const std::vector<Row>& rows, const Outcome& ends = {},
                        const Options& options = {}) {
  return map_text(Format::text, map, rows, ends, options);
}

inline const std::string head = "map 7 m  hash, key 4 B, value 8 B, max_entries 8";

inline Field a_field(FieldKind kind, std::string_view name, std::uint64_t number = 0,
                     std::string_view text = "") {
  return {.kind = kind, .name = name, .number = number, .real = 0, .text = text, .value = {}};
}

} // namespace mapscope::report
