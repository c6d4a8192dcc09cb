// SPDX-License-Identifier: Apache-2.0
// Which of the hypotheses of header.hpp is meant: the one that BTF tells, if no live slot is against it; else
// the only one that live slots prove; of several, the only one with whose payloads the payload's type agrees;
// of several, or where no slot can prove any, the only one that leaves room for a payload of a known type.
//
// Refuses: to take one that a single live slot contradicts. Nothing then is known but the elements' bytes.
#pragma once

#include "header.hpp"
#include "payload_type.hpp"

namespace mapscope::sdt_alloc {

struct Choice {
  std::optional<Header> header;
  std::string basis;   ///< what it rests on when it is not BTF alone
  std::string problem; ///< why there is none
  PayloadType payload;
};

class HeaderChooser {
public:
  /// `root`: of the tree, 0 when there are no slots, or none that can be read.
  HeaderChooser(Call& call, const TreeLayout& tree, std::uint64_t element, std::uint64_t root)
      : call_(call), tree_(tree), element_(element), root_(root), told_(ToldHeader(call).header) {}

  Choice choose() {
    if (told_ && told_->fits(element_)) {
      told_evidence_ = weigh({*told_}).front();
      if (told_evidence_.allows()) return {told_, "", "", payload_of(*told_)};
    }
    others_ = other_headers(told_, element_);
    evidence_ = weigh(others_);
    return narrow(those([](const Evidence& evidence) { return evidence.proves(); }));
  }

private:
  using Chosen = std::vector<std::size_t>; ///< of others_

  [[nodiscard]] PayloadType payload_of(const Header& header) {
    return find_payload_type(call_,
                             {element_ - header.size, header.size, header.is_behind ? most_aligned() : 8});
  }

  /// SCX_CACHELINE_SIZE is at most 256 (scheds/include/lib/const-defs.h of sched-ext/scx).
  [[nodiscard]] std::uint64_t most_aligned() const {
    return std::min<std::uint64_t>(256, element_ & (~element_ + 1));
  }

  std::vector<Evidence> weigh(const std::vector<Header>& headers) {
    std::vector<Evidence> evidence(headers.size());
    std::vector<HeaderReader> readers;
    readers.reserve(headers.size());
    for (const Header& header : headers) readers.emplace_back(call_, element_, header);
    const auto look = [&](std::uint64_t slot, std::int32_t place, bool live) {
      for (std::size_t i = 0; live && i < readers.size(); ++i)
        if (evidence[i].wrong == 0) readers[i].judge(slot, place, evidence[i]);
    };
    Tree(call_, tree_, look).walk(root_);
    return evidence;
  }

  template <class Test> [[nodiscard]] Chosen those(Test test) const {
    Chosen chosen;
    for (std::size_t i = 0; i < others_.size(); ++i)
      if (test(evidence_[i])) chosen.push_back(i);
    return chosen;
  }

  Choice narrow(const Chosen& proved) {
    if (proved.size() == 1) return take(proved.front(), "");
    if (proved.size() > 1) return by_payload(proved);
    const Chosen mute = those([](const Evidence& evidence) { return evidence.is_mute(); });
    if (!told_ && !mute.empty()) return by_payload(mute);
    return {std::nullopt, "", contradiction(), {}};
  }

  /// One whose payload has a type by configuration or by name goes before one that has it by size. Before the
  /// first slot is taken there is nothing that the likeliest could misplace.
  Choice by_payload(const Chosen& among) {
    if (among.size() == 2 && have_one_id(among) && has_links())
      return take(among.back(), ", and the program has struct scx_urcu, which links headers");
    if (const Chosen agreed = with_copies(among); agreed.size() == 1)
      return take(agreed.front(), ", and payloads have the number once more, where their type has it");
    for (const bool guessed : {false, true}) {
      Chosen typed;
      for (const std::size_t i : among) {
        const PayloadType payload = payload_of(others_[i]);
        if (payload.type != MSC_BYTES && (guessed || payload.guess.empty())) typed.push_back(i);
      }
      if (typed.size() == 1) return take(typed.front(), ", and it leaves room for a payload of a known type");
      if (typed.size() > 1) break;
    }
    if (evidence_[among.front()].live == 0) return take(among.front(), "");
    if (!have_one_id(among)) return {std::nullopt, "", ambiguity(among), {}};
    const Header& shortest = others_[among.front()];
    return {shortest, "", "", {MSC_BYTES, ambiguity(among), ""}};
  }

