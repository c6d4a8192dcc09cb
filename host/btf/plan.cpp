// SPDX-License-Identifier: Apache-2.0
#include "host/btf/plan.hpp"

#include "host/btf/enumeration.hpp"
#include "host/btf/info.hpp"
#include "host/btf/legible.hpp"
#include "host/btf/numbers.hpp"
#include "host/btf/plan_words.hpp"
#include "host/btf/record_member.hpp"
#include "host/btf/special.hpp"
#include "host/btf/stand_in.hpp"
#include "host/btf/wide_number.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <utility>

namespace mapscope::btf {

namespace {

/// Beyond these a plan is a hostile BTF's work, not a compiler's: all of task_struct has a tenth of them.
constexpr std::size_t most_nodes = 1U << 16, most_members = 1U << 18, most_constants = 1U << 18;
constexpr unsigned deepest = 128; ///< of the compiler's own recursion

class Compiler {
public:
  Compiler(const Types& types, const Behind* behind) : types_(types), behind_(behind) {}

  Plan compile(TypeId type) {
    plan_.root = node_for(type);
    mark_numbers(plan_);
    return std::move(plan_);
  }

  Plan summary(TypeId type) {
    const TypeId peeled = types_.peel(type);
    const btf_type* record = types_.type(peeled);
    const bool is_record = record != nullptr && (btf_is_struct(record) || btf_is_union(record));
    const auto mask = is_record ? cpu_mask(peeled, record) : std::nullopt;
    plan_.root = mask ? add(*mask) : is_record ? summarised(peeled, record) : node_for(type);
    return std::move(plan_);
  }

private:
  std::uint32_t add(Node node) {
    plan_.nodes.push_back(node);
    return static_cast<std::uint32_t>(plan_.nodes.size() - 1);
  }

  /// One node per reason, however often a hostile BTF gives it.
  std::uint32_t unsupported(const std::string& reason) {
    if (const auto known = by_reason_.find(reason); known != by_reason_.end()) return known->second;
    Node node;
    node.first = static_cast<std::uint32_t>(plan_.reasons.size());
    plan_.reasons.push_back(reason);
    return by_reason_[reason] = add(node);
  }

  static Node sized(Op op, std::uint64_t size) {
    Node node;
    node.op = op;
    node.size = size;
    node.bits = static_cast<std::uint32_t>(size * 8);
    return node;
  }

  std::uint32_t node_for(TypeId id) {
    if (id == 0) return unsupported("void has no value");
    const TypeId peeled = types_.peel(id);
    if (peeled == 0) return unsupported(nothing_behind(types_, id));
    if (const auto known = by_type_.find(peeled); known != by_type_.end()) return known->second;
    if (depth_ >= deepest || plan_.nodes.size() >= most_nodes)
      return unsupported("a type with too much in it to be real");
    ++depth_;
    const std::uint32_t node = compile_kind(peeled, types_.type(peeled));
    --depth_;
    plan_.nodes[node].type = peeled;
    return by_type_[peeled] = node;
  }

  std::uint32_t compile_kind(TypeId id, const btf_type* type) {
    switch (btf_kind(type)) {
    case BTF_KIND_INT:
      return integer(type);
    case BTF_KIND_FLOAT:
      if (type->size == 4 || type->size == 8) return add(sized(Op::real, type->size));
      if (is_odd_real(type->size)) return odd_real(type);
      return unsupported(fmt::format("a floating-point number of {} bytes", type->size));
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      if (type->size == 0 || type->size > 8)
        return unsupported(fmt::format("an enum of {} bytes", type->size));
      return enumeration(id, type, type->size * 8);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return record(id, type);
    case BTF_KIND_ARRAY:
      return array(type);
    case BTF_KIND_PTR:
      return pointer(type);
    case BTF_KIND_VAR:
      return node_for(type->type);
    case BTF_KIND_DATASEC:
      return section(id, type);
    case BTF_KIND_FWD:
      if (const auto reason = lost_reason(type); !reason.empty()) return unsupported(reason);
      return unsupported(fmt::format("{} is declared here and defined elsewhere", types_.spell(id)));
    case BTF_KIND_FUNC:
    case BTF_KIND_FUNC_PROTO:
      return unsupported("a function has no value");
    default:
      return unsupported(fmt::format("a type of the unknown kind {}", unsigned{btf_kind(type)}));
    }
  }

