// SPDX-License-Identifier: Apache-2.0
// A report's own text beside the maps, on its way to the output.
//
// Thread rule: one thread.
#pragma once

#include "host/report/output.hpp"
#include "host/report/writer.hpp"

namespace mapscope::pipeline {

/// The first error is kept.
class OutputStream final : public report::Stream {
public:
  explicit OutputStream(report::Output& output) : output_(&output) {}
  void append(std::string_view text) override {
    if (result_) result_ = output_->write(text);
  }
  void go_on_in(report::Output& output) { output_ = &output; }
  [[nodiscard]] const Result<void>& result() const { return result_; }

private:
  report::Output* output_;
  Result<void> result_;
};

} // namespace mapscope::pipeline
