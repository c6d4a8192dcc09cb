// SPDX-License-Identifier: Apache-2.0
// The types of maps that a plugin's author may have meant.
//
// Which types a target has is in its own BTF; this list is for what is said before there is a target. A type
// that is newer than it has the name "type_36", by its number, everywhere. Thread rule: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

/// "hash" of 1; "type_36" of a number that this list does not reach.
std::string map_type_name(std::uint32_t type);

/// What every map type answers to beside its name: "type_1".
std::string map_type_number(std::uint32_t type);

/// True when a type is called so, or will be: a name of the list or of the form "type_36".
bool is_map_type(std::string_view name);

/// Numbers of all types that a glob matches, by name or by number; those that the list knows, and, where it
/// matches none of them, the first beyond.
std::vector<std::uint32_t> map_types_like(std::string_view glob);

/// The name that is probably meant, or "".
std::string nearest_map_type(std::string_view wrong);

} // namespace mapscope::plugin