  std::uint32_t special(const SpecialField& field) {
    plan_.specials.push_back(field);
    return static_cast<std::uint32_t>(plan_.specials.size());
  }

  std::uint32_t pointer(const btf_type* type) {
    const auto field = behind_ != nullptr ? special_pointer(types_, type, *behind_) : std::nullopt;
    Node node = sized(field ? Op::special_pointer : Op::pointer, 8);
    if (field) node.special = special(*field);
    return add(node);
  }

  std::uint32_t integer(const btf_type* type) {
    const int encoding = btf_int_encoding(type);
    if (type->size == 0) return unsupported("an integer of 0 bytes");
    if ((encoding & BTF_INT_BOOL) != 0)
      return add(sized(type->size > 8 ? Op::wide_boolean : Op::boolean, type->size));
    if (type->size > 16) return add(sized(Op::bytes, type->size));
    if (type->size > 8) return wide_integer(type, type->size * 8);
    if ((encoding & BTF_INT_CHAR) != 0 && type->size == 1) return add(sized(Op::character, 1));
    return add(sized((encoding & BTF_INT_SIGNED) != 0 ? Op::signed_int : Op::unsigned_int, type->size));
  }

  /// `bits` is the storage's, or a bitfield's width.
  std::uint32_t wide_integer(const btf_type* type, std::uint32_t bits) {
    Node node = sized(Op::wide_int, type->size);
    node.is_signed = (btf_int_encoding(type) & BTF_INT_SIGNED) != 0;
    node.bits = bits;
    return add(node);
  }

  std::uint32_t odd_real(const btf_type* type) {
    Node node = sized(Op::odd_real, type->size);
    node.name = types_.text(type->name_off);
    return add(node);
  }

  /// `bits` is the storage's, or a bitfield's width.
  std::uint32_t enumeration(TypeId id, const btf_type* type, std::uint32_t bits) {
    const std::uint64_t key = std::uint64_t{bits} << 32 | id;
    if (const auto known = by_enum_.find(key); known != by_enum_.end()) return known->second;
    Node node = sized(Op::enumeration, type->size);
    node.bits = bits;
    node.is_signed = is_signed_enum(types_, type);
    node.first = static_cast<std::uint32_t>(plan_.constants.size());
    if (plan_.constants.size() + vlen_of(type) <= most_constants)
      append_constants(types_, type, bits, plan_.constants);
    node.count = static_cast<std::uint32_t>(plan_.constants.size() - node.first);
    return by_enum_[key] = add(node);
  }

  std::optional<Node> cpu_mask(TypeId id, const btf_type* type) {
    const auto words = mask_words(types_, id, type);
    if (!words || words->bytes < 8) return std::nullopt;
    Node node = sized(Op::cpu_mask, type->size);
    node.first = static_cast<std::uint32_t>(words->first);
    // 65536 CPUs: eight times what any kernel can be built for (NR_CPUS, arch/x86/Kconfig).
    node.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(words->bytes / 8, 1024));
    return node;
  }

  /// A node whose members will be filled in; known by its type from now on, because a member may, in a
  /// hostile BTF, be this type again.
  std::optional<std::uint32_t> begin_members(Op op, TypeId id, const btf_type* type) {
    const unsigned count = vlen_of(type);
    if (plan_.members.size() + count > most_members) return std::nullopt;
    Node node = sized(op, type->size);
    node.name = types_.text(type->name_off);
    node.first = static_cast<std::uint32_t>(plan_.members.size());
    node.count = count;
    plan_.members.resize(plan_.members.size() + count); // in one run, although members bring their own
    return by_type_[id] = add(node);
  }

