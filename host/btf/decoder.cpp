// SPDX-License-Identifier: Apache-2.0
#include "host/btf/decoder.hpp"

#include "host/base/checked.hpp"
#include "host/btf/cpu_ranges.hpp"
#include "host/btf/numbers.hpp"
#include "host/btf/plan.hpp"
#include "host/btf/wide_number.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

using Bytes = std::span<const std::byte>;

/// 1 to 8 bytes, little-endian.
std::uint64_t load_number(const std::byte* from, std::uint64_t size) {
  switch (size) {
  case 1:
    return load<std::uint8_t>(from);
  case 2:
    return load<std::uint16_t>(from);
  case 4:
    return load<std::uint32_t>(from);
  case 8:
    return load<std::uint64_t>(from);
  default:
    std::uint64_t value = 0;
    std::memcpy(&value, from, size);
    return value;
  }
}

constexpr std::uint64_t mask(std::uint32_t bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

constexpr std::int64_t sign_extend(std::uint64_t value, std::uint32_t bits) {
  const unsigned unused = bits >= 64 ? 0 : 64 - bits;
  return static_cast<std::int64_t>(value << unused) >> unused;
}

/// As many of the wanted bytes as there are.
Bytes part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(offset, std::min<std::uint64_t>(size, bytes.size() - offset));
}

constexpr std::array<std::byte, 4096> zeros{};

/// How many bytes come before the first that is not zero.
std::size_t leading_zeros(Bytes bytes) {
  std::size_t at = 0;
  for (std::size_t size = 0; at < bytes.size(); at += size) {
    size = std::min(zeros.size(), bytes.size() - at);
    if (std::memcmp(bytes.data() + at, zeros.data(), size) != 0) break;
  }
  while (at < bytes.size() && bytes[at] == std::byte{}) ++at;
  return at;
}

/// One decode() call: the budget of values, and the way back up. Whoever calls value() has seen that some of
/// the budget is left.
class Run {
public:
  Run(const Plan& plan, const Types& types, const Limits& limits, Behind* behind, ValueVisitor& out,
      Progress& progress)
      : plan_(plan), types_(types), limits_(limits), behind_(behind), out_(out), progress_(progress),
        left_(progress.left), said_(progress.said), cuts_(progress.cuts) {}

  void root(Bytes bytes) {
    if (left_ == 0)
      leave_out();
    else
      place_ = root_place(plan_), value(plan_.nodes[plan_.root], bytes, progress_.depth);
    progress_.left = left_, progress_.said = said_, progress_.cuts = cuts_;
  }

private:
  void value(const Node& node, Bytes bytes, std::uint32_t depth) {
    --left_;
    if (depth >= limits_.depth) return too_deep(depth);
    switch (node.op) {
    case Op::record:
      return record(node, bytes, depth);
    case Op::section:
      return members(node, bytes, depth); // never truncated itself: only the variables past the end are
    case Op::array:
      return array(node, bytes, depth);
    case Op::unsupported:
      return out_.unsupported(plan_.reasons[node.first]);
    case Op::cpu_mask:
      return cpu_mask(node, bytes);
    case Op::special_pointer:
      return special_pointer(node, bytes, depth);
    default:
      return simple(node, bytes);
    }
  }

