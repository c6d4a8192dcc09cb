// SPDX-License-Identifier: Apache-2.0
#include "host/btf/plan.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>
#include <unordered_map>

namespace mapscope::btf {

namespace {

/// Beyond these a plan is a hostile BTF's work, not a compiler's.
constexpr std::size_t most_nodes = 1U << 18, most_members = 1U << 20, most_constants = 1U << 20;
constexpr unsigned deepest = 128; ///< of the compiler's own recursion

class Compiler {
public:
  explicit Compiler(const Types& types) : types_(types) {}

  Plan compile(TypeId type) {
    plan_.root = node_for(type);
    return std::move(plan_);
  }

private:
  std::uint32_t add(Node node) {
    plan_.nodes.push_back(node);
    return static_cast<std::uint32_t>(plan_.nodes.size() - 1);
  }
  std::uint32_t unsupported(std::string reason) {
    plan_.reasons.push_back(std::move(reason));
    Node node;
    node.reason = static_cast<std::uint32_t>(plan_.reasons.size() - 1);
    return add(node);
  }
  static Node sized(Op op, std::uint64_t size) {
    Node node;
    node.op = op;
    node.size = size;
    node.bits = static_cast<std::uint32_t>(size * 8);
    return node;
  }

  std::uint32_t node_for(TypeId id) {
    const TypeId peeled = types_.peel(id);
    if (const auto known = by_type_.find(peeled); known != by_type_.end()) return known->second;
    if (depth_ >= deepest || plan_.nodes.size() >= most_nodes)
      return unsupported("a type too deeply nested to show");
    const btf_type* type = types_.type(peeled);
    if (type == nullptr) return unsupported(id == 0 ? "void" : "a type that is not in its BTF");
    ++depth_;
    const std::uint32_t node = compile_kind(peeled, type);
    --depth_;
    by_type_.insert_or_assign(peeled, node);
    return node;
  }

  std::uint32_t compile_kind(TypeId id, const btf_type* type) {
    switch (btf_kind(type)) {
    case BTF_KIND_INT:
      return add(integer(type));
    case BTF_KIND_FLOAT:
      return real(type);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return enumeration(type, type->size * 8);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return record(id, type);
    case BTF_KIND_ARRAY:
      return array(type);
    case BTF_KIND_PTR:
      return add(sized(Op::pointer, 8));
    case BTF_KIND_VAR:
      return node_for(type->type);
    case BTF_KIND_DATASEC:
      return section(id, type);
    case BTF_KIND_FWD:
      return unsupported(fmt::format("{} is declared here and defined elsewhere", types_.spell(id)));
    default:
      return unsupported("a function");
    }
  }

  static Node integer(const btf_type* type) {
    const int encoding = btf_int_encoding(type);
    const bool is_char = (encoding & BTF_INT_CHAR) != 0 && type->size == 1;
    Op op = Op::unsigned_int;
    if (type->size == 0 || type->size > 8)
      op = Op::bytes;
    else if ((encoding & BTF_INT_BOOL) != 0)
      op = Op::boolean;
    else if (is_char)
      op = Op::character;
    else if ((encoding & BTF_INT_SIGNED) != 0)
      op = Op::signed_int;
    return sized(op, type->size);
  }

  std::uint32_t real(const btf_type* type) {
    if (type->size == 4 || type->size == 8) return add(sized(Op::real, type->size));
    return unsupported(fmt::format("a floating point number of {} bytes", type->size));
  }

