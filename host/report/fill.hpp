// SPDX-License-Identifier: Apache-2.0
// How full a map is, for people.
//
// Thread rule: pure.
#pragma once

#include "host/report/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace mapscope::report {

/// "12 / 64"; "?" for what is not known, "-" where nothing bounds the entries.
[[nodiscard]] std::string used_text(const catalog::Map& map, const Outcome& outcome);
/// "####......", `width` wide; "" where there is no such number.
[[nodiscard]] std::string fill_bar(const catalog::Map& map, const Outcome& outcome, std::size_t width);
/// "640 B", "87 KiB", "1.2 MiB": what a map takes of memory.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// Of what was declared of a map: memory that is missing is no zero.
[[nodiscard]] std::string declared_text(const catalog::Map& map, std::uint32_t number);

} // namespace mapscope::report