  std::uint32_t record(TypeId id, const btf_type* type) {
    if (const auto mask = cpu_mask(id, type)) return add(*mask);
    if (const auto op = stand_in(types_, type)) return add(sized(*op, type->size));
    const auto index = begin_members(Op::record, id, type);
    if (!index) return unsupported("a type with too many members to be real");
    const std::uint32_t first = plan_.nodes[*index].first;
    mark_special(*index, contains_);
    for (unsigned i = 0; i < vlen_of(type); ++i) {
      PlanMember member = member_of(id, type, i);
      member.name = types_.text(btf_members(type)[i].name_off);
      if (i + 1 == vlen_of(type) || btf_is_union(type)) open_end(*index, member);
      plan_.members[first + i] = member;
    }
    return *index;
  }

  void open_end(std::uint32_t record, PlanMember& member) {
    if (member.access != Access::whole || !plan_.nodes[member.node].open_ended) return;
    member.access = Access::open_ended;
    plan_.nodes[record].open_ended = true;
  }

  std::uint32_t summarised(TypeId id, const btf_type* type) {
    constexpr std::size_t most = 16;
    Node node = sized(Op::record, type->size);
    node.name = types_.text(type->name_off);
    const bool is_task = node.name == "task_struct";
    std::vector<PlanMember> chosen;
    for (unsigned i = 0; i < vlen_of(type) && chosen.size() < most; ++i) {
      const std::string_view name = types_.text(btf_members(type)[i].name_off);
      const bool wanted = is_task ? name == "pid" || name == "tgid" || name == "comm" : !name.empty();
      if (!wanted || !is_telling(types_, btf_members(type)[i].type)) continue;
      chosen.push_back(member_of(id, type, i));
      chosen.back().name = name;
    }
    node.first = static_cast<std::uint32_t>(plan_.members.size());
    node.count = static_cast<std::uint32_t>(chosen.size());
    plan_.members.insert(plan_.members.end(), chosen.begin(), chosen.end());
    return add(node);
  }

  /// A struct that the kernel keeps state in; a list or tree knows what it contains by the member it is.
  void mark_special(std::uint32_t index, const std::optional<Contains>& contains) {
    const auto kind = behind_ != nullptr ? special_struct(plan_.nodes[index].name) : std::nullopt;
    if (!kind) return;
    SpecialField field{.kind = *kind};
    if (is_graph(*kind) && contains)
      field.target = contains->target, field.node_offset = contains->node_offset;
    plan_.nodes[index].special = special(field);
  }

  static bool is_graph(Special kind) { return kind == Special::list_head || kind == Special::rb_root; }

  /// Compiles the member's type; a list or tree gets nodes of its own, since what it contains is declared
  /// with the member and not with the type.
  std::uint32_t declared_node(TypeId type, TypeId owner, std::int32_t component) {
    const TypeId inner = behind_ != nullptr ? innermost(types_, type) : 0;
    const btf_type* record = types_.type(inner);
    const auto kind = record != nullptr && btf_is_struct(record)
                          ? special_struct(types_.text(record->name_off))
                          : std::nullopt;
    if (!kind || !is_graph(*kind)) return node_for(type);
    const auto outer = std::exchange(contains_, contains_tag(types_, owner, component));
    by_type_.erase(types_.peel(type)), by_type_.erase(inner);
    const std::uint32_t node = node_for(type);
    by_type_.erase(types_.peel(type)), by_type_.erase(inner);
    contains_ = outer;
    return node;
  }

  PlanMember member_of(TypeId owner, const btf_type* type, unsigned index) {
    const Member placed = record_member(types_, type, index);
    PlanMember member;
    member.offset = placed.offset();
    member.shift = placed.bit_offset % 8;
    if (placed.bit_size != 0) {
      member.node = bitfield(placed.type, placed.bit_size);
      const Op op = plan_.nodes[member.node].op;
      if (!is_scalar(op) && op != Op::wide_int) return member;
      member.access = Access::bitfield;
      member.width = static_cast<std::uint8_t>(placed.bit_size);
    } else if (member.shift != 0) {
      member.node = unsupported(fmt::format("a member at bit {} that is no bitfield", placed.bit_offset % 8));
    } else {
      own_bytes(member, declared_node(placed.type, owner, static_cast<std::int32_t>(index)),
                types_.size(placed.type).value_or(0));
    }
    return member;
  }

