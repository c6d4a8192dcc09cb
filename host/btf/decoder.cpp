// SPDX-License-Identifier: Apache-2.0
#include "host/btf/decoder.hpp"

#include "host/btf/plan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::btf {

namespace {

using Bytes = std::span<const std::byte>;

/// Up to eight bytes, little-endian.
std::uint64_t load_bits(Bytes bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

constexpr std::uint64_t mask(std::uint32_t bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

constexpr std::int64_t sign_extend(std::uint64_t value, std::uint32_t bits) {
  const unsigned unused = bits >= 64 ? 0 : 64 - bits;
  return static_cast<std::int64_t>(value << unused) >> unused;
}

Bytes part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return bytes.last(0);
  return bytes.subspan(offset, std::min<std::uint64_t>(size, bytes.size() - offset));
}

void emit_truncated(ValueVisitor& out, std::uint64_t needed, Bytes had) {
  out.begin_truncated(needed, had.size());
  out.bytes(had);
  out.end_truncated();
}

/// One decode() call: the budget of values, and the way back up.
class Run {
public:
  Run(const Plan& plan, const Limits& limits, ValueVisitor& out)
      : plan_(plan), limits_(limits), out_(out), left_(limits.nodes) {}

  void value(const Node& node, Bytes bytes, std::uint32_t depth) {
    if (depth >= limits_.depth) return out_.unsupported(fmt::format("nested deeper than {}", limits_.depth));
    if (left_ == 0) return spent();
    --left_;
    switch (node.op) {
    case Op::record:
      return record(node, bytes, depth);
    case Op::section:
      return section(node, bytes, depth);
    case Op::array:
      return array(node, bytes, depth);
    case Op::unsupported:
      return out_.unsupported(plan_.reasons[node.reason]);
    default:
      break;
    }
    if (bytes.size() < node.size) return emit_truncated(out_, node.size, bytes);
    if (node.op == Op::bytes) return out_.bytes(bytes.first(node.size));
    if (node.op == Op::cpu_mask) return cpu_mask(bytes.first(node.size).subspan(node.skip));
    scalar(node, load_bits(bytes.first(node.size)));
  }

private:
  void spent() {
    if (said_) return;
    said_ = true;
    out_.unsupported(fmt::format("more than {} values; the rest is left out", limits_.nodes));
  }

  /// `raw` holds the value's bits in its low end, anything above them.
  void scalar(const Node& node, std::uint64_t raw) {
    raw &= mask(node.bits);
    switch (node.op) {
    case Op::signed_int:
      return out_.signed_int(node.bits, sign_extend(raw, node.bits));
    case Op::unsigned_int:
      return out_.unsigned_int(node.bits, raw);
    case Op::boolean:
      return out_.boolean(raw != 0);
    case Op::character:
      return out_.character(static_cast<std::uint8_t>(raw));
    case Op::real:
      return real(node.bits, raw);
    case Op::enumeration:
      return enumeration(node, raw);
    case Op::pointer:
      return out_.pointer(raw);
    default:
      return out_.unsupported("a type that is no scalar");
    }
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

  void record(const Node& node, Bytes bytes, std::uint32_t depth) {
    const bool is_short = bytes.size() < node.size;
    if (is_short) out_.begin_truncated(node.size, bytes.size());
    out_.begin_struct(node.named ? std::optional(node.name) : std::nullopt);
    for (const PlanMember& member : members(node)) {
      if (left_ == 0) break;
      out_.member(member.name);
      if (member.width != 0)
        bitfield(member, bytes, depth + 1);
      else if (member.flexible)
        flexible(member, bytes, depth + 1);
      else
        ordinary(member, bytes, depth + 1);
    }
    close_struct();
    if (is_short) out_.end_truncated();
  }

  /// A section is never wrapped itself: only the variables past the end are.
  void section(const Node& node, Bytes bytes, std::uint32_t depth) {
    out_.begin_struct(node.name);
    for (const PlanMember& member : members(node)) {
      if (left_ == 0) break;
      out_.member(member.name);
      ordinary(member, bytes, depth + 1);
    }
    close_struct();
  }

  void close_struct() {
    if (left_ == 0 && !said_) {
      out_.member("");
      spent();
    }
    out_.end_struct();
  }

  [[nodiscard]] std::span<const PlanMember> members(const Node& node) const {
    return std::span(plan_.members).subspan(node.first, node.count);
  }

  void ordinary(const PlanMember& member, Bytes bytes, std::uint32_t depth) {
    const Bytes own = part(bytes, member.offset, member.size);
    const Node& node = plan_.nodes[member.node];
    if (own.size() == member.size) return value(node, own, depth);
    out_.begin_truncated(member.size, own.size());
    value(node, own, depth);
    out_.end_truncated();
  }

  /// An array without a declared length takes the whole elements that lie behind its record.
  void flexible(const PlanMember& member, Bytes bytes, std::uint32_t depth) {
    Node node = plan_.nodes[member.node];
    const Bytes rest = part(bytes, member.offset, bytes.size());
    node.length = rest.size() / node.stride;
    value(node, rest, depth);
  }

  /// Bits may begin anywhere and straddle storage units: nine bytes hold 64 of them.
  void bitfield(const PlanMember& member, Bytes bytes, std::uint32_t depth) {
    const Node& node = plan_.nodes[member.node];
    if (node.op == Op::unsupported || depth >= limits_.depth) return value(node, {}, depth);
    --left_;
    const std::uint64_t needed = (member.shift + member.width + 7) / 8;
    const Bytes own = part(bytes, member.offset, needed);
    if (own.size() < needed) return emit_truncated(out_, needed, own);
    std::uint64_t raw = load_bits(own.first(std::min<std::size_t>(own.size(), 8))) >> member.shift;
    if (own.size() > 8) raw |= static_cast<std::uint64_t>(own[8]) << (64 - member.shift);
    scalar(node, raw);
  }

  void array(const Node& node, Bytes bytes, std::uint32_t depth) {
    out_.begin_array(node.length);
    const Node& element = plan_.nodes[node.first];
    const std::uint64_t shown = std::min<std::uint64_t>(node.length, limits_.elements);
    for (std::uint64_t i = 0; i < shown; ++i) {
      if (left_ == 0) {
        spent();
        break;
      }
      const Bytes own = part(bytes, i * node.stride, node.stride);
      if (own.size() < node.stride) {
        emit_truncated(out_, node.stride, own);
        break;
      }
      value(element, own, depth + 1);
    }
    out_.end_array();
  }

  void cpu_mask(Bytes bytes) {
    std::string ranges;
    std::uint64_t first = 0;
    bool open = false;
    const std::uint64_t bits = bytes.size() / 8 * 64;
    const std::uint64_t end = limits_.cpus == 0 ? bits : std::min<std::uint64_t>(bits, limits_.cpus);
    for (std::uint64_t cpu = 0; cpu <= end; ++cpu) {
      const bool set = cpu < end && (static_cast<std::uint8_t>(bytes[cpu / 8]) >> (cpu % 8) & 1) != 0;
      if (set && !open) first = cpu;
      if (!set && open) {
        if (!ranges.empty()) ranges += ',';
        ranges += first + 1 == cpu ? fmt::format("{}", first) : fmt::format("{}-{}", first, cpu - 1);
      }
      open = set;
    }
    out_.cpu_list(ranges);
  }

  const Plan& plan_;
  const Limits& limits_;
  ValueVisitor& out_;
  std::uint64_t left_;
  bool said_ = false;
};

class TypedDecoder final : public Decoder {
public:
  TypedDecoder(std::shared_ptr<const Types> types, TypeId type, const Limits& limits)
      : types_(std::move(types)), limits_(limits), plan_(compile_plan(*types_, type)),
        name_(types_->spell(type)) {}

  void decode(Bytes bytes, ValueVisitor& visitor) const override {
    Run(plan_, limits_, visitor).value(plan_.nodes[plan_.root], bytes, 0);
  }
  std::string_view type_name() const override { return name_; }

private:
  std::shared_ptr<const Types> types_; ///< keeps the names alive
  Limits limits_;
  Plan plan_;
  std::string name_;
};

class BytesDecoder final : public Decoder {
public:
  void decode(Bytes bytes, ValueVisitor& visitor) const override { visitor.bytes(bytes); }
  std::string_view type_name() const override { return ""; }
};

class TextDecoder final : public Decoder {
public:
  void decode(Bytes bytes, ValueVisitor& visitor) const override {
    std::string text;
    text.reserve(bytes.size());
    for (const std::byte byte : bytes) {
      const auto c = static_cast<unsigned char>(byte);
      if (c >= 0x20 && c <= 0x7e)
        text += static_cast<char>(c);
      else
        text += fmt::format("\\x{:02x}", c);
    }
    visitor.text(text);
  }
  std::string_view type_name() const override { return "char[]"; }
};

} // namespace

std::shared_ptr<const Decoder> Decoder::compile(std::shared_ptr<const Types> types, TypeId type,
                                                const Limits& limits) {
  return std::make_shared<TypedDecoder>(std::move(types), type, limits);
}

std::shared_ptr<const Decoder> Decoder::raw_bytes() { return std::make_shared<BytesDecoder>(); }

std::shared_ptr<const Decoder> Decoder::printable_text() { return std::make_shared<TextDecoder>(); }

} // namespace mapscope::btf
