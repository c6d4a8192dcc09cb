// SPDX-License-Identifier: Apache-2.0
#include "host/btf/special.hpp"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <string>
#include <utility>

namespace mapscope::btf {

std::optional<Special> special_struct(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Special>, 10> names = {{
      {"bpf_spin_lock", Special::spin_lock},
      {"bpf_res_spin_lock", Special::spin_lock},
      {"bpf_refcount", Special::refcount},
      {"bpf_timer", Special::timer},
      {"bpf_wq", Special::workqueue},
      {"bpf_task_work", Special::task_work},
      {"bpf_list_head", Special::list_head},
      {"bpf_rb_root", Special::rb_root},
      {"bpf_list_node", Special::graph_node},
      {"bpf_rb_node", Special::graph_node},
  }};
  const auto* found = std::ranges::find(names, name, &std::pair<std::string_view, Special>::first);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

namespace {

/// Before 6.4 "kptr" was the unreferenced one and "kptr_ref" the other; both point alike.
std::optional<Special> tagged(std::string_view tag) {
  if (tag == "kptr" || tag == "kptr_ref" || tag == "kptr_untrusted") return Special::kptr;
  if (tag == "percpu_kptr") return Special::percpu_kptr;
  if (tag == "uptr") return Special::uptr;
  if (is_arena_tag(tag)) return Special::arena;
  return std::nullopt;
}

bool is_function(const Types& types, TypeId target) {
  const btf_type* type = types.type(types.peel(target));
  return type != nullptr && btf_is_func_proto(type);
}

} // namespace

std::optional<SpecialField> special_pointer(const Types& types, const btf_type* pointer,
                                            const Behind& behind) {
  constexpr unsigned most_tags = 8;
  TypeId target = pointer->type;
  for (unsigned hop = 0; hop < most_tags; ++hop) {
    const btf_type* tag = types.type(target);
    if (tag == nullptr || !(btf_is_type_tag(tag) || btf_is_mod(tag))) break;
    target = tag->type;
    const auto kind = btf_is_type_tag(tag) ? tagged(types.text(tag->name_off)) : std::nullopt;
    if (kind) return SpecialField{.kind = *kind, .target = target};
  }
  if (is_function(types, pointer->type)) return SpecialField{.kind = Special::function};
  if (!behind.follows(types, types.peel(pointer->type))) return std::nullopt;
  return SpecialField{.kind = Special::plain, .target = pointer->type};
}

namespace {

std::optional<Contains> parse_contains(const Types& types, std::string_view text) {
  constexpr std::string_view prefix = "contains:";
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto target = types.find("struct " + std::string(text.substr(0, colon)));
  if (!target) return std::nullopt;
  const auto node = types.member(*target, text.substr(colon + 1));
  if (!node) return std::nullopt;
  return Contains{*target, node->offset()};
}

} // namespace

std::optional<Contains> contains_tag(const Types& types, TypeId owner, std::int32_t component) {
  const TypeId first = types.base() != nullptr ? types.base()->count() : 1;
  for (TypeId id = first; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    if (type == nullptr || !btf_is_decl_tag(type) || type->type != owner ||
        btf_decl_tag(type)->component_idx != component)
      continue;
    if (auto found = parse_contains(types, types.text(type->name_off))) return found;
  }
  return std::nullopt;
}

} // namespace mapscope::btf
