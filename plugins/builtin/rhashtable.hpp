// SPDX-License-Identifier: Apache-2.0
// The kernel's resizable hash table (struct rhashtable, lib/rhashtable.c).
//
// While it is being resized there are two tables and more: what is reachable from several of them is visited
// once. A table may be nested: pages of pointers to pages of buckets, for want of a larger piece of memory.
// While its machine runs each chain is looked at twice, and tables that have come meanwhile are walked, too.
#pragma once

#include "counted.hpp"
#include "second_look.hpp"

#include <bit>
#include <unordered_set>

namespace mapscope::builtin {

class Rhashtable {
public:
  /// `table` is the address of the struct rhashtable, which has no more than `most` elements.
  Rhashtable(Call& call, std::uint64_t table, std::uint64_t most)
      : call_(call), look_(call), steps_left_((look_.is_running() ? 2 : 1) * most + slack) {
    const msc_type rhashtable = call.kernel_type("struct rhashtable"),
                   buckets = call.kernel_type("struct bucket_table");
    current_ = table + call.offset(rhashtable, "tbl");
    first_ = call.read<std::uint64_t>(MSC_KERNEL, current_);
    head_ = call.read<std::uint16_t>(MSC_KERNEL, table + call.offset(rhashtable, "p.head_offset"));
    next_ = call.offset(call.kernel_type("struct rhash_head"), "next");
    size_ = call.offset(buckets, "size");
    nest_ = call.offset(buckets, "nest");
    future_ = call.offset(buckets, "future_tbl");
    buckets_ = call.offset(buckets, "buckets");
  }

  /// visit(address of the element) for each; fails when not one bucket can be read.
  template <class Visit> void for_each(Visit visit) {
    for_each([](SecondLook&, std::uint64_t element) { return std::optional(element); }, visit);
  }
  /// show(what read(look, element) found of each), of a machine that runs while it was in its chain.
  template <class Read, class Show> void for_each(Read read, Show show) {
    Visitor<Read, Show> visit{read, show};
    std::uint64_t table = first_;
    for (unsigned generation = 0; table != 0; ++generation) {
      if (generation == most_generations) {
        call_.note(MSC_EFAULT, look_.is_running() ? "the table was resized each time while it was read"
                                                  : "more tables than a resize can leave behind");
        break;
      }
      const auto future = load<std::uint64_t>(call_, table + future_);
      resizing_ |= future.value_or(0) != 0;
      if (!future || !walk_table(table, visit)) {
        call_.note(MSC_EFAULT, generation == 0 ? "the table could not be read"
                                               : "a table that elements move to could not be read");
        break;
      }
      table = look_.is_running() ? next_by_now(table) : *future;
    }
    note_gaps();
    if (read_ == 0 && (lost_ != 0 || table != 0)) throw Stop{MSC_EFAULT};
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch more than there may be
  static constexpr unsigned most_generations = 8;
  static constexpr std::uint32_t piece = 512; ///< buckets a read

  template <class Read, class Show> struct Visitor {
    Read& read;
    Show& show;
  };

  /// Of a machine that runs: elements may have moved while `table` was walked, once and more.
  std::uint64_t next_by_now(std::uint64_t table) {
    walked_.push_back(table);
    for (const std::uint64_t at : {table + future_, current_}) {
      call_.will_read(MSC_KERNEL, at, sizeof(std::uint64_t));
      const std::uint64_t next = load<std::uint64_t>(call_, at).value_or(0);
      if (next != 0 && std::ranges::find(walked_, next) == walked_.end()) return next;
    }
    return 0;
  }

  /// False when its header cannot be read.
  template <class Visit> bool walk_table(std::uint64_t table, Visit& visit) {
    const auto size = load<std::uint32_t>(call_, table + size_),
               nest = load<std::uint32_t>(call_, table + nest_);
    if (!size || !nest) return false;
    if (look_.is_running() && !std::has_single_bit(*size)) return false; // it is gone by now
    if (!std::has_single_bit(*size)) call_.fail("size of struct bucket_table is no power of two");
    if (*nest == 0) {
      for (std::uint32_t first = 0; first < *size; first += std::min(piece, *size - first))
        walk_buckets(table + buckets_ + std::uint64_t{first} * pointer, std::min(piece, *size - first),
                     visit);
      return true;
    }
    const unsigned shift = page_shift(*size, *nest);
    const auto top = load<std::uint64_t>(call_, table + buckets_);
    if (top.value_or(0) != 0)
      walk_pages(*top, std::uint32_t{1} << *nest, *size >> *nest, shift, visit);
    else
      lost_ += *size;
    return true;
  }

  /// log2 of the pointers in a page. The kernel nests by (log2(size) - 1) % shift + 1, which among the page
  /// sizes there are holds for one.
  unsigned page_shift(std::uint32_t size, std::uint32_t nest) {
    const auto bits = static_cast<unsigned>(std::bit_width(size)) - 1;
    for (const unsigned shift : {9U, 11U, 13U}) // 4 KiB, 16 KiB, 64 KiB
      if (bits > shift && (bits - 1) % shift + 1 == nest) return shift;
    call_.fail("nest of struct bucket_table contradicts its size");
  }

  /// `count` pointers to what holds `size` buckets each: NULL where none of them was used yet.
  template <class Visit>
  void walk_pages(std::uint64_t at, std::uint32_t count, std::uint32_t size, unsigned shift, Visit& visit) {
    std::vector<std::byte> pointers(count * pointer);
    if (!call_.try_read(MSC_KERNEL, at, pointers)) return void(lost_ += std::uint64_t{count} * size);
    ++read_;
    const std::uint32_t page = std::uint32_t{1} << shift;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t below = pointer_at(pointers, i * pointer);
      if (below == 0 || steps_left_ == 0) continue;
      if (size > page)
        walk_pages(below, page, size >> shift, shift, visit);
      else
        walk_buckets(below, size, visit);
    }
  }

