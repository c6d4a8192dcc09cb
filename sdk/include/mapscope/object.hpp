// SPDX-License-Identifier: Apache-2.0
// Something with members, asked for by their paths: a value that was handed over, or an object in memory.
//
//   call.kernel_object(address, "struct task_struct").get<std::uint32_t>("real_parent.pid")
//
// A path is "stats.hits", "cpus[3].ns" or "next.pid": a pointer on the way is followed, into the kernel or
// into the arena; "" is the thing itself. Where a member, a type or memory lacks, get() and string() unwind
// the plugin, and get_if() and string_if() give nothing. A number that T cannot hold always unwinds.
//
// Included by plugin.hpp. Thread rule: as plugin.h. An Object borrows the bytes of its value.
#pragma once

#include <mapscope/fields.hpp>
#include <mapscope/number.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

namespace mapscope {

/// Text that names a member; what it is made of must last as long as the call that it is given to.
class Path {
public:
  Path(const char* text) : text_(text) {}                // NOLINT: it is text
  Path(const std::string& text) : text_(text.c_str()) {} // NOLINT: it is text
  operator const char*() const { return text_; }         // NOLINT: it is text

private:
  const char* text_;
};

class Object : public Helpers {
public:
  /// `called`: what messages call the value itself.
  Object(const Helpers& helpers, const msc_value& value, const char* called = "the value")
      : Helpers(helpers), value_(value), called_(called) {}
  Object(const Helpers& helpers, std::uint32_t space, std::uint64_t address, msc_type type)
      : Helpers(helpers), value_{type, nullptr, 0}, space_(space), address_(address), in_memory_(true) {}

  /// Where it lies in memory; 0 for a value.
  [[nodiscard]] std::uint64_t address() const { return address_; }
  [[nodiscard]] std::uint32_t space() const { return space_; }
  [[nodiscard]] msc_type type() const { return value_.type; }

  /// As an integer, an enum, a bool, a float, or as a struct of the same size, whose bytes are copied. Bytes
  /// without a type are a T of their size.
  template <class T> [[nodiscard]] T get(Path path = "") {
    if (const auto bytes = untyped<T>(path)) return *bytes;
    return as<T>(member(path), path);
  }
  template <class T> [[nodiscard]] std::optional<T> get_if(Path path = "") {
    if (const auto bytes = untyped<T>(path)) return bytes;
    const auto scalar = member_if(path);
    return scalar ? std::optional<T>(as<T>(*scalar, path)) : std::nullopt;
  }
  /// Characters up to their NUL; what a char pointer leads to; an enum by its name, or its number where it
  /// has none.
  [[nodiscard]] std::string string(Path path = "") { return text(member(path), path); }
  [[nodiscard]] std::optional<std::string> string_if(Path path = "") {
    const auto scalar = member_if(path);
    if (!scalar || (scalar->kind == MSC_SCALAR_POINTER && scalar->number == 0)) return std::nullopt;
    try {
      return text(*scalar, path);
    } catch (const Stop& stop) {
      if (stop.rc != MSC_EFAULT) throw;
      return std::nullopt;
    }
  }
  /// As plugin.h has it, borrowed as said there.
  [[nodiscard]] msc_scalar member(Path path) {
    msc_scalar scalar{};
    const int rc = ask(path, scalar);
    if (rc == MSC_ENOENT && value_.type == MSC_BYTES) throw Untyped{{rc}};
    if (rc == MSC_ENOENT) throw Missing{{rc}};
    check(rc);
    return scalar;
  }
  [[nodiscard]] std::optional<msc_scalar> member_if(Path path) {
    msc_scalar scalar{};
    const int rc = ask(path, scalar);
    if (rc != MSC_EFAULT && rc != MSC_ENOENT) check(rc);
    return rc == MSC_OK ? std::optional(scalar) : std::nullopt;
  }
  /// Of any member that holds an integer.
  [[nodiscard]] Wide integer(const msc_scalar& scalar, Path path) {
    if (scalar.kind == MSC_SCALAR_NONE) fail(quoted(path) + " is no number");
    if (scalar.kind == MSC_SCALAR_REAL) fail(quoted(path) + " is no integer");
    return wide(scalar);
  }
  [[nodiscard]] double real(const msc_scalar& scalar, Path path) {
    if (scalar.kind == MSC_SCALAR_NONE) fail(quoted(path) + " is no number");
    return scalar.real;
  }
  /// `number` as T.
  template <class T> [[nodiscard]] T fitting(Wide number, Path path) {
    const auto narrow = narrowed<T>(number);
    if (!narrow) fail(quoted(path) + (number < 0 ? " is too low for " : " is too large for ") + kind_of<T>());
    return *narrow;
  }

private:
  static constexpr std::size_t longest_text = 4096, piece_of_text = 256;
  static constexpr std::uint32_t most_enumerators = 1 << 16;

