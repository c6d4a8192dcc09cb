// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/row_members.hpp"

#include "host/pipeline/member_picker.hpp"
#include "host/plain/entries.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <variant>

namespace mapscope::pipeline {

namespace {

using plain::Scalar;
using report::Field;
using report::FieldKind;
using report::KeptField;
using report::KeptRow;
using report::KeptValue;
using report::Shape;

const Scalar* number_in(std::uint64_t number, Scalar& into) {
  into.clear();
  into.number = number;
  return &into;
}

/// Bytes without a type are a number where they have the size of one.
const Scalar* bytes_as_number(std::span<const std::byte> bytes, Scalar& into) {
  const std::size_t size = bytes.size();
  if (size != 1 && size != 2 && size != 4 && size != 8) return nullptr;
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), size);
  return number_in(number, into);
}

const Scalar* in_value(const KeptValue* value, Path path, Scalar& into) {
  if (value == nullptr || !value->is_readable()) return nullptr;
  if (value->events() != nullptr) return pick_member(*value->events(), path, into);
  return path.empty() ? bytes_as_number(value->bytes(), into) : nullptr;
}

const Scalar* scalar_of(const Field& field, const std::string& text, Scalar& into) {
  into.clear();
  switch (field.kind) {
  case FieldKind::number:
  case FieldKind::address:
    into.number = field.number;
    return &into;
  case FieldKind::signed_number:
    into.number = static_cast<std::int64_t>(field.number);
    return &into;
  case FieldKind::real:
    into.number = field.real;
    return &into;
  case FieldKind::flag:
    into.number = field.number, into.set_text(field.number != 0 ? "true" : "false");
    return &into;
  case FieldKind::text:
    into.set_text(text);
    return &into;
  default:
    return nullptr;
  }
}

/// Fields come one behind the other; each that is open has how many steps of the path lead to it.
class FieldPicker {
public:
  FieldPicker(const KeptRow& row, Path path, Scalar& into) : row_(row), path_(path), into_(into) {}

  const Scalar* pick() {
    for (std::size_t i = 0; i < row_.field_count(); ++i) {
      const KeptField& kept = row_.field(i);
      if (kept.field.kind == FieldKind::end) {
        if (open_.empty()) break; // the row itself
        open_.pop_back();
      } else if (const Scalar* const found = take(kept); found != nullptr) {
        return found;
      }
    }
    return nullptr;
  }

private:
  static constexpr std::size_t nowhere = SIZE_MAX;
  struct Open {
    bool is_list;
    std::size_t steps;
    std::uint64_t index = 0;
  };

  const Scalar* take(const KeptField& kept) {
    const std::size_t steps = steps_to(kept.name);
    const FieldKind kind = kept.field.kind;
    if (kind == FieldKind::object || kind == FieldKind::list)
      open_.push_back({kind == FieldKind::list, steps});
    if (steps == nowhere) return nullptr;
    if (kind == FieldKind::typed) return in_value(&kept.value, path_.subspan(steps), into_);
    return steps == path_.size() ? scalar_of(kept.field, kept.text, into_) : nullptr;
  }

  std::size_t steps_to(std::string_view name) {
    const std::size_t outer = open_.empty() ? 0 : open_.back().steps;
    const bool in_list = !open_.empty() && open_.back().is_list;
    const std::uint64_t index = in_list ? open_.back().index++ : 0;
    if (outer >= path_.size()) return nowhere;
    const bool fits = in_list ? path_[outer].index == index : path_[outer].name == name;
    return fits ? outer + 1 : nowhere;
  }

  const KeptRow& row_;
  Path path_;
  Scalar& into_;
  std::vector<Open> open_;
};

bool is_indexed(Shape shape) {
  return shape == Shape::element || shape == Shape::percpu_element || shape == Shape::queued ||
         shape == Shape::value; // its key is 0
}

/// Calls `take` with each outermost field of the row until it returns true.
template <class Take> void each_field(const KeptRow& row, const Take& take) {
  unsigned depth = 0;
  for (std::size_t i = 0; i < row.field_count(); ++i) {
    const FieldKind kind = row.field(i).field.kind;
    if (kind == FieldKind::end) {
      depth -= depth != 0 ? 1 : 0;
      continue;
    }
    if (depth == 0 && take(row.field(i))) return;
    if (kind == FieldKind::object || kind == FieldKind::list) ++depth;
  }
}

bool is_key_of_list(std::string_view name) {
  return std::ranges::any_of(plain::entry_lists(), [&](const plain::EntryList& list) {
    const auto is_name = [&](const char* key) { return key != nullptr && name == key; };
    return list.inner != nullptr && std::ranges::any_of(list.keys, is_name);
  });
}

const Scalar* in_listed_key(const KeptField* key, Path path, Scalar& into) {
  if (key == nullptr) return nullptr;
  if (key->field.kind == FieldKind::typed || key->field.kind == FieldKind::hex)
    return in_value(&key->value, path, into);
  return path.empty() ? scalar_of(key->field, key->text, into) : nullptr;
}

} // namespace

const KeptField* listed_key(const KeptRow& row) {
  const KeptField* key = nullptr;
  each_field(row, [&](const KeptField& field) {
    if (is_key_of_list(field.name)) key = &field;
    return key != nullptr;
  });
  return key;
}

