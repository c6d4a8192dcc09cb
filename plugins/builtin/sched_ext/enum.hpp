// SPDX-License-Identifier: Apache-2.0
// Enums of the kernel by the names of their values: numbers move between releases, names stay.
#pragma once

#include "../memory.hpp"

#include <bit>
#include <initializer_list>

namespace mapscope::builtin {

class Enum {
public:
  /// The first of `names` that this kernel has; without any of them it has no names and no values.
  Enum(Call& call, std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (const auto type = call.find_type(MSC_KERNEL_BTF, name); type && all_.empty()) load(call, *type);
  }

  [[nodiscard]] std::optional<std::uint64_t> value(std::string_view name) const {
    const auto found = std::ranges::find(all_, name, &Constant::name);
    return found == all_.end() ? std::nullopt : std::optional(found->value);
  }
  /// "" for a value that has none.
  [[nodiscard]] std::string name(std::uint64_t value) const {
    for (const Constant& constant : all_)
      if (constant.value == value && !is_geometry(constant.name)) return constant.name;
    return "";
  }
  /// Without what all of the enum's names begin with, "ENABLED"; "5" for a value that has no name.
  [[nodiscard]] std::string short_name(std::uint64_t value,
                                       std::initializer_list<std::string_view> prefixes) const {
    std::string text = name(value);
    for (const std::string_view prefix : prefixes)
      if (text.starts_with(prefix)) return text.substr(prefix.size());
    return text.empty() ? std::to_string(value) : text;
  }

  /// What is set in `flags` beside the bits of `without`: single bits, and fields of several (NAME_MASK) by
  /// the name of what they hold.
  [[nodiscard]] std::vector<std::string> flag_names(std::uint64_t flags, std::uint64_t without = 0) const {
    std::vector<std::string> names;
    flags &= ~without;
    const std::uint64_t fields = masks() & ~without;
    for (const Constant& constant : all_) {
      if (constant.value == 0 || is_geometry(constant.name)) continue;
      const bool is_bit = std::has_single_bit(constant.value) && (constant.value & fields) == 0;
      if (is_bit ? (flags & constant.value) != 0 : is_field_value(constant.value, flags))
        names.push_back(constant.name);
    }
    return names;
  }

private:
  static constexpr std::uint32_t most = 256; ///< enumerators; the largest of sched_ext's has 40
  struct Constant {
    std::string name;
    std::uint64_t value;
  };

  void load(Call& call, msc_type type) {
    msc_enumerator found{};
    for (std::uint32_t i = 0; i < most && call.enumerator_at(type, i, found); ++i)
      all_.push_back({found.name, static_cast<std::uint64_t>(found.value)});
  }
  /// Says where a field lies, and is no value of one.
  static bool is_geometry(std::string_view name) {
    return name.ends_with("_SHIFT") || name.ends_with("_BITS") || name.ends_with("_MASK");
  }
  [[nodiscard]] std::uint64_t masks() const {
    std::uint64_t all = 0;
    for (const Constant& constant : all_)
      if (constant.name.ends_with("_MASK")) all |= constant.value;
    return all;
  }
  [[nodiscard]] bool is_field_value(std::uint64_t value, std::uint64_t flags) const {
    return std::ranges::any_of(all_, [&](const Constant& mask) {
      return mask.name.ends_with("_MASK") && (value & ~mask.value) == 0 && (flags & mask.value) == value;
    });
  }

  std::vector<Constant> all_;
};

inline std::string lowercase(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

inline void emit_texts(Call& call, const char* field, const std::vector<std::string>& texts) {
  call.list(field);
  for (const std::string& text : texts) call.text(nullptr, text);
  call.end();
}

} // namespace mapscope::builtin
