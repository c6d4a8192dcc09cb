// SPDX-License-Identifier: Apache-2.0
// What a host refuses of what a plugin hands it: one judgement for mapscope itself and for the host of tests,
// so that a plugin that passes its tests is not called a misuser in the field. Plugins do not need it.
//
// Each function gives "" when the contract is kept, or what is wrong with it as one clause. name_problem()
// alone has a memory. Thread rule: plain values.
#pragma once

#include <mapscope/member_names.hpp>
#include <mapscope/plugin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::contract {

inline constexpr std::uint32_t largest_record = 4096;
inline constexpr std::size_t longest_field_name = 63, deepest_field = 16;
inline constexpr std::size_t largest_object = SIZE_MAX / 2; // bytes; PTRDIFF_MAX

inline bool is_code(int rc) { return rc >= MSC_EFAIL && rc <= MSC_STOP; }

/// "MSC_EFAULT"; a number that is no code as it is.
inline std::string code_name(int rc) {
  constexpr std::string_view names[] = {"MSC_EFAIL",  "MSC_EINVAL", "MSC_ENOENT",
                                        "MSC_EFAULT", "MSC_OK",     "MSC_STOP"};
  return is_code(rc) ? std::string(names[rc - MSC_EFAIL]) : std::to_string(rc);
}

inline std::string note_problem(int rc) {
  return is_code(rc) ? std::string()
                     : "note() with the code " + std::to_string(rc) + ", which is none of the interface's";
}

/// A record that grows must go on serving plugins of 1.0, whose own is shorter: abi_frozen and the frozen
/// plugins of tests/guest fail until it does.
template <class Record> bool has_usable_size(const Record& record) {
  return record.size >= sizeof record && record.size <= largest_record;
}

/// A later minor's record may be longer; what is not known of it must be zero (libbpf_validate_opts).
template <class Record> std::string record_problem(std::string_view helper, const Record& record) {
  if (!has_usable_size(record))
    return std::string(helper) + " of " + std::to_string(record.size) + " bytes, this interface has " +
           std::to_string(sizeof record);
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  const bool says_more = std::any_of(bytes + sizeof record, bytes + record.size,
                                     [](std::byte byte) { return byte != std::byte{}; });
  return says_more ? std::string(helper) + " with members that this host does not know" : std::string();
}

/// Bytes of the shortest that a plugin may ask to be filled: what it had when its helper was released.
template <class Record> constexpr std::size_t released_size = sizeof(Record);
template <> inline constexpr std::size_t released_size<msc_target> = offsetof(msc_target, globals); // 1.1

/// True when the host can fill all that the plugin knows; the size then says how much that is.
template <class Record> bool begin_filling(Record& record) {
  if (record.size < released_size<Record> || record.size > largest_record) return false;
  record.size = static_cast<std::uint32_t>(std::min<std::size_t>(record.size, sizeof record));
  return true;
}

/// As far as the record's size says.
template <class Record> void fill(Record& record, Record from) {
  from.size = record.size;
  std::memcpy(&record, &from, record.size);
}

/// What is rendered, as far as rows must fit it.
struct Subject {
  bool is_map = true, is_allocator = false; ///< neither: a part of the kernel
  std::uint32_t key_size = 0, value_size = 0, cpus = 0;
};

/// What this render has handed over so far.
struct Progress {
  const std::vector<bool>& fields; ///< objects and lists that are open: which are lists
  bool row_open = false;
  bool has_fields = false; ///< members of the map have begun
  bool has_value = false;
  std::optional<std::uint32_t> shape; ///< of the rows behind the value
  bool has_elements = false;          ///< the rows are those of elements(), or will be
  bool in_elements = false;           ///< each() is running
};

inline bool is_per_cpu(const msc_row& row) {
  return row.shape == MSC_PERCPU_ELEMENT || row.shape == MSC_PERCPU_ENTRY;
}
inline bool is_indexed(const msc_row& row) {
  return row.shape == MSC_ELEMENT || row.shape == MSC_PERCPU_ELEMENT || row.shape == MSC_QUEUED;
}
inline bool is_keyed(const msc_row& row) { return row.shape == MSC_ENTRY || row.shape == MSC_PERCPU_ENTRY; }
inline bool has_owner(const msc_row& row) { return is_keyed(row) && row.key.type == MSC_POINTER; }
inline bool may_be_short(const msc_row& row) { return row.shape == MSC_VALUE || row.shape == MSC_ELEMENT; }

inline bool value_fits(const msc_value& value, std::uint32_t whole, bool may_be_short) {
  if (value.data == nullptr) return value.size == whole || value.size == 0;
  return value.size == whole || (may_be_short && value.size != 0 && value.size < whole);
}

inline std::string row_order_problem(const msc_row& row, const Subject& subject, const Progress& progress) {
  if (!subject.is_map) return "row() where no map is rendered; a part of the kernel is fields alone";
  if (auto problem = record_problem("row()", row); !problem.empty()) return problem;
  if (row.shape > MSC_QUEUED) return "row() of unknown shape " + std::to_string(row.shape);
  if (row.flags > (MSC_ROW_OPEN | MSC_ROW_ONCE))
    return "row() with unknown flags " + std::to_string(row.flags);
  if (subject.is_allocator) return "row() of an allocator";
  if (progress.has_elements) return "row() beside the rows of elements()";
  if (progress.row_open || !progress.fields.empty()) return "row() inside another row or a field";
  if (progress.has_fields) return "row() behind members of the map";
  if (row.shape == MSC_VALUE && (progress.has_value || progress.shape))
    return "row() with a value that is not the first row";
  if (row.shape != MSC_VALUE && progress.shape && *progress.shape != row.shape)
    return "row() of shape " + std::to_string(row.shape) + " among rows of shape " +
           std::to_string(*progress.shape);
  return {};
}

