// SPDX-License-Identifier: Apache-2.0
// Where a render hands its content that has no writer of its own: to the process that writes the report, or
// to the plugin that it walks a map for.
//
// What is passed has been checked against the contract and counts within the budgets. Thread rule: belongs to
// the thread that renders.
#pragma once

#include <mapscope/plugin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mapscope::plugin {

class Delivery {
public:
  virtual ~Delivery() = default;
  /// MSC_OK, or what the renderer is to end with.
  virtual int row(const msc_row& row) = 0;
  virtual int field(const msc_field& field) = 0;
  virtual void note(int rc, std::string_view text) = 0;
  virtual void slots(const msc_slots& slots) = 0;
  virtual void slot(const msc_slot& slot) = 0;
  virtual void finding(std::uint32_t severity, std::string_view text) = 0;
  virtual void debug(std::string_view text) = 0;
};

/// What only the process that ran the plugin knows of a render, told when it ends.
struct RenderFacts {
  int rc = MSC_OK;
  std::uint8_t spent = 0;     ///< Budget::Kind
  bool bug = false;           ///< the plugin broke the contract
  bool counts = false;        ///< it called count()
  bool lacks_memory = false;  ///< it asked for memory that the snapshot should have and has not
  bool used_up = false;       ///< its process holds much memory of the target's by now
  std::uint64_t counted = 0;  ///< entries that are in no row
  std::uint64_t left_out = 0; ///< entries that a decoder did not want shown
  std::uint64_t read_bytes = 0;
  std::optional<std::pair<std::uint64_t, std::uint8_t>> fault; ///< the first: address and target::Fault
  std::string missing;                                         ///< the type or member last asked for in vain
};

} // namespace mapscope::plugin