  void simple(const Node& node, Bytes bytes) {
    if (bytes.size() < node.size) return truncated_bytes(node.size, bytes);
    if (is_scalar(node.op)) return scalar(node, load_number(bytes.data(), node.size));
    charge(node.size);
    bytes = bytes.first(node.size);
    if (node.op == Op::bytes) return out_.bytes(bytes);
    if (node.op == Op::wide_int) return wide_int(node, bytes, 0);
    if (node.op == Op::odd_real) return odd_real(node, bytes);
    out_.boolean(std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{}; }));
  }

  void wide_int(const Node& node, Bytes bytes, unsigned shift) {
    const WideInteger wide = wide_integer(bytes, shift, node.bits, node.is_signed);
    out_.wide_number({std::span(wide.bytes).first((node.bits + 7) / 8), node.bits, wide.decimal, "", false});
  }

  void odd_real(const Node& node, Bytes bytes) {
    const OddReal real = btf::odd_real(bytes, node.name);
    out_.wide_number({bytes, node.bits, real.decimal, real.format, real.is_guess});
  }

  void too_deep(std::uint32_t depth) {
    cuts_.depth = true;
    out_.unsupported(fmt::format("nested {} deep, not shown", depth));
  }

  /// For work that grows with the bytes and not with the number of values.
  void charge(std::uint64_t bytes) { left_ -= std::min(left_, bytes / 64); }

  void truncated_bytes(std::uint64_t needed, Bytes had) {
    charge(had.size());
    out_.begin_truncated(needed, had.size());
    out_.bytes(had);
    out_.end_truncated();
  }

  /// The budget is spent: said once, then all that is open ends.
  void leave_out() {
    said_ = cuts_.nodes = true;
    out_.unsupported(fmt::format("more than {} values; the rest is left out", limits_.nodes));
  }

  /// `raw` holds the value's bits in its low end, anything above them.
  void scalar(const Node& node, std::uint64_t raw) {
    raw &= mask(node.bits);
    switch (node.op) {
    case Op::signed_int:
      return out_.signed_int(node.bits, sign_extend(raw, node.bits));
    case Op::unsigned_int:
      if (node.bits == 64 && is_pointer(raw)) return;
      return out_.unsigned_int(node.bits, raw);
    case Op::boolean:
      return out_.boolean(raw != 0);
    case Op::character:
      return out_.character(static_cast<std::uint8_t>(raw));
    case Op::real:
      return real(node.bits, raw);
    case Op::enumeration:
      return enumeration(node, raw);
    default:
      return out_.pointer(raw);
    }
  }

  /// Then it was shown as one. Small numbers are not even asked about, and what the kernel keeps in its own
  /// fields is no number of the program's.
  bool is_pointer(std::uint64_t raw) {
    if (behind_ == nullptr || !may_be_pointer(raw) || place_.owner == 0) return false;
    bool is = false;
    const Number number{raw, &types_, place_};
    ask(progress_.depth + 1, [&](Progress& inner) { is = behind_->number(number, inner, out_); });
    return is;
  }

  void real(std::uint32_t bits, std::uint64_t raw) {
    if (bits == 64) return out_.real(bits, std::bit_cast<double>(raw));
    out_.real(bits, static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw))));
  }

  void enumeration(const Node& node, std::uint64_t raw) {
    const auto constants = std::span(plan_.constants).subspan(node.first, node.count);
    const auto found = std::ranges::lower_bound(constants, raw, {}, [](const auto& c) { return c.first; });
    std::optional<std::string_view> name;
    if (found != constants.end() && found->first == raw) name = found->second;
    const std::int64_t value = node.is_signed ? sign_extend(raw, node.bits) : static_cast<std::int64_t>(raw);
    out_.enumeration(node.bits, value, name, node.is_signed);
  }

  /// Hands what is left to whoever looks behind the bytes, and takes back what is left then.
  template <class Ask> void ask(std::uint32_t depth, Ask ask) {
    Progress inner{left_, depth, said_, cuts_};
    ask(inner);
    left_ = inner.left, said_ = inner.said, cuts_ = inner.cuts;
  }

  void special_pointer(const Node& node, Bytes bytes, std::uint32_t depth) {
    if (bytes.size() < node.size) return truncated_bytes(node.size, bytes);
    const SpecialField& field = plan_.specials[node.special - 1];
    ask(depth + 1, [&](Progress& inner) {
      behind_->pointer(field, load_number(bytes.data(), node.size), types_, inner, out_);
    });
  }

  void record(const Node& node, Bytes bytes, std::uint32_t depth) {
    if (bytes.size() >= node.size) return members(node, bytes, depth);
    out_.begin_truncated(node.size, bytes.size());
    members(node, bytes, depth);
    out_.end_truncated();
  }

  void members(const Node& node, Bytes bytes, std::uint32_t depth) {
    const bool is_named = !node.name.empty() || node.op == Op::section;
    out_.begin_struct(is_named ? std::optional(node.name) : std::nullopt);
    for (const PlanMember& member : std::span(plan_.members).subspan(node.first, node.count)) {
      if (left_ == 0 && said_) break;
      out_.member(member.name);
      if (left_ == 0) {
        leave_out();
        break;
      }
      const std::uint32_t below = depth + member.hops;
      place_ = {node.special == 0 ? node.type : 0, member.offset};
      if (member.access == Access::scalar && below < limits_.depth &&
          fits(member.offset, member.size, bytes.size())) {
        --left_;
        scalar(plan_.nodes[member.node], load_number(bytes.data() + member.offset, member.size));
      } else {
        any_member(member, bytes, below);
      }
    }
    if (node.special != 0 && bytes.size() >= node.size && left_ != 0)
      ask(depth + 1, [&](Progress& inner) {
        behind_->state(plan_.specials[node.special - 1], bytes.first(node.size), types_, inner, out_);
      });
    else if (node.special != 0 && left_ == 0)
      cuts_.nodes = true;
    out_.end_struct();
  }

  void any_member(const PlanMember& member, Bytes bytes, std::uint32_t depth) {
    if (member.access == Access::bitfield) return bitfield(member, bytes, depth);
    Bytes own = part(bytes, member.offset, member.size);
    if (own.size() == member.size) {
      if (member.access == Access::open_ended) own = part(bytes, member.offset, bytes.size());
      return value(plan_.nodes[member.node], own, depth);
    }
    out_.begin_truncated(member.size, own.size());
    value(plan_.nodes[member.node], own, depth);
    out_.end_truncated();
  }

  /// Bits may begin anywhere and straddle storage units: nine bytes hold 64 of them, seventeen 128.
  void bitfield(const PlanMember& member, Bytes bytes, std::uint32_t depth) {
    --left_;
    if (depth >= limits_.depth) return too_deep(depth);
    const unsigned needed = (member.shift + member.width + 7U) / 8;
    const Bytes own = part(bytes, member.offset, needed);
    if (own.size() < needed) return truncated_bytes(needed, own);
    out_.bit_field();
    if (const Node& node = plan_.nodes[member.node]; node.op == Op::wide_int)
      return wide_int(node, own, member.shift);
    std::uint64_t raw = load_number(own.data(), std::min(needed, 8U)) >> member.shift;
    if (needed > 8) raw |= static_cast<std::uint64_t>(own[8]) << (64 - member.shift);
    scalar(plan_.nodes[member.node], raw);
  }

  /// An array without a declared length takes the whole elements that it got bytes for.
  void array(const Node& node, Bytes bytes, std::uint32_t depth) {
    const std::uint64_t length = node.open_ended ? bytes.size() / node.stride : node.length;
    const std::uint64_t shown = std::min<std::uint64_t>(length, limits_.elements);
    const Node& element = plan_.nodes[node.first];
    if (node.is_text)
      out_.begin_text(length);
    else
      out_.begin_array(length);
    const Place place = place_; // elements that have members leave theirs there
    std::uint64_t index = 0;
    if (is_scalar(element.op) && depth + 1 < limits_.depth) {
      index = std::min({shown, bytes.size() / node.stride, left_});
      left_ -= index;
      for (std::uint64_t i = 0; i < index; ++i)
        scalar(element, load_number(bytes.data() + i * node.stride, node.stride));
    }
    for (; index < shown; ++index, place_ = place)
      if (!next_element(element, node.stride, part(bytes, index * node.stride, node.stride), depth + 1))
        break;
    if (index == shown && shown < length) left_out(node.stride, bytes, shown, length);
    out_.end_array();
  }

  /// What the limit hides is looked at all the same: a reader must know whether it is nothing.
  void left_out(std::uint64_t stride, Bytes bytes, std::uint64_t shown, std::uint64_t length) {
    const std::uint64_t size = (length - shown) * stride;
    const Bytes hidden = part(bytes, shown * stride, size);
    left_ -= std::min(left_, hidden.size() / zeros.size());
    const std::size_t zero = leading_zeros(hidden);
    LeftOut rest{.zero = zero == size};
    if (zero < hidden.size()) rest.not_zero = shown + zero / stride;
    if (!rest.zero) cuts_.longest = std::max(cuts_.longest, length);
    out_.left_out(rest);
  }

  /// False when the list ends here, because the bytes or the budget do.
  bool next_element(const Node& element, std::uint64_t stride, Bytes own, std::uint32_t depth) {
    if (left_ == 0) {
      if (!said_) leave_out();
      return false;
    }
    if (own.size() < stride) {
      --left_;
      truncated_bytes(stride, own);
      return false;
    }
    value(element, own, depth);
    return true;
  }

  /// Masks are allocated as long as there are CPUs, whatever their types declare (cpumask_size() in
  /// include/linux/cpumask.h; scx_bitmap_init() of the schedulers' library). Of one cut shorter than that the
  /// words that are there, when there are any.
  void cpu_mask(const Node& node, Bytes bytes) {
    const Bytes words = part(bytes, node.first, std::uint64_t{node.count} * 8);
    const std::uint64_t for_cpus = limits_.cpus == 0 ? node.count : (std::uint64_t{limits_.cpus} + 63) / 64;
    if (bytes.size() >= node.size || words.size() / 8 >= std::min<std::uint64_t>(for_cpus, node.count))
      return cpu_list(words);
    if (words.size() < 8) return truncated_bytes(node.size, bytes);
    out_.begin_truncated(node.size, bytes.size());
    cpu_list(words);
    out_.end_truncated();
  }

  void cpu_list(Bytes words) {
    charge(words.size());
    std::string ranges;
    write_cpu_ranges(ranges, words, limits_.cpus);
    out_.cpu_list(ranges);
  }

  const Plan& plan_;
  const Types& types_;
  const Limits& limits_;
  Behind* behind_; ///< not null where the plan has special fields
  ValueVisitor& out_;
  Progress& progress_;
  std::uint64_t left_;
  bool said_;
  Cuts cuts_;
  Place place_; ///< of the member that is shown
};

