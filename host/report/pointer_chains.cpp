// SPDX-License-Identifier: Apache-2.0
// Chains of objects of one type (q_next, next_free, the children of a tree) as lists, however long they are.
#include "host/report/pointers.hpp"

#include "host/base/checked.hpp"
#include "host/base/utf8.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

std::string characters(std::span<const std::byte> bytes) {
  const auto end = std::ranges::find(bytes, std::byte{});
  return valid_utf8(
      {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end - bytes.begin())});
}

/// Characters up to a NUL, or a number.
std::string short_text(const btf::Types& types, const btf::Member& member, std::span<const std::byte> bytes) {
  const btf_type* type = types.type(types.peel(member.type));
  const auto size = types.size(member.type);
  if (type == nullptr || !size || member.bit_size != 0 || !fits(member.offset(), *size, bytes.size()))
    return "";
  const auto there = bytes.subspan(member.offset(), *size);
  if (btf_is_array(type) && types.array_length(member.type).value_or(0) == *size) return characters(there);
  if (!btf_is_int(type) || *size > sizeof(std::uint64_t)) return "";
  std::uint64_t number = 0;
  std::memcpy(&number, there.data(), *size);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(*size);
  const bool is_signed = (btf_int_encoding(type) & BTF_INT_SIGNED) != 0;
  return is_signed ? fmt::format("{}", static_cast<std::int64_t>(number << unused) >> unused)
                   : fmt::format("{}", number);
}

} // namespace

/// The first object of the list that an object of the type belongs to; null where it is to be shown inside
/// the one that leads to it. JSON nests links as deep as values may be, which is its contract, and goes on
/// with the list from there.
Pointers::Open* Pointers::chain_of(const Pointee& pointee, const btf::Progress& progress) {
  const bool is_cut = limits_.depth == btf::Limits::deepest && progress.depth >= limits_.depth;
  if (!following_.flat && !is_cut) return nullptr;
  const auto first = std::ranges::find_if(open_, [&](const Open& open) {
    return open.pointee->types == pointee.types && open.pointee->type == pointee.type;
  });
  return first != open_.end() ? &*first : nullptr;
}

void Pointers::link(Open& first, const Link& link, btf::Progress& progress, btf::ValueVisitor& out) {
  if (first.addresses.insert(link.spot.address).second) first.fresh.push_back(link);
  const std::string is = identity(link);
  if (!following_.flat) progress.cuts.depth = true;
  if (following_.flat)
    return is.empty() ? reason(link.value, "in the chain", out) : known(link.value, is, out);
  const auto text = fmt::format("nested {} deep, in the chain behind {:#x}", progress.depth, first.value);
  reason(link.value, text, out);
}

/// The link that comes next; one chain is followed to its end before the next link of an object is.
std::optional<Pointers::Link> Pointers::next_link(Open& first) {
  std::ranges::reverse(first.fresh);
  first.chain.insert(first.chain.end(), std::make_move_iterator(first.fresh.begin()),
                     std::make_move_iterator(first.fresh.end()));
  first.fresh.clear();
  while (!first.chain.empty()) {
    Link link = std::move(first.chain.back());
    first.chain.pop_back();
    if (!is_shown(link)) return link; // others are, behind another pointer, meanwhile
  }
  return std::nullopt;
}

/// The innermost open object's.
void Pointers::show_chain(btf::Progress& progress, btf::ValueVisitor& out) {
  Open& first = open_.back();
  if (is_of_rows_ && open_.size() == 1) return wait(first);
  std::string why;
  bool is_begun = false;
  for (auto link = next_link(first); link; link = next_link(first)) {
    std::vector<std::byte> bytes;
    const std::string gap = read_object(*link, bytes);
    const bool is_spent = progress.left == 0 || left_ == 0 || first.addresses.size() >= limits_.nodes;
    why = is_spent ? spent() : "";
    if (why.empty() && !bytes.empty() && pass_hollow(*link, bytes)) continue;
    if (why.empty()) why = withholds(link->pointee->size);
    if (!why.empty()) break;
    if (!std::exchange(is_begun, true)) out.begin_values("chain");
    if (bytes.empty())
      reason(link->value, gap, out, link->slot);
    else
      show_link(*link, bytes, progress, out);
  }
  if (is_begun) out.end_values();
  if (first.hollow != 0) out.fact("links_only", first.hollow);
  if (!why.empty()) out.fact("chain_left_out", std::string_view(why));
}

