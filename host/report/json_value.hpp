// SPDX-License-Identifier: Apache-2.0
// Value events to the report's JSON form of a value.
//
// Thread rule: as JsonText.
#pragma once

#include "host/btf/value_visitor.hpp"
#include "host/report/json_text.hpp"

namespace mapscope::report {

class JsonValue final : public btf::ValueVisitor {
public:
  explicit JsonValue(JsonText& out) : out_(out) {}

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
  void left_out(const btf::LeftOut& rest) override;
  void end_array() override;
  void cpu_list(std::string_view ranges) override;
  void pointer(std::uint64_t value) override;
  void begin_pointer(std::uint64_t value) override;
  void deref() override;
  void end_pointer() override;
  void begin_cast(std::uint64_t value, const btf::Cast& cast) override;
  void end_cast() override;
  void fact(std::string_view name, const btf::Fact& fact) override;
  void begin_values(std::string_view name) override;
  void end_values() override;
  void null() override;
  void bytes(std::span<const std::byte> value) override;
  void text(std::string_view escaped) override;
  void begin_truncated(std::uint64_t needed, std::uint64_t had) override;
  void end_truncated() override;
  void unsupported(std::string_view reason) override;

private:
  /// What of an open struct or pointer is open.
  enum class Part : std::uint8_t { members, member, facts };
  template <class T> void integer(bool is_signed, std::uint32_t bits, T value);
  void array(std::uint64_t length, bool is_text);
  void tell_text();
  void open_member_ends();
  void begin_part(Part part);
  void begin_fact(std::string_view name);

  JsonText& out_;
  std::array<Part, 128> parts_{}; ///< per open struct and pointer
  unsigned open_ = 0;
  bool is_members_own_ = false; ///< the next value, and no element or member of it
  std::string_view non_finite_; ///< what the open member's number is, which JSON cannot say
  bool is_bit_field_ = false;   ///< what the open member is, where its value does not tell it
  /// The innermost array, as long as it is one of scalars.
  struct {
    bool is_text = false, is_small = false, is_open = false;
  } of_list_;
  bool list_ended_ = false; ///< of the array that is open: what is left out of it follows
};

} // namespace mapscope::report
