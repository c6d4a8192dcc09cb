// SPDX-License-Identifier: Apache-2.0
// Where a render hands its content when it is walked for its elements.
//
// A renderer gives an array's first element twice, as the map's value and at the head of its list; here each
// comes once. Thread rule: belongs to the thread that renders.
#pragma once

#include "host/plugin/call/delivery.hpp"

#include <cstddef>
#include <vector>

namespace mapscope::plugin {

class ElementSink : public Delivery {
public:
  int row(const msc_row& row) final;
  int field(const msc_field& field) final;
  void slots(const msc_slots& /*slots*/) final {}
  void slot(const msc_slot& /*slot*/) final {}
  void finding(std::uint32_t /*severity*/, std::string_view /*text*/) override {}
  void debug(std::string_view /*text*/) override {}

  /// Behind the last row: a value that was held back.
  int flush();

private:
  /// MSC_OK, or what ends the walk.
  virtual int element(const msc_row& row) = 0;
  /// A value that is also the first element of the list behind it.
  virtual int repeated(const msc_row& /*row*/) { return MSC_OK; }
  /// Of a row left open, up to the MSC_END that closes it, or of the map.
  virtual int member(const msc_field& /*field*/) { return MSC_OK; }

  bool is_held_ = false;
  msc_row held_{};
  std::vector<std::byte> bytes_; ///< of the value that is held
};

} // namespace mapscope::plugin
