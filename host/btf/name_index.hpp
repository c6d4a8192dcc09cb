// SPDX-License-Identifier: Apache-2.0
// Names of one BTF object's own types to ids; libbpf's look-up by name scans all of them. Private to this
// folder.
//
// Chains of ids alone: names stay in the BTF string section. Functions are left out: they are half of all
// names and nobody asks for them. Thread rule: immutable after construction.
#pragma once

#include "host/btf/types.hpp"

#include <algorithm>
#include <bit>
#include <bpf/btf.h>
#include <utility>

namespace mapscope::btf {

class Types::Index {
public:
  Index(const Types& types, TypeId first) : first_(first) {
    const TypeId end = std::max(first, types.count());
    heads_.resize(std::bit_ceil(std::size_t{end - first} + 1));
    next_.resize(end - first);
    for (TypeId id = end; id-- > first;) { // backwards, so that chains run in id order
      const btf_type* type = types.type(id);
      if (type == nullptr || btf_is_func(type) || type->name_off == 0) continue;
      TypeId& head = head_of(types.string(type->name_off));
      next_[id - first] = head;
      head = id;
    }
  }

  /// In id order.
  [[nodiscard]] std::vector<TypeId> find(const Types& types, std::string_view name) const {
    std::vector<TypeId> ids;
    for (TypeId id = head_of(name); id != 0; id = next_[id - first_])
      if (types.name_of(id) == name) ids.push_back(id);
    return ids;
  }

private:
  [[nodiscard]] const TypeId& head_of(std::string_view name) const {
    return heads_[std::hash<std::string_view>{}(name) & (heads_.size() - 1)];
  }
  [[nodiscard]] TypeId& head_of(std::string_view name) {
    return const_cast<TypeId&>(std::as_const(*this).head_of(name));
  }

  TypeId first_;
  std::vector<TypeId> heads_; ///< a power of two; 0 = empty
  std::vector<TypeId> next_;  ///< by id - first_
};

} // namespace mapscope::btf
