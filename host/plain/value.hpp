// SPDX-License-Identifier: Apache-2.0
// A report that is read back, and the values in it in their plain form: structs as objects by member name,
// arrays as lists, text as strings, enums by name, pointers as hexadecimal strings.
//
// Refuses: to know how a value came about; what the report does not tell is not there. Thread rule: pure
// functions.
#pragma once

#include "host/base/result.hpp"

#include <rapidjson/document.h>
#include <string>

namespace mapscope::plain {

using Json = rapidjson::Value;

/// A report as the program writes it. Errors: text that is none.
Result<rapidjson::Document> parse(std::string text);

/// The member, or null.
const Json* find(const Json& object, const char* name);

/// Decoded bytes, with a `kind` of their own; false of what a plugin or the host says beside them.
bool is_value(const Json& node);
bool is_kind(const Json& node, std::string_view kind);
/// What may be read in place of the value: of a truncated one what there is of it.
const Json& whole_or_part(const Json& value);

/// Calls `each(name, value)` for the members of a struct, those of unnamed members among them.
template <class Each> void for_members(const Json& value, const Each& each) {
  const Json* const members = find(value, "members");
  if (members == nullptr || !members->IsArray()) return;
  for (const Json& member : members->GetArray()) {
    const Json *name = find(member, "name"), *inner = find(member, "value");
    if (name == nullptr || inner == nullptr || !name->IsString()) continue;
    if (name->GetStringLength() == 0 && is_kind(*inner, "struct"))
      for_members(*inner, each);
    else
      each(*name, *inner);
  }
}

/// Of characters, up to the first zero, where all that follows is zero as well. Kernels may be built with
/// characters that have no sign: what may be numbers is text from three letters and a zero on.
bool is_text(const Json& array, std::string& text);

/// The plain form of all that is in `node`.
Json plain(const Json& node, rapidjson::Document::AllocatorType& memory);
/// As JSON on one line, or on many.
std::string json_text(const Json& plain, bool pretty);
/// For a terminal: strings and numbers as they are, the rest as JSON on many lines.
std::string shown_text(const Json& plain);

} // namespace mapscope::plain
