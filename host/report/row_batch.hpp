// SPDX-License-Identifier: Apache-2.0
// Rows that wait to become text, with bytes of their own, and the text that they became.
//
// Refuses: rows with fields or a payload; whoever adds one has seen that it has none. Thread rule: one thread
// at a time.
#pragma once

#include "host/report/writer.hpp"

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace mapscope::report {

class RowBatch {
public:
  /// `helper` writes into `to`; it is asked once, by whoever writes.
  using MakeHelper = std::function<std::unique_ptr<MapWriter>(Stream& to)>;
  explicit RowBatch(MakeHelper make) : make_(std::move(make)) {}

  void add(const Row& row);
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  [[nodiscard]] bool is_full() const;
  /// Makes the text; keeps what is thrown for who takes it.
  void write() noexcept;
  /// What was made, for `to`, which the helper is of; throws what write() met.
  void hand_on(MapWriter& to) const;

private:
  struct Text final : Stream {
    std::string text;
    void append(std::string_view more) override { text += more; }
  };
  void write_rows();
  void keep(const Typed& typed);
  [[nodiscard]] Typed next(Typed typed);

  MakeHelper make_;
  std::vector<Row> rows_; ///< `bytes` have a length alone: they follow each other in bytes_
  std::vector<std::optional<Typed>> copies_; ///< of all rows, in the same way
  std::vector<std::byte> bytes_;
  std::size_t next_ = 0; ///< of bytes_, while they are written
  Text text_;
  Cuts cuts_;
  std::exception_ptr thrown_;
};

} // namespace mapscope::report
