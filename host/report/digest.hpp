// SPDX-License-Identifier: Apache-2.0
// What a plugin says of a part of the kernel, in a few lines: its own numbers and words, what is in its lists
// where that has names, and how much where not.
//
// Refuses: to know any plugin; what comes first in a section is what its author holds to be first. Thread
// rule: belongs to the writer's thread.
#pragma once

#include "host/report/writer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::report {

/// Passes everything on, and keeps what a Digest says.
class DigestWriter final : public MapWriter {
public:
  /// `lines` is written by end().
  DigestWriter(std::unique_ptr<MapWriter> to, std::vector<std::string>& lines)
      : to_(std::move(to)), lines_(lines) {}

  void begin(const catalog::Map& map) override { to_->begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const Row& row) override { to_->row(row); }
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] Cuts cuts() const override { return to_->cuts(); }

private:
  struct List {
    std::string name;
    std::uint64_t count = 0;
    std::vector<std::string> names; ///< of its elements, as far as they have such
  };
  void note(const Field& field);

  std::unique_ptr<MapWriter> to_;
  std::vector<std::string>& lines_;
  std::size_t depth_ = 0;
  std::vector<std::string> facts_;
  std::vector<List> lists_;
};

} // namespace mapscope::report
