// SPDX-License-Identifier: Apache-2.0
// The kernel's own short description of itself (Documentation/admin-guide/kdump/vmcoreinfo.rst): KEY=VALUE
// lines.
//
// Thread rule: immutable after parse().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mapscope::target {

class Vmcoreinfo {
public:
  /// Keeps every well-formed line, of equal keys the first; a line without '=' or one cut at the end of the
  /// page is left out.
  static Vmcoreinfo parse(std::string_view text);

  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const;
  /// SYMBOL(name): hexadecimal.
  [[nodiscard]] std::optional<std::uint64_t> symbol(std::string_view name) const;
  /// NUMBER(name): signed decimal, or hexadecimal with 0x; returned as its 64-bit pattern.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  /// OFFSET(name), else SIZE(name), else LENGTH(name): decimal.
  [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view name) const;
  /// A bare hexadecimal key such as KERNELOFFSET.
  [[nodiscard]] std::optional<std::uint64_t> hex(std::string_view key) const;

  [[nodiscard]] std::string_view release() const { return text("OSRELEASE").value_or(""); }
  /// Hexadecimal digits; "" before 5.9 (commit 0935288c6e00).
  [[nodiscard]] std::string_view build_id() const { return text("BUILD-ID").value_or(""); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] std::string_view whole() const { return copy_ ? std::string_view(*copy_) : ""; }
  /// All of it, by key.
  [[nodiscard]] const std::map<std::string_view, std::string_view>& values() const { return values_; }

private:
  std::unique_ptr<const std::string> copy_;             ///< stays put when the object is moved
  std::map<std::string_view, std::string_view> values_; ///< views into *copy_
};

} // namespace mapscope::target
