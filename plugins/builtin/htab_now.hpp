// SPDX-License-Identifier: Apache-2.0
// Many chains of a hash map (htab.hpp) at a time while its machine runs: all of their elements are read link
// by link, and then all of them once more, a moment later. A chain that is the same at both looks was so at
// one time.
//
// Nothing is kept beyond a few hundred KiB, whatever the map's size. Refuses: chains that are not the same
// twice, that make no sense, or are longer than chains become; whoever asked looks at these one by one.
#pragma once

#include "htab_running.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace mapscope::builtin {

class ChainsNow {
public:
  /// Elements that are larger are as well read one by one.
  static constexpr std::size_t largest_element = 4096;

  static constexpr std::size_t none = ~std::size_t{0};
  struct Chain {
    std::uint32_t bucket = 0;
    std::uint64_t head = 0;
    std::uint32_t count = 0;
    bool is_whole = true;
    std::size_t first = none, last = none; ///< elements
  };

  /// `bytes`: of an element, from hash_node.next on.
  ChainsNow(Call& call, const HtabLayout& layout, std::size_t bytes)
      : call_(call), layout_(layout), bytes_(bytes) {}

  /// The heads of some buckets. False where there is read() alone; `heads` is empty where they cannot be
  /// read.
  bool read_heads(std::uint32_t first, std::uint32_t count, std::vector<std::byte>& heads) {
    heads.resize(count * layout_.bucket_size);
    const std::size_t piece =
        heads.size() % largest_element == 0 ? largest_element : std::size_t{layout_.bucket_size};
    addresses_.clear();
    for (std::size_t at = 0; at < heads.size(); at += piece)
      addresses_.push_back(layout_.bucket_at(first) + at);
    if (!read(piece, heads)) return false;
    if (!are_all_there()) heads.clear();
    return true;
  }

  /// How many chains one look takes.
  [[nodiscard]] std::size_t at_once(bool counts_only) const {
    constexpr std::size_t most_bytes = 256 << 10;
    return std::max<std::size_t>(1, most_bytes / (counts_only ? sizeof(std::uint64_t) : bytes_));
  }

  /// Those of `chains` whose elements could be read, twice the same, stay whole. `counts_only`: by their
  /// links alone, and once.
  void look(std::span<Chain> chains, bool counts_only) {
    elements_.clear(), where_.clear(), links_.clear();
    size_ = counts_only ? sizeof(std::uint64_t) : bytes_;
    begin(chains);
    for (unsigned step = 0; step < longest && !next_.empty(); ++step) follow(chains, counts_only);
    for (const Next& next : next_) chains[next.chain].is_whole = false;
    if (!counts_only) look_again(chains);
  }

  /// Those that are not empty.
  [[nodiscard]] std::vector<Chain> chains(std::uint32_t first, std::span<const std::byte> heads) const {
    std::vector<Chain> found;
    for (std::uint32_t i = 0; i < heads.size() / layout_.bucket_size; ++i)
      if (const auto head = layout_.head_of(heads, i); !HtabLayout::is_empty(first + i, head))
        found.push_back({first + i, head});
    return found;
  }
  /// visit(key, stored) for each element of a chain that was looked at twice. A new element comes before the
  /// one that it replaces.
  template <class Visit> void for_each(const Chain& chain, Visit visit) const {
    std::size_t number = chain.first;
    for (std::uint32_t i = 0; i < chain.count; ++i, number = links_[number].behind)
      if (!is_replaced(chain, i, number)) visit(key(number), element(number).subspan(layout_.value));
  }

private:
  static constexpr unsigned longest = 64; ///< elements of a chain: at a load of 1 the millionth has ten

  struct Next {
    std::size_t chain;
    std::uint64_t pointer;
  };
  struct Link {
    std::size_t chain, behind;
  };