  /// Payloads of releases before August 2026 begin with a copy of the id (struct scx_bitmap, struct rbnode in
  /// lib/ of sched-ext/scx). A header behind the payload, and the copy looks like one before it: only with
  /// the right one the payload's type has the copy where it is.
  [[nodiscard]] Chosen with_copies(const Chosen& among) {
    std::vector<Header> copies;
    Chosen of;
    for (const std::size_t i : among)
      if (const auto copy = copy_in_payload(others_[i])) copies.push_back(*copy), of.push_back(i);
    const std::vector<Evidence> evidence = weigh(copies);
    Chosen agreed;
    for (std::size_t i = 0; i < of.size(); ++i)
      if (evidence[i].proves()) agreed.push_back(of[i]);
    return agreed;
  }

  /// Where the payload's type has an id, as if that were a header.
  [[nodiscard]] std::optional<Header> copy_in_payload(const Header& header) {
    const msc_type type = payload_of(header).type;
    if (type == MSC_BYTES) return std::nullopt;
    const auto idx = call_.offset_if(type, "tid.idx"), genn = call_.offset_if(type, "tid.genn");
    if (!idx || !genn) return std::nullopt;
    const std::uint32_t first = header.payload(), number = 4;
    const Header copy{false, first + std::max(*idx, *genn) + number, first + *idx, first + *genn,
                      std::nullopt};
    return copy.fits(element_) ? std::optional(copy) : std::nullopt;
  }

  /// Its two heads link struct sdt_data by urcu_link; in later releases, whose nodes are its own, it has a
  /// freelist.
  [[nodiscard]] bool has_links() {
    return call_.find_type(MSC_MAP_BTF, "struct scx_urcu.head") &&
           !call_.find_type(MSC_MAP_BTF, "struct scx_urcu.freelist");
  }

  /// They differ in where the payload begins, and in nothing else. The shortest is the first.
  [[nodiscard]] bool have_one_id(const Chosen& among) const {
    return std::ranges::all_of(among, [&](std::size_t i) {
      const Header &one = others_[i], &first = others_[among.front()];
      return !one.is_behind && !first.is_behind && one.idx == first.idx && one.genn == first.genn;
    });
  }

  [[nodiscard]] Choice take(std::size_t i, const std::string& more) {
    const Evidence& evidence = evidence_[i];
    std::string basis = others_[i].text() + (told_ ? ", which struct sdt_data of the program does not say: "
                                                   : ", as struct sdt_data is only declared: ");
    const char* const say = evidence.right == 1 ? " says so" : " say so";
    basis += evidence.right == 0 ? "no live slot tells it" : slots_text(evidence.right) + say;
    return {others_[i], basis + more, "", payload_of(others_[i])};
  }

  static std::string slots_text(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " live slot" : " live slots");
  }

  [[nodiscard]] std::string contradiction() const {
    if (told_ && !told_->fits(element_))
      return "elements of " + std::to_string(element_) + " bytes have no room for " + told_->text() +
             ", as struct sdt_data has it, and no other known layout goes with the live slots";
    if (told_)
      return told_->text() + ", as struct sdt_data has it, is not what live slots have: " + told_problem() +
             " there; no other known layout goes with all of them";
    return "their header is of no known layout: none finds the own number of each live slot in it";
  }

  [[nodiscard]] std::string told_problem() const {
    const Evidence& evidence = told_evidence_;
    if (evidence.wrong == 0)
      return "none of " + std::to_string(evidence.zero) + " has the number of its place";
    return "the one in place " + std::to_string(evidence.wrong_place) + " has the number " +
           std::to_string(evidence.wrong_idx);
  }

  [[nodiscard]] std::string ambiguity(const Chosen& among) const {
    std::string text = "struct sdt_data is only declared, and ";
    for (std::size_t i = 0; i < among.size(); ++i) text += (i == 0 ? "" : " or ") + others_[among[i]].text();
    return text + " would do; payload_type decides";
  }

  Call& call_;
  const TreeLayout& tree_;
  std::uint64_t element_, root_;
  std::optional<Header> told_;
  Evidence told_evidence_;
  std::vector<Header> others_;
  std::vector<Evidence> evidence_;
};

} // namespace mapscope::sdt_alloc