namespace {

const Scalar* in_key(const KeptRow& row, Path path, Scalar& into) {
  if (row.row().shape == Shape::slot) return nullptr;
  if (row.is_listed()) return in_listed_key(listed_key(row), path, into);
  if (!is_indexed(row.row().shape)) return in_value(&row.key(), path, into);
  return path.empty() ? number_in(row.row().index, into) : nullptr;
}

bool says_cpu(Path path) { return !path.empty() && path.front().name.empty(); }

/// What a record of a ring buffer decodes to is one of its fields.
const KeptValue* listed_value(const KeptRow& row) {
  const KeptValue* value = nullptr;
  if (row.is_listed())
    each_field(row, [&](const KeptField& field) {
      const bool is_it = field.field.kind == FieldKind::typed && field.name == "value";
      if (is_it) value = &field.value;
      return is_it;
    });
  return value;
}

const Scalar* in_content(const KeptRow& row, Path path, std::size_t cpu, Scalar& into) {
  if (row.is_listed()) return in_value(listed_value(row), path, into);
  if (!is_per_cpu(row)) return in_value(&row.value(), path, into);
  if (!says_cpu(path)) return in_value(row.copy(cpu), path, into);
  return in_value(row.copy(*path.front().index), path.subspan(1), into);
}

const Scalar* in_slot(const KeptRow& row, Path path, Scalar& into) {
  if (row.row().shape != Shape::slot || path.size() != 1) return nullptr;
  const report::SlotNumbers& slot = row.row().slot;
  const std::string& name = path.front().name;
  if (name == "idx") return number_in(static_cast<std::uint64_t>(slot.idx), into);
  if (name == "genn") return number_in(static_cast<std::uint64_t>(slot.genn), into);
  if (name == "user_addr") return number_in(slot.user_addr, into);
  return nullptr;
}

/// By the word in front.
const Scalar* in_named(const KeptRow& row, Path path, std::size_t cpu, Scalar& into) {
  const std::string& word = path.front().name;
  const Path rest = path.subspan(1);
  const bool is_index = word == "index" && row.row().shape == Shape::queued; // as every format has it
  if (word == "key" || is_index) return in_key(row, rest, into);
  if (word == "value") return in_content(row, rest, cpu, into);
  if (word == "payload") // of a slot what it holds is its value
    return in_value(row.row().shape == Shape::slot ? &row.value() : row.payload(), rest, into);
  return nullptr;
}

} // namespace

bool is_per_cpu(const KeptRow& row) {
  return row.row().shape == Shape::percpu_element || row.row().shape == Shape::percpu_entry;
}

const Scalar* member_of(const KeptRow& row, Path path, std::size_t cpu, Scalar& into) {
  if (path.empty()) return nullptr;
  if (const auto* const found = in_content(row, path, cpu, into); found != nullptr) return found;
  if (const auto* const found = in_value(row.payload(), path, into); found != nullptr) return found;
  if (const auto* const found = in_named(row, path, cpu, into); found != nullptr) return found;
  if (const auto* const found = in_slot(row, path, into); found != nullptr) return found;
  if (const auto* const found = FieldPicker(row, path, into).pick(); found != nullptr) return found;
  return in_key(row, path, into);
}

const Scalar* field_of(const KeptRow& row, Path path, Scalar& into) {
  return FieldPicker(row, path, into).pick();
}

const Scalar* order_of(const KeptRow& row, Path path, Scalar& into) {
  if (!is_per_cpu(row) || says_cpu(path)) return member_of(row, path, 0, into);
  long double sum = 0; // of 64 bits it holds each
  bool any = false;
  for (std::size_t cpu = 0; cpu < row.copies(); ++cpu) {
    const Scalar* const one = row.copy(cpu) != nullptr ? member_of(row, path, cpu, into) : nullptr;
    if (one == nullptr || one->number.index() == 0) continue;
    sum += std::visit(
        [](const auto& number) -> long double {
          if constexpr (std::is_same_v<std::decay_t<decltype(number)>, std::monostate>)
            return 0;
          else
            return static_cast<long double>(number);
        },
        one->number);
    any = true;
  }
  if (!any) return member_of(row, path, 0, into);
  into.clear();
  into.number = sum >= 0 && sum < 0x1p64L ? plain::Number(static_cast<std::uint64_t>(sum))
                                          : plain::Number(static_cast<double>(sum));
  return &into;
}

void add_names_of(const KeptRow& row, std::vector<std::string>& names) {
  const auto add = [&](const KeptValue* value) {
    if (value != nullptr && value->events() != nullptr) add_member_names(*value->events(), names);
  };
  if (!is_per_cpu(row)) add(&row.value());
  add(listed_value(row));
  for (std::size_t cpu = 0; cpu < row.copies() && names.empty(); ++cpu) add(row.copy(cpu));
  add(row.payload());
  each_field(row, [&](const KeptField& field) {
    if (std::ranges::count(names, field.name) == 0) names.push_back(field.name);
    return false;
  });
  std::vector<std::string> of_key;
  if (!is_indexed(row.row().shape) && row.key().events() != nullptr)
    add_member_names(*row.key().events(), of_key);
  for (const std::string& name : of_key) names.push_back("key." + name);
  if (row.row().shape != Shape::slot) names.emplace_back(row.row().shape == Shape::queued ? "index" : "key");
}

} // namespace mapscope::pipeline