/// Free lists are long, and their objects empty: they are counted. False where there is something to show.
bool Pointers::pass_hollow(const Link& link, std::span<const std::byte> bytes) {
  std::vector<std::byte> content(bytes.begin(), bytes.end());
  std::vector<std::uint64_t> links;
  for (const std::uint64_t at : link.pointee->links) {
    const auto value = load_at<std::uint64_t>(bytes, at);
    if (!value) return false;
    if (*value != 0) links.push_back(*value);
    std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(at), sizeof(std::uint64_t), std::byte{});
  }
  if (std::ranges::any_of(content, [](std::byte byte) { return byte != std::byte{}; })) return false;
  Open& first = open_.back();
  for (const std::uint64_t value : links) {
    const Spot spot = spot_of(value, true);
    if (spot.arena == nullptr || !spot.problem.empty()) return false;
    if (first.addresses.insert(spot.address).second) first.fresh.push_back({value, spot, link.pointee, ""});
  }
  ++first.hollow;
  return true;
}

void Pointers::show_link(const Link& link, std::span<const std::byte> bytes, btf::Progress& progress,
                         btf::ValueVisitor& out) {
  out.begin_pointer(link.value);
  if (!link.slot.empty()) out.fact("slot", link.slot);
  out.deref();
  open_.push_back({link.spot.address, link.value, link.pointee});
  decode(*link.pointee, link.spot.address, bytes, progress, out);
  open_.pop_back();
  out.end_pointer();
}

bool Pointers::is_shown(const Link& link) const {
  return shown_.contains({link.spot.address, link.pointee->types, link.pointee->type});
}

/// Most of them have rows of their own.
void Pointers::wait(Open& first) {
  for (Link& link : first.fresh)
    if (awaited_.size() < limits_.nodes && awaited_.insert(link.spot.address).second)
      waiting_.push_back(std::move(link));
}

class Pointers::Waiting final : public btf::Decoder {
public:
  Waiting(Pointers& pointers, std::uint64_t nodes) : pointers_(pointers), nodes_(nodes) {}
  btf::Cuts decode(std::span<const std::byte> bytes, btf::ValueVisitor& out) const override {
    btf::Progress progress{.left = nodes_};
    decode(bytes, out, progress);
    return progress.cuts;
  }
  void decode(std::span<const std::byte> /*bytes*/, btf::ValueVisitor& out,
              btf::Progress& progress) const override {
    pointers_.show_waiting(progress, out);
  }
  [[nodiscard]] std::string_view type_name() const override { return ""; }

private:
  Pointers& pointers_;
  std::uint64_t nodes_;
};

std::unique_ptr<btf::Decoder> Pointers::waiting() {
  std::erase_if(waiting_, [this](const Link& link) { return is_shown(link); });
  return waiting_.empty() ? nullptr : std::make_unique<Waiting>(*this, limits_.nodes);
}

void Pointers::show_waiting(btf::Progress& progress, btf::ValueVisitor& out) {
  is_of_rows_ = false;
  out.begin_array(waiting_.size());
  for (const Link& link : waiting_)
    if (!is_shown(link)) object(*link.pointee, link.value, link.spot, progress, out, link.slot);
  out.end_array();
}

/// What tells people which object it is; "" where nothing does.
std::string Pointers::identity(const Link& link) {
  constexpr std::size_t most = 2;
  std::vector<std::byte> bytes;
  if (!following_.flat || link.pointee->names.empty() || !read_object(link, bytes).empty()) return "";
  std::string text;
  std::size_t said = 0;
  for (const auto& [name, member] : link.pointee->names) {
    const std::string value = said < most ? short_text(*link.pointee->types, member, bytes) : "";
    if (value.empty() || value == "0") continue;
    if (said++ != 0) text += ", ";
    (text += name) += ' ';
    text += value;
  }
  return text;
}

} // namespace mapscope::report
