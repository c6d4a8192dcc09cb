// SPDX-License-Identifier: Apache-2.0
// The kernel's resizable hash table (struct rhashtable, lib/rhashtable.c).
//
// While it is being resized there are two tables and more: what is reachable from several of them is visited
// once. A table may be nested: pages of pointers to pages of buckets, for want of a larger piece of memory.
#pragma once

#include "counted.hpp"
#include "memory.hpp"

#include <bit>
#include <unordered_set>

namespace mapscope::builtin {

class Rhashtable {
public:
  /// `table` is the address of the struct rhashtable, which has no more than `most` elements.
  Rhashtable(Call& call, std::uint64_t table, std::uint64_t most) : call_(call), steps_left_(most + slack) {
    const msc_type rhashtable = call.kernel_type("struct rhashtable"),
                   buckets = call.kernel_type("struct bucket_table");
    first_ = call.read<std::uint64_t>(MSC_KERNEL, table + call.offset(rhashtable, "tbl"));
    head_ = call.read<std::uint16_t>(MSC_KERNEL, table + call.offset(rhashtable, "p.head_offset"));
    next_ = call.offset(call.kernel_type("struct rhash_head"), "next");
    size_ = call.offset(buckets, "size");
    nest_ = call.offset(buckets, "nest");
    future_ = call.offset(buckets, "future_tbl");
    buckets_ = call.offset(buckets, "buckets");
  }

  /// visit(address of the element) for each; fails when not one bucket can be read.
  template <class Visit> void for_each(Visit visit) {
    std::uint64_t table = first_;
    for (unsigned generation = 0; table != 0; ++generation) {
      if (generation == most_generations) {
        call_.note(MSC_EFAULT, "more tables than a resize can leave behind");
        break;
      }
      const auto future = load<std::uint64_t>(call_, table + future_);
      resizing_ |= future.value_or(0) != 0;
      if (!future || !walk_table(table, visit)) {
        call_.note(MSC_EFAULT, generation == 0 ? "the table could not be read"
                                               : "a table that elements move to could not be read");
        break;
      }
      table = *future;
    }
    note_gaps();
    if (read_ == 0 && (lost_ != 0 || table != 0)) throw Stop{MSC_EFAULT};
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch more than there may be
  static constexpr unsigned most_generations = 8;
  static constexpr std::uint32_t piece = 512; ///< buckets a read

  /// False when its header cannot be read.
  template <class Visit> bool walk_table(std::uint64_t table, Visit& visit) {
    const auto size = load<std::uint32_t>(call_, table + size_),
               nest = load<std::uint32_t>(call_, table + nest_);
    if (!size || !nest) return false;
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

  /// Bit 0 of a bucket is its lock; a chain ends with an odd pointer, which names its bucket.
  template <class Visit> void chain(std::uint64_t bucket, std::uint64_t head, Visit& visit) {
    std::uint64_t node = head & ~std::uint64_t{1}, milestone = 0; // milestone: as in Hlists
    if (node == 0) return;
    for (std::uint64_t step = 0; (node & 1) == 0; ++step) {
      if (node == milestone) return void(++circles_);
      if ((step & (step - 1)) == 0) milestone = node;
      if (steps_left_ == 0) return void(gave_up_ = true);
      --steps_left_;
      const auto next = load<std::uint64_t>(call_, node + next_);
      if (!next) return void(++broken_);
      if (!resizing_ || seen_.insert(node).second) visit(node - head_);
      if (*next == 0) return void(++broken_);
      node = *next;
    }
    if (node != (bucket | 1)) ++strayed_;
  }

  void say(std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0) call_.note(rc, counted(count, forms, rest).c_str());
  }
  void note_gaps() {
    say(lost_, MSC_EFAULT, "bucket|buckets", "could not be read");
    say(broken_, MSC_EFAULT, "chain breaks|chains break", "off");
    say(circles_, MSC_EFAULT, "chain runs|chains run", "in a circle");
    say(strayed_, MSC_OK, "chain ends|chains end", "in another bucket, caught mid-move");
    if (gave_up_) call_.note(MSC_EFAULT, "more elements than the table may hold: the rest was given up");
  }

  static constexpr std::uint64_t pointer = sizeof(std::uint64_t);

  Call& call_;
  std::uint64_t first_ = 0, steps_left_;
  std::uint32_t head_ = 0, next_ = 0, size_ = 0, nest_ = 0, future_ = 0, buckets_ = 0;
  bool resizing_ = false, gave_up_ = false;
  std::unordered_set<std::uint64_t> seen_; ///< nodes, while there is more than one table
  std::uint64_t read_ = 0, lost_ = 0, broken_ = 0, circles_ = 0, strayed_ = 0;
};

} // namespace mapscope::builtin
