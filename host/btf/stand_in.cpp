// SPDX-License-Identifier: Apache-2.0
#include "host/btf/stand_in.hpp"

#include "host/btf/info.hpp"

#include <bpf/btf.h>

namespace mapscope::btf {

std::optional<Op> stand_in(const Types& types, const btf_type* record) {
  const bool is_empty = vlen_of(record) == 0;
  if (btf_is_struct(record) && is_empty && record->size != 0 && record->name_off == 0) return Op::bytes;
  const bool is_wide_union = btf_is_union(record) && !is_empty && record->size == 8;
  if (is_wide_union && types.name_of(btf_members(record)->type) == "enum64_placeholder")
    return Op::unsigned_int;
  return std::nullopt;
}

} // namespace mapscope::btf
