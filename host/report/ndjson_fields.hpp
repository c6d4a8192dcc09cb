// SPDX-License-Identifier: Apache-2.0
// Fields in plain form: of a row, of a map's record, of what is no map; and those of a map's record that are
// its elements, each of which becomes a line.
//
// Thread rule: as JsonText.
#pragma once

#include "host/report/element_lists.hpp"
#include "host/report/plain_value.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mapscope::report {

/// What decodes a value into a visitor, and counts what is not shown of it.
using DecodeInto = std::function<void(const Typed&, btf::ValueVisitor&)>;

/// A typed value in plain form, or its bytes.
void write_plain(const Typed& typed, JsonText& out, PlainValue& value, std::string root,
                 const DecodeInto& decode);

/// What PlainValue keeps apart, as members of the open object.
void write_apart(JsonText& out, std::string_view links, std::string_view gaps);

class PlainFields {
public:
  PlainFields(PlainValue& value, DecodeInto decode, bool shows_pages)
      : value_(value), decode_(std::move(decode)), shows_pages_(shows_pages) {}

  /// The fields that come next; paths of their values begin with `root`.
  void begin(std::string root) { root_ = std::move(root), open_.clear(); }
  void write(JsonText& out, const Field& field);
  /// Objects and lists that are open.
  [[nodiscard]] std::size_t depth() const { return open_.size(); }
  /// Of the one in all others; "" where none is open.
  [[nodiscard]] std::string_view outermost() const {
    return open_.empty() ? std::string_view() : open_.front().name;
  }

private:
  struct Open {
    std::string name; ///< "" inside a list
    bool is_list = false;
    std::uint64_t count = 0;
  };
  [[nodiscard]] std::string path_of(const Field& field) const;
  void end(JsonText& out);

  PlainValue& value_;
  DecodeInto decode_;
  bool shows_pages_;
  std::string root_;
  std::vector<Open> open_;
};

/// One element of a list of a map's record.
struct PlainElement {
  std::string_view key, value, more; ///< JSON; more: members, or "". "" = there is none
};

class ElementFields {
public:
  ElementFields(PlainFields& fields, bool big_numbers_as_strings);
  /// `field` is the first of a list of the map's record, whose object `outer` is open.
  bool begin(std::string_view outer, const Field& field);
  [[nodiscard]] bool is_open() const { return list_ != nullptr; }
  /// Calls `element` when one is complete.
  void field(const Field& field, const std::function<void(const PlainElement&)>& element);

private:
  JsonPiece& part_for(std::string_view name);
  void finish(const std::function<void(const PlainElement&)>& element);

  PlainFields& fields_;
  const ElementList* list_ = nullptr;         ///< that is open
  bool in_element_ = false, is_bare_ = false; ///< bare: no object, as only a damaged report has it
  JsonPiece* part_ = nullptr;                 ///< where an open object or list goes
  std::vector<std::unique_ptr<JsonPiece>> keys_, values_;
  JsonPiece rest_;
};

} // namespace mapscope::report
