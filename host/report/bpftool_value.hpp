// SPDX-License-Identifier: Apache-2.0
// Value events to what bpftool prints of a value under "formatted" (tools/bpf/bpftool/btf_dumper.c).
//
// Refuses: what is no JSON there, or wrong. Quotes, backslashes and apostrophes are escaped as JSON has it,
// floats are numbers, what cannot be shown is null, and a bool is its own byte and not the three behind it
// too. A CPU mask is its ranges, whose words nothing here tells. Pointers are addresses: what lies behind
// them bpftool does not know. Thread rule: as JsonText.
#pragma once

#include "host/btf/value_visitor.hpp"
#include "host/report/json_text.hpp"

#include <string>
#include <vector>

namespace mapscope::report {

class BpftoolValue final : public btf::ValueVisitor {
public:
  explicit BpftoolValue(JsonText& out) : out_(out) {}

  void bit_field() override { is_bit_field_ = true; }
  void signed_int(std::uint32_t bits, std::int64_t value) override;
  void unsigned_int(std::uint32_t bits, std::uint64_t value) override;
  void boolean(bool value) override;
  void character(std::uint8_t value) override;
  void real(std::uint32_t bits, double value) override;
  void wide_number(const btf::WideNumber& number) override;
  void enumeration(std::uint32_t bits, std::int64_t value, std::optional<std::string_view> variant,
                   bool is_signed) override;
  void begin_struct(std::optional<std::string_view> type_name) override;
  void member(std::string_view name) override;
  void end_struct() override;
  void begin_array(std::uint64_t length) override;
  void begin_text(std::uint64_t length) override;
  void left_out(const btf::LeftOut& /*rest*/) override {}
  void end_array() override;
  void cpu_list(std::string_view ranges) override;
  void pointer(std::uint64_t value) override;
  void begin_pointer(std::uint64_t value) override;
  void deref() override {}
  void end_pointer() override { --behind_; }
  void begin_cast(std::uint64_t value, const btf::Cast& /*cast*/) override { begin_pointer(value); }
  void end_cast() override { --behind_; }
  void fact(std::string_view /*name*/, const btf::Fact& /*fact*/) override {}
  void begin_values(std::string_view /*name*/) override { ++behind_; }
  void end_values() override { --behind_; }
  void null() override;
  void bytes(std::span<const std::byte> value) override;
  void text(std::string_view escaped) override;
  void begin_truncated(std::uint64_t /*needed*/, std::uint64_t /*had*/) override {}
  void end_truncated() override {}
  void unsupported(std::string_view /*reason*/) override { null(); }

private:
  enum class Kind : std::uint8_t { record, section, list, undecided, text, hidden };

  /// Right before a value is written; false where bpftool shows none.
  bool place();
  bool is_character(std::int64_t code, bool is_flagged);
  void settle_as_list();
  void write_character(std::uint8_t code);
  void bits(std::uint64_t value, std::uint32_t width);

  JsonText& out_;
  std::vector<Kind> open_;
  unsigned behind_ = 0; ///< pointers and lists of values that are open: nothing of them is shown
  bool is_bit_field_ = false, in_variable_ = false;
  std::string characters_; ///< of the array that is undecided
  bool are_flagged_ = false;
};

} // namespace mapscope::report
