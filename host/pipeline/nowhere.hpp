// SPDX-License-Identifier: Apache-2.0
// A writer that takes rows and keeps none: for who only counts.
//
// Thread rule: any thread.
#pragma once

#include "host/report/writer.hpp"

namespace mapscope::pipeline {

class Nowhere : public report::DraftWriter {
public:
  void begin_allocator(std::string_view, const catalog::Map&) override {}
  void begin(const catalog::Map&) override {}
  void row(const report::Row&) override {}
  void field(const report::Field&) override {}
  void end(const report::Outcome&) override {}
  void keep() override {}
  void set_aside() override {}
  void drop() override {}
  void bring_back() override {}
};

} // namespace mapscope::pipeline
