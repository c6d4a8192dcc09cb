// SPDX-License-Identifier: Apache-2.0
// Stands where a call has its writer, when what is rendered goes another way.
//
// Thread rule: any thread.
#pragma once

#include "host/report/writer.hpp"

namespace mapscope::plugin {

class NoWriter final : public report::MapWriter {
public:
  void begin(const catalog::Map& /*map*/) override {}
  void begin_allocator(std::string_view /*name*/, const catalog::Map& /*section*/) override {}
  void row(const report::Row& /*row*/) override {}
  void field(const report::Field& /*field*/) override {}
  void end(const report::Outcome& /*outcome*/) override {}
};

} // namespace mapscope::plugin
