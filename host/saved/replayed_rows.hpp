// SPDX-License-Identifier: Apache-2.0
// The rows of a saved map, one after another.
//
// Refuses: to hold more than one. What is no row, since it is no object, is passed over. Thread rule: one
// object, one thread.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/plain/object.hpp"
#include "host/saved/replayed_fields.hpp"

#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace mapscope::saved {

class ReplayedRows {
public:
  /// All borrowed.
  ReplayedRows(report::MapWriter& writer, ReplayedFields& fields, Names& names, const btf::Cuts& cuts,
               const catalog::Map& map);

  Result<void> value(std::string_view text, std::string_view hex);
  void unreadable_value();
  Result<void> list(report::Shape shape, std::string_view text);
  /// Elements of lists that are no rows, and so are not shown.
  [[nodiscard]] std::uint64_t no_objects() const { return no_objects_; }

private:
  void row(report::Shape shape, const plain::Json& row);
  void slot(const plain::Json& row);
  void fields_of(report::Shape shape, const plain::Json& row);
  void copies(const plain::Json& row);
  report::Typed typed(const plain::Json* value, const plain::Json* hex, bool must_be_typed);
  std::span<const std::byte> bytes_of(const plain::Json* hex);

  report::MapWriter& writer_;
  ReplayedFields& fields_;
  Names& names_;
  const btf::Cuts& cuts_;
  bool is_text_; ///< what has no type is printed as text
  plain::Piece piece_, hex_piece_;
  std::shared_ptr<const btf::Decoder> printable_ = btf::Decoder::printable_text();
  std::deque<ReplayedValue> decoders_;         ///< of the row
  std::deque<std::vector<std::byte>> buffers_; ///< the same
  std::vector<std::optional<report::Typed>> copies_;
  std::uint64_t no_objects_ = 0;
};

} // namespace mapscope::saved