  [[nodiscard]] Bytes element(std::size_t number) const {
    return Bytes(elements_).subspan(number * size_, size_);
  }
  [[nodiscard]] Bytes key(std::size_t number) const {
    return element(number).subspan(layout_.key, call_.target.key_size);
  }
  /// By one of those before it.
  [[nodiscard]] bool is_replaced(const Chain& chain, std::uint32_t before, std::size_t number) const {
    for (std::size_t other = chain.first; before != 0; --before, other = links_[other].behind)
      if (std::ranges::equal(key(other), key(number))) return true;
    return false;
  }

  void begin(std::span<Chain> chains) {
    next_.clear();
    for (std::size_t i = 0; i < chains.size(); ++i)
      if (HtabLayout::is_end(chains[i].head))
        chains[i].is_whole = false; // the mark of another bucket
      else
        next_.push_back({i, chains[i].head});
  }

  /// One element of each chain that goes on.
  void follow(std::span<Chain> chains, bool counts_only) {
    const std::size_t before = where_.size();
    addresses_.clear();
    for (const Next& next : next_) addresses_.push_back(next.pointer - layout_.node + layout_.next);
    elements_.resize((before + next_.size()) * size_);
    const bool could = read(size_, std::span(elements_).subspan(before * size_));
    where_.insert(where_.end(), addresses_.begin(), addresses_.end());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < next_.size(); ++i) {
      const std::size_t number = before + i;
      Chain& chain = chains[next_[i].chain];
      links_.push_back({next_[i].chain, none});
      chain.is_whole = could && there_[i] != 0 && (counts_only || is_in_place(number, chain.bucket));
      if (!chain.is_whole) continue;
      (chain.last == none ? chain.first : links_[chain.last].behind) = number;
      chain.last = number, ++chain.count;
      const auto pointer = HtabLayout::load<std::uint64_t>(element(number).data());
      if (!HtabLayout::is_end(pointer))
        next_[kept++] = {next_[i].chain, pointer};
      else
        chain.is_whole = pointer != 0 && pointer >> 1 == chain.bucket; // the mark names its bucket
    }
    next_.resize(kept);
  }
  [[nodiscard]] bool is_in_place(std::size_t number, std::uint32_t bucket) const {
    const auto hash = HtabLayout::load<std::uint32_t>(element(number).data() + layout_.hash);
    return (hash & (layout_.bucket_count - 1)) == bucket;
  }

  void look_again(std::span<Chain> chains) {
    addresses_.clear();
    for (const Chain& chain : chains) addresses_.push_back(layout_.bucket_at(chain.bucket) + layout_.head);
    again_.resize(chains.size() * sizeof(std::uint64_t));
    const bool heads = read(sizeof(std::uint64_t), again_);
    for (std::size_t i = 0; i < chains.size(); ++i)
      if (!heads || there_[i] == 0 ||
          HtabLayout::load<std::uint64_t>(again_.data() + i * sizeof(std::uint64_t)) != chains[i].head)
        chains[i].is_whole = false;
    addresses_ = where_;
    again_.resize(elements_.size());
    const bool elements = read(size_, again_);
    if (elements && are_all_there() && again_ == elements_) return;
    for (std::size_t i = 0; i < where_.size(); ++i)
      if (!elements || there_[i] == 0 ||
          std::memcmp(again_.data() + i * size_, elements_.data() + i * size_, size_) != 0)
        chains[links_[i].chain].is_whole = false;
  }

  /// What addresses_ names.
  bool read(std::size_t piece, std::span<std::byte> to) {
    there_.assign(addresses_.size(), 0);
    return call_.read_now(addresses_, static_cast<std::uint32_t>(piece), to, there_);
  }
  [[nodiscard]] bool are_all_there() const { return std::ranges::find(there_, 0) == there_.end(); }

  Call& call_;
  const HtabLayout& layout_;
  std::size_t bytes_, size_ = 0;
  std::vector<std::uint64_t> addresses_; ///< of one call
  std::vector<std::uint8_t> there_;
  std::vector<Next> next_;
  std::vector<std::uint64_t> where_; ///< the elements are
  std::vector<Link> links_;
  std::vector<std::byte> elements_, again_;
};

} // namespace mapscope::builtin
