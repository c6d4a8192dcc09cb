// SPDX-License-Identifier: Apache-2.0
// What one render gave, so that two of them can be compared: a number for each row and field, and how it
// ended. Values are decoded as for a report, and what that would say is a number as well.
//
// Refuses: to hold the content; of the first steps there are words for people. Thread rule: belongs to the
// thread that renders.
#pragma once

#include "host/report/writer.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mapscope::plugin {

struct RenderRecord {
  /// Rows without what plugins add to them; `inner` are fields of the row before, `members` of the map.
  enum class Kind : std::uint8_t { row, inner, member };
  struct Step {
    std::uint64_t hash : 62;
    std::uint64_t kind : 2;
    [[nodiscard]] bool is(Kind wanted) const { return kind == static_cast<std::uint64_t>(wanted); }
    bool operator==(const Step&) const = default;
  };

  std::vector<Step> steps;
  std::vector<std::string> words; ///< of the first steps: "entry 01 00 00 00: 05 00 00 00"
  std::uint64_t rows = 0;         ///< but for a single value
  std::uint64_t text = 0;         ///< of all that a report would say
  report::Outcome outcome;
  std::string failure; ///< what the host saw happen to the plugin

  /// What is known of a step.
  [[nodiscard]] std::string words_of(std::size_t step) const;
  /// It came to its end, whatever there was to find.
  [[nodiscard]] bool has_ended() const;
  /// "crashed: SIGSEGV at address 0x8 in render+0x1c after read()"
  [[nodiscard]] std::string end_words() const;
};

/// Fills a record; belongs to one render.
class Recorder final : public report::MapWriter {
public:
  /// `is_map`: false for a part of the kernel.
  Recorder(RenderRecord& record, bool is_map);
  ~Recorder() override;

  void begin(const catalog::Map& map) override { plain_->begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    plain_->begin_allocator(name, section);
  }
  void row(const report::Row& row) override;
  void field(const report::Field& field) override;
  void end(const report::Outcome& outcome) override { plain_->end(outcome); }
  [[nodiscard]] report::Cuts cuts() const override { return plain_->cuts(); }

  /// Of what is neither: "slots".
  void add(std::string_view content, const std::string& words);

private:
  class Numbered;
  void add(RenderRecord::Kind kind, std::uint64_t hash);
  [[nodiscard]] bool wants_words() const;

  RenderRecord& record_;
  std::unique_ptr<Numbered> text_;
  std::unique_ptr<report::MapWriter> plain_;
  unsigned depth_ = 0; ///< of the open objects, lists and row
  bool in_row_ = false;
};

/// Where two records of one target differ, in words; "" where they do not.
std::string difference(const RenderRecord& first, const RenderRecord& second);
/// The same of the rows alone, up to the end of the shorter.
std::string difference_of_rows(const RenderRecord& first, const RenderRecord& second);
/// The first thing of `before` that `after` lacks, in words; "" where nothing is. Rows may be left out of
/// `after` where those that plugins do not want shown are `may_lack`; it may have more fields.
std::string first_lost(const RenderRecord& before, const RenderRecord& after, std::uint64_t may_lack);

} // namespace mapscope::plugin