class TypedDecoder final : public Decoder {
public:
  TypedDecoder(std::shared_ptr<const Types> types, TypeId type, const Limits& limits, Behind* behind,
               Plan plan)
      : types_(std::move(types)), limits_(limits), behind_(behind), plan_(std::move(plan)),
        name_(types_->spell(type)) {}

  Cuts decode(Bytes bytes, ValueVisitor& visitor) const override {
    Progress progress{limits_.nodes};
    decode(bytes, visitor, progress);
    return progress.cuts;
  }
  void decode(Bytes bytes, ValueVisitor& visitor, Progress& progress) const override {
    Run(plan_, *types_, limits_, behind_, visitor, progress).root(bytes);
  }
  [[nodiscard]] std::string_view type_name() const override { return name_; }
  [[nodiscard]] bool has_numbers() const override { return plan_.nodes[plan_.root].has_numbers; }
  void numbers(Bytes bytes, const TakeNumber& take) const override {
    if (has_numbers()) visit_numbers(plan_, *types_, limits_, bytes, take);
  }
  [[nodiscard]] bool asks_nothing(Bytes bytes) const override {
    if (behind_ == nullptr) return true;
    if (!plan_.specials.empty()) return false;
    bool nothing = true;
    numbers(bytes, [&](const Number& number) { nothing = nothing && behind_->is_number(number.value); });
    return nothing;
  }

private:
  std::shared_ptr<const Types> types_; ///< keeps the names alive
  Limits limits_;
  Behind* behind_;
  Plan plan_;
  std::string name_;
};

} // namespace

std::shared_ptr<const Decoder> Decoder::compile(std::shared_ptr<const Types> types, TypeId type,
                                                const Limits& limits, Behind* behind) {
  Plan plan = compile_plan(*types, type, behind);
  return std::make_shared<TypedDecoder>(std::move(types), type, limits, behind, std::move(plan));
}

std::shared_ptr<const Decoder> Decoder::compile_summary(std::shared_ptr<const Types> types, TypeId type,
                                                        const Limits& limits) {
  Plan plan = compile_summary_plan(*types, type);
  return std::make_shared<TypedDecoder>(std::move(types), type, limits, nullptr, std::move(plan));
}

} // namespace mapscope::btf
