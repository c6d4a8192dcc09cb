// SPDX-License-Identifier: Apache-2.0
// A map as text: its rows, as a table or each on lines of its own, and what a plugin says beside them.
//
// Refuses: to hold more than the rows that a table is laid out from. Thread rule: one writer, one thread.
#pragma once

#include "host/report/text_cpu_copies.hpp"
#include "host/report/text_fields.hpp"
#include "host/report/text_map_frame.hpp"
#include "host/report/text_rows.hpp"

#include <string>
#include <string_view>

namespace mapscope::report {

class TextMapWriter : public MapWriter {
public:
  TextMapWriter(const Options& options, Stream& stream)
      : options_(options), fields_(options), stream_(stream),
        value_(options.inside, options.zeros, options.full),
        rows_(options.width, 2, [this](std::string_view text) { put(text); }) {}

  void begin(const catalog::Map& map) override;
  void begin_allocator(std::string_view name, const catalog::Map& section) override;
  void row(const Row& row) override;
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] Cuts cuts() const override {
    Cuts all = cuts_;
    all.add(beside_arrays(MapWriter::cuts()));
    all.add(fields_.cuts());
    return all;
  }

protected:
  void put_title(const std::string& title) { put(bold_text(title, options_) + '\n'); }
  /// A member of the map that is whole: its name, and what follows on the same line or on lines of its own.
  [[nodiscard]] virtual std::string map_field();
  /// What of the members was kept to stand beside others.
  [[nodiscard]] virtual std::string take_words() { return ""; }

  Options options_;
  TextFields fields_;

private:
  void put(std::string_view text);
  void flush() {
    if (!buffer_.empty()) stream_.append(buffer_);
    buffer_.clear();
  }
  void show(const Typed& typed, TextTree& into);
  void single(const Row& row);
  [[nodiscard]] std::string value_text() const;
  void hold_ops();
  void put_ops(bool with_programs);
  void pair(const Row& row);
  void slot(const Row& row);
  [[nodiscard]] std::string slot_lines(const Row& row) const;
  [[nodiscard]] std::string pair_lines();
  void add_payload(const Typed& typed);
  void add_cells_of(const TextTree& tree, unsigned part, const std::string& path);
  void add_cells_of(const SlotNumbers& slot);
  void end_row();
  [[nodiscard]] bool wants_plain() const { return rows_.wants_plain() || next_.is_other; }
  void per_cpu(const Row& row);
  void end_fields();
  [[nodiscard]] std::string row_fields() const;
  void drop_address_of_owner();
  [[nodiscard]] bool tells_programs() const;
  void decode_key(const Row& row);
  [[nodiscard]] CpuCopy copy_of(const Typed& typed);

  Stream& stream_;
  std::string buffer_;
  TextTree key_; ///< shown in full: entries are told apart by it
  TextTree value_;
  Cuts cuts_; ///< by this format's own limits
  TextRows rows_;
  TextRow next_; ///< the row that has begun
  std::uint32_t max_entries_ = 0;
  bool head_is_open_ = false; ///< its line has not ended
  bool is_ops_ = false;       ///< struct_ops
  std::string ops_;           ///< its value, which waits for its programs
  std::string brief_ops_;     ///< the same without what these tell
  bool is_short_ = false;     ///< the whole map is one line
  bool is_single_ = false;    ///< the map is one value
  std::string_view counted_as_ = "entry";
  bool row_open_ = false; ///< fields are the last row's
};

} // namespace mapscope::report