  static std::uint64_t mask(std::uint32_t bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

  /// `bits` is the storage's, or a bitfield's width: constants are compared as the storage holds them, so
  /// that a negative constant of a one-byte enum is found although BTF keeps it in 32 bits.
  std::uint32_t enumeration(const btf_type* type, std::uint32_t bits) {
    Node node = sized(Op::enumeration, type->size);
    if (node.size == 0 || node.size > 8) return unsupported(fmt::format("an enum of {} bytes", type->size));
    node.bits = bits;
    node.is_signed = btf_kflag(type);
    node.first = static_cast<std::uint32_t>(plan_.constants.size());
    if (plan_.constants.size() + btf_vlen(type) > most_constants)
      return unsupported("too many enum constants");
    for (unsigned i = 0; i < btf_vlen(type); ++i) {
      const std::uint64_t value = btf_is_enum64(type)
                                      ? btf_enum64_value(&btf_enum64(type)[i])
                                      : static_cast<std::uint64_t>(std::int64_t{btf_enum(type)[i].val});
      const std::uint32_t name =
          btf_is_enum64(type) ? btf_enum64(type)[i].name_off : btf_enum(type)[i].name_off;
      plan_.constants.emplace_back(value & mask(bits), types_.string(name));
    }
    const auto begin = plan_.constants.begin() + node.first;
    const auto by_value = [](const auto& constant) { return constant.first; };
    std::ranges::stable_sort(begin, plan_.constants.end(), {}, by_value);
    plan_.constants.erase(std::ranges::unique(begin, plan_.constants.end(), {}, by_value).begin(),
                          plan_.constants.end());
    node.count = static_cast<std::uint32_t>(plan_.constants.size() - node.first);
    return add(node);
  }

  /// include/linux/cpumask.h, kernel/bpf/cpumask.c; scx_bitmap of the schedulers' library begins with an
  /// 8-byte id.
  static std::optional<Node> cpu_mask(std::string_view name, std::uint64_t size) {
    Node node = sized(Op::cpu_mask, size);
    if (name == "scx_bitmap" && size >= 16)
      node.skip = 8;
    else if ((name != "cpumask" && name != "cpumask_t" && name != "bpf_cpumask") || size < 8)
      return std::nullopt;
    return node;
  }

  std::uint32_t record(TypeId id, const btf_type* type) {
    const std::string_view name = types_.string(type->name_off);
    if (const auto mask = cpu_mask(name, type->size)) return add(*mask);
    const unsigned count = btf_vlen(type);
    if (plan_.members.size() + count > most_members) return unsupported("too many members");
    Node node = sized(Op::record, type->size);
    node.name = name;
    node.named = !name.empty();
    node.first = static_cast<std::uint32_t>(plan_.members.size());
    node.count = count;
    plan_.members.resize(plan_.members.size() + count); // in one run, although members bring their own
    const std::uint32_t index = add(node);
    by_type_.insert_or_assign(id, index); // before the members: one may, in a hostile BTF, be this type again
    for (unsigned i = 0; i < count; ++i) {
      const PlanMember member = record_member(type, i, i + 1 == count);
      plan_.members[node.first + i] = member;
    }
    return index;
  }

  PlanMember record_member(const btf_type* type, unsigned i, bool is_last) {
    const btf_member& declared = btf_members(type)[i];
    PlanMember member;
    member.name = types_.string(declared.name_off);
    std::uint32_t at = btf_member_bit_offset(type, i);
    member.width = btf_member_bitfield_size(type, i); // 0 under kind_flag means an ordinary member
    const btf_type* peeled = types_.type(types_.peel(declared.type));
    if (member.width == 0 && !btf_kflag(type)) old_bitfield(peeled, &at, &member.width);
    member.offset = at / 8;
    member.shift = at % 8;
    if (member.width != 0) {
      member.node = bitfield(declared.type, peeled, member.width);
    } else if (member.shift != 0) {
      member.node = unsupported(fmt::format("a member at bit {} that is no bitfield", at));
    } else {
      member.node = node_for(declared.type);
      member.size = types_.size(declared.type).value_or(0);
      member.flexible = is_last && btf_is_struct(type) && plan_.nodes[member.node].op == Op::array &&
                        plan_.nodes[member.node].length == 0;
    }
    return member;
  }

  /// Before kind_flag a bitfield was an INT of fewer bits than its bytes hold, or one that begins inside
  /// them.
  static void old_bitfield(const btf_type* peeled, std::uint32_t* at, std::uint32_t* width) {
    if (peeled == nullptr || !btf_is_int(peeled)) return;
    const std::uint32_t bits = btf_int_bits(peeled), offset = btf_int_offset(peeled);
    if (bits == peeled->size * 8 && offset == 0) return;
    *at += offset;
    *width = bits;
  }

  std::uint32_t bitfield(TypeId id, const btf_type* peeled, std::uint32_t width) {
    if (peeled == nullptr || width > 64) return unsupported(fmt::format("a bitfield of {} bits", width));
    if (btf_is_any_enum(peeled)) return enumeration(peeled, width);
    if (!btf_is_int(peeled)) return unsupported(fmt::format("a bitfield of type {}", types_.spell(id)));
    Node node = integer(peeled);
    node.bits = width;
    if (node.op == Op::character || node.op == Op::bytes)
      node.op = (btf_int_encoding(peeled) & BTF_INT_SIGNED) != 0 ? Op::signed_int : Op::unsigned_int;
    return add(node);
  }

  std::uint32_t array(const btf_type* type) {
    const struct btf_array* declared = btf_array(type);
    const auto stride = types_.size(declared->type);
    const std::uint32_t element = node_for(declared->type);
    if (!stride || *stride == 0)
      return unsupported(fmt::format("an array of {}", types_.spell(declared->type)));
    Node node;
    node.op = Op::array;
    node.first = element;
    node.length = declared->nelems;
    node.stride = *stride;
    if (__builtin_mul_overflow(node.stride, node.length, &node.size))
      return unsupported("an array larger than the address space");
    return add(node);
  }

  std::uint32_t section(TypeId id, const btf_type* type) {
    const unsigned count = btf_vlen(type);
    if (plan_.members.size() + count > most_members) return unsupported("too many variables");
    Node node = sized(Op::section, type->size);
    node.name = types_.string(type->name_off);
    node.named = true;
    node.first = static_cast<std::uint32_t>(plan_.members.size());
    node.count = count;
    plan_.members.resize(plan_.members.size() + count);
    const std::uint32_t index = add(node);
    by_type_.insert_or_assign(id, index);
    for (unsigned i = 0; i < count; ++i) {
      const btf_var_secinfo& variable = btf_var_secinfos(type)[i];
      const btf_type* declared = types_.type(variable.type);
      PlanMember member;
      if (declared == nullptr) {
        member.node = unsupported("a variable that is not in its BTF");
      } else {
        member.name = types_.string(declared->name_off);
        member.node = node_for(variable.type);
        member.offset = variable.offset;
        member.size = variable.size;
      }
      plan_.members[node.first + i] = member;
    }
    return index;
  }

  const Types& types_;
  Plan plan_;
  std::unordered_map<TypeId, std::uint32_t> by_type_; ///< peeled
  unsigned depth_ = 0;
};

} // namespace

Plan compile_plan(const Types& types, TypeId type) { return Compiler(types).compile(type); }

} // namespace mapscope::btf
