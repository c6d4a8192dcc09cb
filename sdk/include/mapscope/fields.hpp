// SPDX-License-Identifier: Apache-2.0
// Fields: members of the map, of the row left open, or of the row that rows() is at.
//
// Included by plugin.hpp. Thread rule: as plugin.h.
#pragma once

#include <mapscope/helpers.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace mapscope {

/// `name` is nullptr inside a list.
class Fields : public Helpers {
public:
  using Helpers::Helpers;
  explicit Fields(const Helpers& helpers) : Helpers(helpers) {}

  void object(const char* name) {
    field(MSC_OBJECT, name);
    ++state_->open;
  }
  void list(const char* name) {
    field(MSC_LIST, name);
    ++state_->open;
  }
  /// Closes what was opened last.
  void end() {
    field(MSC_END, nullptr);
    if (state_->open != 0) --state_->open;
  }
  void number(const char* name, std::uint64_t value) { field(MSC_NUMBER, name, value); }
  template <std::signed_integral Number> void number(const char* name, Number value) {
    signed_number(name, value);
  }
  /// It would be cut to an integer: real() takes it.
  template <std::floating_point Number> void number(const char* name, Number value) = delete;
  void signed_number(const char* name, std::int64_t value) {
    field(MSC_SIGNED, name, static_cast<std::uint64_t>(value));
  }
  void flag(const char* name, bool value) { field(MSC_FLAG, name, value ? 1 : 0); }
  void address(const char* name, std::uint64_t value) { field(MSC_ADDRESS, name, value); }
  void real(const char* name, double value) { field(MSC_REAL, name, 0, value); }
  void text(const char* name, std::string_view value) {
    field(MSC_STRING, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void hex(const char* name, Bytes value) {
    field(MSC_HEX, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void typed(const char* name, Bytes value, msc_type type) {
    field(MSC_TYPED, name, 0, 0, {type, value.data(), value.size()});
  }
  /// Such as a value that lookup() found, with its own type.
  void typed(const char* name, const msc_value& value) {
    if (value.data == nullptr && value.size != 0) throw Stop{MSC_EFAULT}; // it could not be read
    field(MSC_TYPED, name, 0, 0, value);
  }
  void page(const char* name, Bytes value) {
    field(MSC_PAGE, name, 0, 0, {MSC_BYTES, value.data(), value.size()});
  }
  void absent(const char* name) { field(MSC_ABSENT, name); }

protected:
  /// Closes what was opened last, until as much is open as then.
  void close_to(unsigned open) {
    while (state_->open > open) end();
  }
  [[nodiscard]] unsigned open() const { return state_->open; }

private:
  void field(std::uint32_t kind, const char* name, std::uint64_t number = 0, double real = 0,
             msc_value value = {}) {
    const msc_field field{sizeof(msc_field), kind, name, number, real, value};
    check(host_->field(call_, &field));
  }
};

} // namespace mapscope
