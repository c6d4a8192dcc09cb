// SPDX-License-Identifier: Apache-2.0
#include "host/saved/wrong_members.hpp"

#include "host/plain/object.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <utility>

namespace mapscope::saved {

namespace {

enum class Form : unsigned { null, flag, number, text, list, object };

/// The first character tells.
Form form_of(std::string_view json) {
  switch (json.empty() ? ' ' : json.front()) {
  case 'n':
    return Form::null;
  case 't':
  case 'f':
    return Form::flag;
  case '"':
    return Form::text;
  case '[':
    return Form::list;
  case '{':
    return Form::object;
  default:
    return Form::number;
  }
}

constexpr const char* words[] = {"null", "true or false", "a number", "a text", "a list", "an object"};
const char* word_of(Form form) { return words[static_cast<unsigned>(form)]; }

constexpr std::string_view texts[] = {"name",       "full_name", "type_name", "types_from", "key_type",
                                      "value_type", "renderer",  "status",    "error",      "allocator_name",
                                      "map_name",   "title",     "value_hex"};
constexpr std::string_view numbers[] = {
    "id",          "map_type",        "key_size",          "value_size",
    "max_entries", "map_flags",       "map_extra",         "map_kva",
    "btf_id",      "refcnt",          "usercnt",           "entry_count",
    "map_id",      "btf_key_type_id", "btf_value_type_id", "btf_vmlinux_value_type_id"};
constexpr std::string_view lists[] = {"flag_names", "programs",      "limits",         "notes",
                                      "entries",    "array_entries", "percpu_entries", "percpu_hash_entries",
                                      "elements"};
constexpr std::string_view objects[] = {"cut_values", "field_forms", "ringbuf",
                                        "fd_array",   "stack_trace", "arena"};
constexpr std::string_view flags[] = {"frozen", "stands_in", "value_unreadable"};

constexpr std::pair<Form, std::span<const std::string_view>> forms[] = {{Form::text, texts},
                                                                        {Form::number, numbers},
                                                                        {Form::list, lists},
                                                                        {Form::object, objects},
                                                                        {Form::flag, flags}};

/// Numbers may stand in quotes: report.big_numbers.
bool is_quoted_number(std::string_view json) {
  constexpr std::string_view of_numbers = "0123456789-";
  return json.size() > 2 && json.front() == '"' && of_numbers.find(json[1]) != of_numbers.npos;
}

bool fits(std::string_view json, Form wanted) {
  return form_of(json) == wanted || (wanted == Form::number && is_quoted_number(json));
}

/// Those of the numbers above that have 32 bits.
constexpr std::string_view small[] = {"id",
                                      "map_type",
                                      "key_size",
                                      "value_size",
                                      "max_entries",
                                      "map_flags",
                                      "btf_id",
                                      "map_id",
                                      "btf_key_type_id",
                                      "btf_value_type_id",
                                      "btf_vmlinux_value_type_id"};

bool is_out_of_range(const plain::Object& map, std::string_view name) {
  return std::ranges::find(small, name) != std::ranges::end(small) && !map.small_number(name);
}

} // namespace

std::vector<std::string> wrong_members(std::string_view map) {
  if (const Form form = form_of(map); form != Form::object)
    return {fmt::format("the map itself is {} where an object stands", word_of(form))};
  std::vector<std::string> wrong;
  const plain::Object object(map);
  for (const auto& [name, text] : object.members())
    if (form_of(text) == Form::number && is_out_of_range(object, name))
      wrong.push_back(fmt::format("{} is {} where a whole number of 32 bits stands", name, text));
  for (const auto& [name, text] : object.members())
    for (const auto& [wanted, names] : forms)
      if (std::ranges::find(names, name) != names.end() && !fits(text, wanted))
        wrong.push_back(
            fmt::format("{} is {} where {} stands", name, word_of(form_of(text)), word_of(wanted)));
  return wrong;
}

std::vector<std::string> wrong_top_members(const plain::Object& report) {
  constexpr std::pair<std::string_view, Form> wanted[] = {{"findings", Form::list},
                                                          {"programs", Form::list},
                                                          {"sdt_allocations", Form::list},
                                                          {"extensions", Form::object},
                                                          {"mapscope", Form::object}};
  std::vector<std::string> wrong;
  for (const auto& [name, form] : wanted)
    if (const auto text = report.find(name); !text.empty() && form_of(text) != form)
      wrong.push_back(fmt::format("{} is {} where {} stands", name, word_of(form_of(text)), word_of(form)));
  return wrong;
}

} // namespace mapscope::saved
