// SPDX-License-Identifier: Apache-2.0
// A report that waits until what stands before it is known.
//
// Refuses: to fail for want of room; see Spool. Thread rule: one thread writes.
#pragma once

#include "host/report/output.hpp"
#include "host/report/spool.hpp"

namespace mapscope::report {

class SpooledOutput final : public Output {
public:
  explicit SpooledOutput(Stream& to) : spool_(to) {}
  Result<void> commit() override { return {}; }
  /// What is held goes to the stream, in whose hands an error then is.
  void let_go() { spool_.let_go(); }

private:
  Result<void> put(std::string_view text) override {
    spool_.append(text);
    return {};
  }

  Spool spool_;
};

} // namespace mapscope::report