  void own_bytes(PlanMember& member, std::uint32_t own, std::uint64_t size) {
    member.node = own;
    member.size = size;
    const Node& node = plan_.nodes[member.node];
    if (is_scalar(node.op) && node.size == size) member.access = Access::scalar;
  }

  std::uint32_t bitfield(TypeId id, std::uint32_t width) {
    const TypeId peeled = types_.peel(id);
    const btf_type* type = types_.type(peeled);
    const bool is_wide =
        width > 64 && type != nullptr && btf_is_int(type) && type->size <= 16 && width <= type->size * 8;
    if (is_wide) return wide_integer(type, width);
    if (type == nullptr || width > 64) return unsupported(fmt::format("a bitfield of {} bits", width));
    if (btf_is_any_enum(type)) return enumeration(peeled, type, width);
    if (!btf_is_int(type)) return unsupported(fmt::format("a bitfield of type {}", types_.spell(id)));
    Node node = sized(Op::unsigned_int, type->size);
    if ((btf_int_encoding(type) & BTF_INT_SIGNED) != 0) node.op = Op::signed_int;
    if ((btf_int_encoding(type) & BTF_INT_BOOL) != 0) node.op = Op::boolean;
    node.bits = width;
    return add(node);
  }

  std::uint32_t array(const btf_type* type) {
    const struct btf_array declared = *btf_array(type);
    const auto stride = types_.size(declared.type); // an array of itself has none
    if (!stride) return unsupported(fmt::format("an array of {}", types_.spell(declared.type)));
    Node node;
    node.op = Op::array;
    node.first = node_for(declared.type);
    node.length = declared.nelems;
    node.stride = *stride;
    node.is_text = is_plain_char(types_, declared.type);
    node.open_ended = declared.nelems == 0 && node.stride != 0;
    if (__builtin_mul_overflow(node.stride, node.length, &node.size))
      return unsupported("an array larger than the address space");
    return add(node);
  }

  std::uint32_t section(TypeId id, const btf_type* type) {
    const auto index = begin_members(Op::section, id, type);
    if (!index) return unsupported("a section with too many variables to be real");
    const std::uint32_t first = plan_.nodes[*index].first;
    for (unsigned i = 0; i < vlen_of(type); ++i)
      plan_.members[first + i] = variable(btf_var_secinfos(type)[i]);
    return *index;
  }

  PlanMember variable(const btf_var_secinfo& placed) {
    PlanMember member;
    const btf_type* declared = types_.type(placed.type);
    if (declared == nullptr) {
      member.node = unsupported(fmt::format("type {} is not in the BTF of {}", placed.type, types_.name()));
      return member;
    }
    member.name = types_.text(declared->name_off);
    member.offset = placed.offset;
    const bool is_variable = btf_is_var(declared);
    member.hops = is_variable ? 2 : 1;
    // What clang writes has no sizes yet; libbpf puts them in before it loads an object.
    own_bytes(member, declared_node(is_variable ? declared->type : placed.type, placed.type, -1),
              placed.size != 0 ? placed.size : types_.size(placed.type).value_or(0));
    return member;
  }

  const Types& types_;
  const Behind* behind_;             ///< null: no field is special
  std::optional<Contains> contains_; ///< of the member that is being compiled
  Plan plan_;
  std::unordered_map<TypeId, std::uint32_t> by_type_;        ///< peeled
  std::unordered_map<std::uint64_t, std::uint32_t> by_enum_; ///< id and bits
  std::unordered_map<std::string, std::uint32_t> by_reason_;
  unsigned depth_ = 0;
};

} // namespace

Plan compile_plan(const Types& types, TypeId type, const Behind* behind) {
  return Compiler(types, behind).compile(type);
}

Plan compile_summary_plan(const Types& types, TypeId type) { return Compiler(types, nullptr).summary(type); }

} // namespace mapscope::btf
