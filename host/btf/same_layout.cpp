// SPDX-License-Identifier: Apache-2.0
#include "host/btf/same_layout.hpp"

#include <bpf/btf.h>

namespace mapscope::btf {

namespace {

class Comparison {
public:
  Comparison(const Types& a, const Types& b) : a_(a), b_(b) {}

  bool same(TypeId of_a, TypeId of_b, unsigned depth) {
    if (left_ == 0 || depth == deepest) return true;
    --left_;
    of_a = a_.peel(of_a), of_b = b_.peel(of_b);
    const btf_type *one = a_.type(of_a), *other = b_.type(of_b);
    if (one == nullptr || other == nullptr) return one == other;
    if (btf_kind(one) != btf_kind(other)) return false;
    if (btf_is_ptr(one)) return true;
    if (a_.size(of_a).value_or(0) != b_.size(of_b).value_or(0)) return false;
    if (btf_is_array(one)) return same(btf_array(one)->type, btf_array(other)->type, depth + 1);
    if (btf_is_composite(one)) return same_members(of_a, of_b, depth + 1);
    if (btf_is_any_enum(one)) return same_constants(of_a, of_b);
    return !btf_is_int(one) || btf_int_encoding(one) == btf_int_encoding(other);
  }

private:
  static constexpr unsigned deepest = 16;

  bool same_members(TypeId of_a, TypeId of_b, unsigned depth) {
    for (std::uint32_t i = 0; left_ != 0; ++i) {
      const auto one = a_.member_at(of_a, i), other = b_.member_at(of_b, i);
      if (!one || !other) return !one && !other;
      if (one->name != other->name || one->member.bit_offset != other->member.bit_offset ||
          one->member.bit_size != other->member.bit_size ||
          !same(one->member.type, other->member.type, depth))
        return false;
    }
    return true;
  }

  bool same_constants(TypeId of_a, TypeId of_b) {
    for (std::uint32_t i = 0; left_ != 0; ++i, --left_) {
      const auto one = a_.constant_at(of_a, i), other = b_.constant_at(of_b, i);
      if (!one || !other) return !one && !other;
      if (one->name != other->name || one->value != other->value) return false;
    }
    return true;
  }

  const Types &a_, &b_;
  std::uint64_t left_ = 1U << 16; ///< types and constants that are still looked at
};

} // namespace

bool same_layout(const Types& a, TypeId of_a, const Types& b, TypeId of_b) {
  return (&a == &b && of_a == of_b) || Comparison(a, b).same(of_a, of_b, 0);
}

} // namespace mapscope::btf
