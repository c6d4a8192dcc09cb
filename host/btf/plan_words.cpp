// SPDX-License-Identifier: Apache-2.0
#include "host/btf/plan_words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace mapscope::btf {

std::optional<MaskWords> mask_words(const Types& types, TypeId id, const btf_type* type) {
  const std::string_view name = types.text(type->name_off);
  const bool is_bitmap = name == "scx_bitmap" || name == "scx_cpumask";
  const bool is_kernels = name == "cpumask" || name == "cpumask_t" || name == "bpf_cpumask";
  if (!is_bitmap && !is_kernels) return std::nullopt;
  const auto bits = types.member(id, name == "bpf_cpumask" ? "cpumask" : "bits");
  const btf_type* array = bits ? types.type(types.peel(bits->type)) : nullptr;
  if (is_bitmap && (array == nullptr || !btf_is_array(array))) return std::nullopt;
  if (!bits) return MaskWords{0, type->size};
  const std::uint64_t first = bits->bit_offset / 8;
  if (bits->bit_size != 0 || bits->bit_offset % 8 != 0 || first > type->size) return std::nullopt;
  const std::uint64_t room = type->size - first;
  return MaskWords{first, std::min(room, types.size(bits->type).value_or(room))};
}

bool is_plain_char(const Types& types, TypeId id) {
  const btf_type* type = types.type(types.peel(id));
  if (type == nullptr || !btf_is_int(type) || type->size != 1) return false;
  const std::string_view name = types.text(type->name_off);
  const bool is_flagged = (btf_int_encoding(type) & BTF_INT_CHAR) != 0;
  const bool is_number = (btf_int_encoding(type) & BTF_INT_BOOL) != 0 || name.ends_with("signed char");
  return !is_number && (name == "char" || is_flagged);
}

bool is_telling(const Types& types, TypeId id) {
  const btf_type* type = types.type(types.peel(id));
  if (type != nullptr && btf_is_array(type)) {
    const auto size = types.size(btf_array(type)->type);
    return size && *size == 1 && btf_array(type)->nelems <= 64;
  }
  return type != nullptr && (btf_is_int(type) || btf_is_any_enum(type));
}

TypeId innermost(const Types& types, TypeId id) {
  for (unsigned hop = 0; hop < 8; ++hop) {
    id = types.peel(id);
    const btf_type* type = types.type(id);
    if (type == nullptr || !btf_is_array(type)) break;
    id = btf_array(type)->type;
  }
  return id;
}

std::string nothing_behind(const Types& types, TypeId id) {
  for (unsigned hop = 0; hop <= 32; ++hop) {
    if (id == 0) return "void has no value";
    const btf_type* type = types.type(id);
    if (type == nullptr) return fmt::format("type {} is not in the BTF of {}", id, types.name());
    id = type->type;
  }
  return "a chain of more than 32 typedefs and qualifiers";
}

} // namespace mapscope::btf
