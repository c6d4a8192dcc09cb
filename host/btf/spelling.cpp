// SPDX-License-Identifier: Apache-2.0
// Types as C spells them.
#include "host/btf/legible.hpp"
#include "host/btf/types.hpp"

#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

constexpr unsigned most_hops = 32;

std::string_view keyword(const btf_type* type) {
  switch (btf_kind(type)) {
  case BTF_KIND_STRUCT:
    return "struct ";
  case BTF_KIND_UNION:
    return "union ";
  case BTF_KIND_ENUM:
  case BTF_KIND_ENUM64:
    return "enum ";
  case BTF_KIND_FWD:
    if (!lost_reason(type).empty()) return "";
    return btf_kflag(type) ? "union " : "struct ";
  default:
    return "";
  }
}

/// What follows an array's element or a function's result, around the pointers that lead to it: those bind
/// tighter when they are in parentheses.
std::string behind_pointers(const std::string& declarator, std::string_view suffix) {
  if (declarator.starts_with(" *")) return fmt::format(" ({}){}", declarator.substr(1), suffix);
  return fmt::format("{}{}", declarator, suffix);
}

} // namespace

std::string Types::spell(TypeId id) const {
  std::string declarator; // what stands right of the innermost type's name
  for (unsigned hop = 0; hop <= most_hops; ++hop) {
    const btf_type* at = type(id);
    if (at == nullptr) return "void" + declarator;
    const std::string_view name = text(at->name_off);
    switch (btf_kind(at)) {
    case BTF_KIND_PTR:
      declarator = " *" + declarator.substr(declarator.starts_with(" ") ? 1 : 0);
      id = at->type;
      break;
    case BTF_KIND_ARRAY:
      declarator = behind_pointers(declarator, fmt::format("[{}]", btf_array(at)->nelems));
      id = btf_array(at)->type;
      break;
    case BTF_KIND_FUNC_PROTO:
      declarator = behind_pointers(declarator, "(...)");
      id = at->type;
      break;
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
    case BTF_KIND_DECL_TAG:
    case BTF_KIND_VAR:
      id = at->type;
      break;
    default:
      return fmt::format("{}{}{}", keyword(at), name.empty() ? "{...}" : name, declarator);
    }
  }
  return "..." + declarator;
}

} // namespace mapscope::btf
