// SPDX-License-Identifier: Apache-2.0
// Offsets of kernel struct members, resolved by name once, and objects read with them.
//
// Thread rule: plain values after construction.
#pragma once

#include "host/base/checked.hpp"
#include "host/btf/types.hpp"
#include "host/target/address_space.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::catalog {

/// Collects member offsets of one struct; the first that is missing and needed is kept as the error.
class Layout {
public:
  Layout(const btf::Types& types, std::string type) : types_(types), type_(std::move(type)) {}

  std::uint64_t need(std::string_view path);
  /// Absent on kernels that do not have the member.
  [[nodiscard]] std::optional<std::uint64_t> want(std::string_view path) const;
  std::uint64_t size();
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
  void keep(Error error);

  const btf::Types& types_;
  std::string type_;
  std::optional<Error> error_;
};

/// One kernel object copied out of the target; members past the copied bytes read as absent.
class Object {
public:
  static std::optional<Object> read(target::Reader& reader, std::uint64_t address, std::uint64_t size,
                                    target::Fault* fault);

  template <class T> [[nodiscard]] T get(std::uint64_t offset) const {
    return load_at<T>(bytes_, offset).value_or(T{});
  }
  template <class T> [[nodiscard]] std::optional<T> get(std::optional<std::uint64_t> offset) const {
    if (!offset) return std::nullopt;
    return load_at<T>(bytes_, *offset);
  }
  /// NUL-terminated text in a field of `size` bytes.
  [[nodiscard]] std::string text(std::uint64_t offset, std::size_t size) const;

private:
  explicit Object(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::vector<std::byte> bytes_;
};

} // namespace mapscope::catalog
