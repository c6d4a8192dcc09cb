// SPDX-License-Identifier: Apache-2.0
// A row with its fields, whole: to be looked at before anybody sees it, and to be handed on when its turn
// comes, or not at all. What a map lists among its fields (records of a ring buffer) is kept alike.
//
// Refuses: what is neither. Thread rule: one thread at a time.
#pragma once

#include "host/report/recording.hpp"
#include "host/report/writer.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mapscope::report {

/// Bytes with what they read as.
class KeptValue {
public:
  void take(const Typed& typed);
  [[nodiscard]] Typed typed() const;
  /// Null: it has no type.
  [[nodiscard]] const Recording* events() const { return has_decoder_ ? &recorded_.events() : nullptr; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] bool is_readable() const { return is_readable_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() + recorded_.events().size(); }

private:
  std::vector<std::byte> bytes_;
  Recorded recorded_;
  bool has_decoder_ = false, is_readable_ = true;
};

struct KeptField {
  Field field; ///< without its views
  std::string name, text;
  KeptValue value;
};

class KeptRow {
public:
  void begin(const Row& row);
  /// An object in a list; up to its end its members come as a row's fields do.
  void begin_listed();
  void add(const Field& field);
  void hand_on(MapWriter& to) const;

  /// Its shape, its numbers, and whether it is open; what has bytes is below.
  [[nodiscard]] const Row& row() const { return row_; }
  [[nodiscard]] bool is_listed() const { return is_listed_; }
  [[nodiscard]] const KeptValue& key() const { return key_; }
  [[nodiscard]] const KeptValue& value() const { return value_; }
  [[nodiscard]] const KeptValue* payload() const { return row_.payload ? &payload_ : nullptr; }
  [[nodiscard]] std::size_t copies() const { return copy_count_; }
  /// Of one CPU; null: it has none.
  [[nodiscard]] const KeptValue* copy(std::size_t cpu) const {
    return cpu < copy_count_ && has_copy_[cpu] ? &copies_[cpu] : nullptr;
  }
  [[nodiscard]] std::size_t field_count() const { return field_count_; }
  [[nodiscard]] const KeptField& field(std::size_t index) const { return fields_[index]; }
  /// Bytes that it takes, about.
  [[nodiscard]] std::size_t size() const;

private:
  Row row_;
  bool is_listed_ = false;
  KeptValue key_, value_, payload_;
  // They grow and are used again: a map has a million rows.
  std::deque<KeptValue> copies_;
  std::vector<bool> has_copy_;
  std::deque<KeptField> fields_;
  std::size_t copy_count_ = 0, field_count_ = 0;
};

} // namespace mapscope::report