  /// Halved where they cannot be read, down to the page that is missing.
  template <class Visit> void walk_buckets(std::uint64_t at, std::uint32_t count, Visit& visit) {
    std::vector<std::byte> heads(count * pointer);
    if (steps_left_ == 0) return;
    if (call_.try_read(MSC_KERNEL, at, heads)) {
      read_ += count;
      for (std::uint32_t i = 0; i < count; ++i)
        chain(at + i * pointer, pointer_at(heads, i * pointer), visit);
    } else if (count == 1 || at / smallest_page == (at + count * pointer - 1) / smallest_page) {
      lost_ += count;
    } else {
      walk_buckets(at, count / 2, visit);
      walk_buckets(at + count / 2 * pointer, count - count / 2, visit);
    }
  }

  enum class Chain : std::uint8_t { whole, circle, endless, broken, strayed };

  template <class Visit> void chain(std::uint64_t bucket, std::uint64_t head, Visit& visit) {
    if ((head & ~std::uint64_t{1}) == 0) return;
    if (look_.is_running()) return running_chain(bucket, visit);
    tell(follow(bucket, head, [&](std::uint64_t node) {
      if (resizing_ && !seen_.insert(node).second) return;
      if (auto found = visit.read(look_, node - head_)) visit.show(std::move(*found));
    }));
  }
  /// All of the chain is read, and then shown.
  template <class Visit> void running_chain(std::uint64_t bucket, Visit& visit) {
    using Found = decltype(visit.read(look_, bucket));
    std::vector<std::pair<std::uint64_t, Found>> all;
    auto end = Chain::whole;
    const std::uint64_t steps = steps_left_;
    const auto outcome = look_.settle([&](bool) {
      all.clear();
      steps_left_ = steps;
      const auto head = look_.load<std::uint64_t>(bucket);
      end = head
                ? follow(bucket, *head,
                         [&](std::uint64_t node) { all.emplace_back(node, visit.read(look_, node - head_)); })
                : Chain::broken;
      return end == Chain::whole;
    });
    if (outcome == SecondLook::Outcome::changing) return void(++moving_);
    other_values_ += outcome == SecondLook::Outcome::other_values ? 1 : 0;
    tell(end);
    for (auto& [node, found] : all)
      if (found && seen_.insert(node).second) visit.show(std::move(*found));
  }

  /// Bit 0 of a bucket is its lock; a chain ends with an odd pointer, which names its bucket.
  template <class Visit> Chain follow(std::uint64_t bucket, std::uint64_t head, Visit visit) {
    std::uint64_t node = head & ~std::uint64_t{1}, milestone = 0; // milestone: as in Hlists
    if (node == 0) return Chain::whole;                           // by now
    for (std::uint64_t step = 0; (node & 1) == 0; ++step) {
      if (node == milestone) return Chain::circle;
      if ((step & (step - 1)) == 0) milestone = node;
      if (steps_left_ == 0) return Chain::endless;
      --steps_left_;
      const auto next = look_.load<std::uint64_t>(node + next_);
      if (!next) return Chain::broken;
      visit(node);
      if (*next == 0) return Chain::broken;
      node = *next;
    }
    return node == (bucket | 1) ? Chain::whole : Chain::strayed;
  }
  void tell(Chain end) {
    circles_ += end == Chain::circle ? 1 : 0;
    broken_ += end == Chain::broken ? 1 : 0;
    strayed_ += end == Chain::strayed ? 1 : 0;
    gave_up_ |= end == Chain::endless;
  }

  void say(std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0) call_.note(rc, counted(count, forms, rest).c_str());
  }
  void note_gaps() {
    say(lost_, MSC_EFAULT, "bucket|buckets", "could not be read");
    say(broken_, MSC_EFAULT, "chain breaks|chains break", "off");
    say(circles_, MSC_EFAULT, "chain runs|chains run", "in a circle");
    say(moving_, MSC_EFAULT, "chain is|chains are", "left out, having changed each time when read");
    if (call_.target.value_size > sizeof(std::uint64_t)) // else read as one
      say(other_values_, MSC_OK, "chain has|chains have", of_two_times);
    say(strayed_, MSC_OK, "chain ends|chains end", "in another bucket, caught mid-move");
    if (gave_up_) call_.note(MSC_EFAULT, "more elements than the table may hold: the rest was given up");
  }

  static constexpr std::uint64_t pointer = sizeof(std::uint64_t);

  Call& call_;
  SecondLook look_;
  std::uint64_t current_ = 0; ///< where the address of the table lies
  std::uint64_t first_ = 0, steps_left_;
  std::uint32_t head_ = 0, next_ = 0, size_ = 0, nest_ = 0, future_ = 0, buckets_ = 0;
  bool resizing_ = false, gave_up_ = false;
  std::unordered_set<std::uint64_t> seen_; ///< nodes, while there is more than one table
  std::vector<std::uint64_t> walked_;      ///< tables, of a machine that runs
  std::uint64_t read_ = 0, lost_ = 0, broken_ = 0, circles_ = 0, strayed_ = 0, moving_ = 0, other_values_ = 0;
};

} // namespace mapscope::builtin
