// SPDX-License-Identifier: Apache-2.0
// A decoded value kept as its events, and played again as often as one likes: what lies behind a pointer is
// looked for once, and what has been kept outlives the render that it comes from.
//
// Refuses: to outlive the Types that its names come from. Thread rule: one thread at a time.
#pragma once

#include "host/btf/decoder.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::report {

class Recording final : public btf::ValueVisitor {
public:
  void clear() { bytes_.clear(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  void play(btf::ValueVisitor& out) const;

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
  class Player;
  enum class Event : std::uint8_t;
  void put(Event event);
  template <class T> void put_plain(const T& value);
  void put_name(std::string_view name); ///< which lives as long
  void put_text(std::string_view text);
  void put_optional(std::optional<std::string_view> name);
  void put_fact(const btf::Fact& fact);

  std::vector<std::byte> bytes_;
};

/// Reads as what was recorded, whatever the bytes.
class Recorded final : public btf::Decoder {
public:
  void record(const btf::Decoder& decoder, std::span<const std::byte> bytes);
  [[nodiscard]] const Recording& events() const { return events_; }

  btf::Cuts decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor) const override;
  void decode(std::span<const std::byte> bytes, btf::ValueVisitor& visitor,
              btf::Progress& progress) const override;
  [[nodiscard]] std::string_view type_name() const override { return type_name_; }

private:
  Recording events_;
  btf::Cuts cuts_;
  std::string type_name_;
};

} // namespace mapscope::report
