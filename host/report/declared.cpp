// SPDX-License-Identifier: Apache-2.0
#include "host/report/declared.hpp"

#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::report {

Declared declared_type(const catalog::Map& map, bool is_key) {
  const catalog::TypeRef ref = is_key ? map.key() : map.value();
  const std::uint32_t declared = is_key ? map.key_size : map.value_size;
  if (!ref.types || ref.id == 0) return {{}, map.untyped.empty() ? "" : map.untyped + "; shown as bytes"};
  const btf_type* peeled = ref.types->type(ref.types->peel(ref.id));
  const bool is_section = peeled != nullptr && btf_is_datasec(peeled); // its variables say where they end
  if (is_section || ref.types->size(ref.id).value_or(0) == declared) return {ref, ""};
  return {{},
          fmt::format("the {} type {} does not have the {} bytes the map declares; shown as bytes",
                      is_key ? "key" : "value", ref.types->spell(ref.id), declared)};
}

std::string key_size_text(const catalog::Map& map) {
  return map.has_key_size ? std::to_string(map.key_size) : "?";
}

std::string declared_name(const catalog::Map& map, bool is_key) {
  const std::string& saved = is_key ? map.key_type_name : map.value_type_name;
  const catalog::TypeRef ref = is_key ? map.key() : map.value();
  return ref.types && ref.id != 0 ? std::string(ref.types->name_of(ref.id)) : saved;
}

} // namespace mapscope::report
