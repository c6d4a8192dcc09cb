// SPDX-License-Identifier: Apache-2.0
// For who listens to a few of a value's events.
//
// Thread rule: as for any ValueVisitor.
#pragma once

#include "host/btf/value_visitor.hpp"

namespace mapscope::pipeline {

class DeafVisitor : public btf::ValueVisitor {
public:
  void signed_int(std::uint32_t, std::int64_t) override {}
  void unsigned_int(std::uint32_t, std::uint64_t) override {}
  void boolean(bool) override {}
  void character(std::uint8_t) override {}
  void real(std::uint32_t, double) override {}
  void wide_number(const btf::WideNumber&) override {}
  void enumeration(std::uint32_t, std::int64_t, std::optional<std::string_view>, bool) override {}
  void begin_struct(std::optional<std::string_view>) override {}
  void member(std::string_view) override {}
  void end_struct() override {}
  void begin_array(std::uint64_t) override {}
  void left_out(const btf::LeftOut&) override {}
  void end_array() override {}
  void cpu_list(std::string_view) override {}
  void pointer(std::uint64_t) override {}
  void begin_pointer(std::uint64_t) override {}
  void deref() override {}
  void end_pointer() override {}
  void begin_cast(std::uint64_t, const btf::Cast&) override {}
  void end_cast() override {}
  void fact(std::string_view, const btf::Fact&) override {}
  void begin_values(std::string_view) override {}
  void end_values() override {}
  void null() override {}
  void bytes(std::span<const std::byte>) override {}
  void text(std::string_view) override {}
  void begin_truncated(std::uint64_t, std::uint64_t) override {}
  void end_truncated() override {}
  void unsupported(std::string_view) override {}
};

} // namespace mapscope::pipeline