  [[nodiscard]] std::string quoted(const char* path) const {
    return *path != 0 ? '"' + std::string(path) + '"' : std::string(called_);
  }
  /// "a number of 4 bytes without a sign".
  template <class T> static std::string kind_of() {
    if constexpr (std::is_enum_v<T>) return kind_of<std::underlying_type_t<T>>();
    return "a number of " + std::to_string(sizeof(T)) + (sizeof(T) == 1 ? " byte" : " bytes") +
           (std::numeric_limits<T>::is_signed ? "" : " without a sign");
  }

  int ask(const char* path, msc_scalar& scalar) {
    scalar.size = sizeof scalar;
    return in_memory_ ? host_->member_at(call_, space_, address_, value_.type, path, &scalar)
                      : host_->member_of(call_, &value_, path, &scalar);
  }
  template <class T> [[nodiscard]] std::optional<T> untyped(const char* path) const {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                  "get() copies bytes; for text there is string(), for an address std::uint64_t");
    const bool has_no_type = value_.type == MSC_BYTES || value_.type == MSC_POINTER;
    if (*path != 0 || !has_no_type || value_.data == nullptr || value_.size != sizeof(T) ||
        std::is_same_v<T, bool>)
      return std::nullopt;
    T copy;
    std::memcpy(&copy, value_.data, sizeof copy);
    return copy;
  }
  template <class T> T as(const msc_scalar& scalar, const char* path) {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(real(scalar, path));
    } else if constexpr (is_number<T>) {
      return fitting<T>(integer(scalar, path), path);
    } else {
      T copy;
      if (scalar.value.data == nullptr || scalar.value.size != sizeof copy)
        fail(quoted(path) + " has " + std::to_string(scalar.value.size) +
             " bytes, and the plugin takes it as " + std::to_string(sizeof copy));
      std::memcpy(&copy, scalar.value.data, sizeof copy);
      return copy;
    }
  }

  std::string text(const msc_scalar& scalar, const char* path) {
    if (scalar.kind == MSC_SCALAR_POINTER) return text_behind(scalar.number);
    if (scalar.kind == MSC_SCALAR_NONE && scalar.value.data != nullptr && !has_members(scalar.value.type)) {
      const auto* const chars = static_cast<const char*>(scalar.value.data);
      return {chars, std::find(chars, chars + scalar.value.size, '\0')};
    }
    const auto name = scalar.kind == MSC_SCALAR_UNSIGNED || scalar.kind == MSC_SCALAR_SIGNED
                          ? enumerator(scalar)
                          : std::nullopt;
    if (!name) fail(quoted(path) + " is no text");
    return *name;
  }
  bool has_members(msc_type type) {
    msc_member_info first{};
    first.size = sizeof first;
    return found(host_->type_member_at(call_, type, 0, &first));
  }
  /// Nothing where its type is no enum.
  std::optional<std::string> enumerator(const msc_scalar& scalar) {
    msc_enumerator each{};
    for (std::uint32_t i = 0; i < most_enumerators; ++i) {
      each.size = sizeof each;
      const bool is_there = found(host_->enumerator_at(call_, scalar.value.type, i, &each));
      if (!is_there && i == 0) return std::nullopt;
      if (!is_there) break;
      if (each.value == static_cast<std::int64_t>(scalar.number)) return each.name;
    }
    return scalar.kind == MSC_SCALAR_SIGNED ? std::to_string(static_cast<std::int64_t>(scalar.number))
                                            : std::to_string(scalar.number);
  }
  std::string text_behind(std::uint64_t address) {
    const std::uint32_t space = space_of(address);
    std::string text;
    while (text.size() < longest_text) {
      const std::uint64_t at = address + text.size();
      char piece[piece_of_text];
      const std::size_t size = piece_of_text - at % piece_of_text; // never over the end of a page
      check(host_->read(call_, space, at, piece, size));
      const char* const end = std::find(piece, piece + size, '\0');
      text.append(piece, static_cast<std::size_t>(end - piece));
      if (end != piece + size) break;
    }
    return text;
  }
  /// Addresses of the kernel have their highest bit set.
  std::uint32_t space_of(std::uint64_t pointer) {
    const bool in_kernel = pointer >> 63 != 0 || !found(host_->read(call_, MSC_ARENA, 0, nullptr, 0));
    return in_kernel ? MSC_KERNEL : MSC_ARENA;
  }

  msc_value value_;
  std::uint32_t space_ = MSC_KERNEL;
  std::uint64_t address_ = 0;
  bool in_memory_ = false;
  const char* called_ = "the value";
};

} // namespace mapscope