inline std::string row_size_problem(const msc_row& row, const Subject& subject) {
  const auto text = [](std::uint64_t number) { return std::to_string(number); };
  const std::size_t key_size = has_owner(row)    ? sizeof(std::uint64_t)
                               : is_keyed(row)   ? subject.key_size
                               : is_indexed(row) ? sizeof(std::uint32_t)
                                                 : 0;
  if (row.key.size != key_size)
    return "row() with a key of " + text(row.key.size) + " bytes, expected " + text(key_size);
  if (key_size != 0 && row.key.data == nullptr) return "row() without the bytes of its key";
  if (!is_per_cpu(row))
    return value_fits(row.value, subject.value_size, may_be_short(row))
               ? std::string()
               : "row() with a value of " + text(row.value.size) + " bytes, the map has " +
                     text(subject.value_size);
  if (row.copy_count > subject.cpus || (row.copy_count != 0 && row.copies == nullptr))
    return "row() with " + text(row.copy_count) + " copies for " + text(subject.cpus) + " CPUs";
  const bool fit = std::all_of(row.copies, row.copies + row.copy_count, [&](const msc_value& copy) {
    return value_fits(copy, subject.value_size, false);
  });
  return fit ? std::string()
             : "row() with a copy that has not the map's " + text(subject.value_size) + " bytes";
}

inline std::string row_problem(const msc_row& row, const Subject& subject, const Progress& progress) {
  auto problem = row_order_problem(row, subject, progress);
  return problem.empty() ? row_size_problem(row, subject) : problem;
}

inline bool is_field_name(const char* text) {
  const std::string_view name(text, ::strnlen(text, longest_field_name + 1));
  return !name.empty() && name.size() <= longest_field_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

/// What a plugin wrote, fit to be quoted: it may be long, or no text at all.
inline std::string quoted(const char* text) {
  std::string quoted = "\"";
  for (const char c : std::string_view(text, ::strnlen(text, longest_field_name + 1)))
    quoted += c >= ' ' && c <= '~' ? c : '?';
  return quoted + '"';
}

/// Kinds whose content is msc_field.value.
inline bool has_bytes(const msc_field& field) { return field.kind >= MSC_STRING && field.kind <= MSC_PAGE; }

inline std::string field_problem(const msc_field& field, const Progress& progress) {
  if (auto problem = record_problem("field()", field); !problem.empty()) return problem;
  if (field.kind > MSC_ABSENT) return "field() of unknown kind " + std::to_string(field.kind);
  const auto& open = progress.fields;
  if (field.kind == MSC_END && field.name != nullptr) return "field() that ends something and has a name";
  if (field.kind == MSC_END)
    return progress.row_open || !open.empty() ? std::string() : "field() that ends what was not begun";
  const bool in_list = !open.empty() && open.back();
  if (in_list && field.name != nullptr) return "field() with a name in a list: " + quoted(field.name);
  if (!in_list && field.name == nullptr) return "field() without a name in an object";
  if (!in_list && !is_field_name(field.name))
    return "field() with a name that is none: " + quoted(field.name) + "; 1 to " +
           std::to_string(longest_field_name) + " of A-Z, a-z, 0-9 and _";
  if (open.size() >= deepest_field) return "field() nested deeper than " + std::to_string(deepest_field);
  if (!has_bytes(field)) return {};
  if (field.value.size > largest_object) // a length of -1
    return "field() with a value of " + std::to_string(field.value.size) + " bytes, more than any memory has";
  return field.value.data == nullptr && field.value.size != 0 ? "field() without its bytes" : std::string();
}

inline std::string rows_of_elements_problem(const Subject& subject, const Progress& progress) {
  if (!subject.is_map || subject.is_allocator) return "elements() with MSC_ROWS where no map is rendered";
  if (progress.has_elements) return "elements() with MSC_ROWS once more";
  if (progress.has_value || progress.shape) return "elements() with MSC_ROWS beside row()";
  if (progress.has_fields) return "elements() with MSC_ROWS behind members of the map";
  return progress.row_open || !progress.fields.empty() ? "elements() with MSC_ROWS inside a row or a field"
                                                       : std::string();
}

/// `is_target`: the map to walk is the one that is rendered.
inline std::string elements_problem(const msc_elements& elements, bool is_target, const Subject& subject,
                                    const Progress& progress) {
  if (auto problem = record_problem("elements()", elements); !problem.empty()) return problem;
  if (elements.flags > MSC_ROWS) return "elements() with unknown flags " + std::to_string(elements.flags);
  if (elements.each == nullptr) return "elements() without a function for each element";
  if (progress.in_elements) return "elements() inside the function for each element";
  if ((elements.flags & MSC_ROWS) == 0) return {};
  return is_target ? rows_of_elements_problem(subject, progress) : "elements() with MSC_ROWS of another map";
}

/// Of what each() returned. `opened`: objects and lists that it opened and did not close.
inline std::string each_problem(int rc, bool is_rows, bool has_added, std::size_t opened) {
  if (rc == MSC_OK && opened != 0) return "the function for each element leaves an object or a list open";
  if (rc != MSC_LEAVE_OUT) return {};
  if (!is_rows) return "the function for each element leaves out a row where there are none";
  return has_added ? "the function for each element leaves out a row behind a field of it" : std::string();
}

/// Of a field without another problem: takes its name, unless that may not be given.
inline std::string name_problem(const msc_field& field, MemberNames& names) {
  if (field.name == nullptr) return {};
  const std::string_view wrong = names.take(field.name);
  return wrong.empty() ? std::string()
                       : "field() with the name " + std::string(field.name) + ", " + std::string(wrong);
}

} // namespace mapscope::contract
