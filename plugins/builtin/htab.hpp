// SPDX-License-Identifier: Apache-2.0
// The walk all hash maps share (struct bpf_htab, kernel/bpf/hashtab.c): buckets, and chains that end in a
// tagged pointer which names its bucket.
//
// Bounded: no more steps than the map may hold elements, and a chain that runs in a circle ends when it is
// seen to. What cannot be read is noted and left out; the walk goes on beside it.
#pragma once

#include "counted.hpp"
#include "htab_witnesses.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace mapscope::builtin {

class Htab {
public:
  /// `stored`: bytes of a value, or of the pointer in its place, that lie in an element. `padded`: they begin
  /// at the next multiple of eight bytes behind the key, as they do in all but old kernels' per-CPU hashes.
  explicit Htab(Call& call, std::size_t stored, bool padded = true) : call_(call), witnesses_(call, stored) {
    const msc_type htab = call.kernel_type("struct bpf_htab");
    buckets_ = call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(htab, "buckets"));
    bucket_count_ = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(htab, "n_buckets"));
    if (bucket_count_ == 0 || (bucket_count_ & (bucket_count_ - 1)) != 0)
      call.fail("n_buckets of struct bpf_htab is no power of two");
    witnesses_.check_buckets(bucket_count_);
    find_bucket_layout();
    find_element_layout(padded);
    steps_left_ = std::uint64_t{call.target.max_entries} + call.cpu_count() + slack;
  }

  /// Calls visit(key, the `value_bytes` bytes at the value's place) for each element, with nullopt where only
  /// the key could be read. After row_limit elements the rest are only counted, without reading them.
  template <class Visit> void for_each(std::size_t value_bytes, Visit visit) {
    element_.resize(value_ + value_bytes);
    std::vector<std::byte> heads;
    for (std::uint64_t first = 0; first < bucket_count_; first += window) {
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(window, bucket_count_ - first));
      heads.resize(count * bucket_size_);
      walk(static_cast<std::uint32_t>(first), count, heads, visit);
      beyond_ += counted_;
      if (counted_ != 0) call_.count(std::exchange(counted_, 0));
    }
    note_gaps();
    if (lost_buckets_ == bucket_count_) throw Stop{MSC_EFAULT};
  }

  /// Elements behind the row limit, which were counted and not visited.
  [[nodiscard]] std::uint64_t beyond() const { return beyond_; }

private:
  static constexpr std::uint32_t window = 4096; ///< buckets a read
  static constexpr std::uint64_t slack = 64;    ///< a snapshot may catch elements twice while they move
  /// The kernel allocates an element as one piece: KMALLOC_MAX_SIZE is 4 MiB with pages of 4 KiB.
  static constexpr std::size_t largest = 16 << 20;

  /// hlist_nulls: an odd pointer ends a chain (include/linux/list_nulls.h); the kernel writes no 0.
  static bool is_end(std::uint64_t pointer) { return (pointer & 1) != 0 || pointer == 0; }
  template <class T> static T load(const std::byte* from) {
    T value;
    std::copy_n(from, sizeof value, reinterpret_cast<std::byte*>(&value));
    return value;
  }

  void find_bucket_layout() {
    const msc_type bucket = call_.kernel_type("struct bucket.head"); // a generic name: the one with a head
    bucket_size_ = call_.size(bucket);
    head_ = call_.offset(bucket, "head.first");
    if (bucket_size_ > 4096 || head_ + sizeof(std::uint64_t) > bucket_size_)
      call_.fail("struct bucket is implausible");
  }

  /// Elements are read from hash_node.next on, in one piece to the end of the value.
  void find_element_layout(bool padded) {
    const msc_type element = call_.kernel_type("struct htab_elem");
    next_ = call_.offset(element, "hash_node.next");
    node_ = call_.offset(element, "hash_node");
    const std::uint32_t hash = call_.offset(element, "hash"), key = call_.offset(element, "key");
    if (next_ + sizeof(std::uint64_t) > key || hash < next_ || hash + sizeof(std::uint32_t) > key)
      call_.fail("struct htab_elem is implausible");
    if (call_.target.key_size > largest || call_.target.value_size > largest)
      call_.fail("keys or values of more than 16 MiB are no hash map's");
    hash_ = hash - next_;
    key_ = key - next_;
    const std::size_t key_size = call_.target.key_size;
    value_ = key_ + (padded ? (key_size + 7) / 8 * 8 : key_size);
  }

  [[nodiscard]] std::uint64_t bucket_at(std::uint32_t bucket) const {
    return buckets_ + std::uint64_t{bucket} * bucket_size_;
  }

  /// Halves a run of buckets that cannot be read as a whole until what is missing is left.
  template <class Visit>
  void walk(std::uint32_t first, std::uint32_t count, std::span<std::byte> heads, Visit& visit) {
    if (call_.try_read(MSC_KERNEL, bucket_at(first), heads.first(count * bucket_size_))) {
      if (first == 0) announce(heads, count);
      for (std::uint32_t i = 0; i < count; ++i)
        chain(first + i, load<std::uint64_t>(heads.data() + i * bucket_size_ + head_), visit);
    } else if (count == 1) {
      ++lost_buckets_;
    } else {
      walk(first, count / 2, heads, visit);
      walk(first + count / 2, count - count / 2, heads, visit);
    }
  }

  /// Elements that were allocated with the map lie side by side. Where most of them are in use, as the share
  /// of the buckets that hold any tells (1 - e^-load), the walk will read all of that memory.
  void announce(std::span<const std::byte> heads, std::uint32_t count) {
    constexpr std::uint32_t few = 256; // buckets that tell nothing
    const msc_type htab = call_.kernel_type("struct bpf_htab");
    const auto elements_at = call_.offset_if(htab, "elems"), size_at = call_.offset_if(htab, "elem_size");
    if (count < few || !elements_at || !size_at) return;
    std::uint32_t in_use = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      in_use += is_end(load<std::uint64_t>(heads.data() + i * bucket_size_ + head_)) ? 0 : 1;
    const double load_of_half = 0.5 * call_.target.max_entries / bucket_count_;
    if (in_use < count * (1 - std::exp(-load_of_half))) return;
    const auto elements = call_.read<std::uint64_t>(MSC_KERNEL, call_.target.map + *elements_at);
    const auto size = call_.read<std::uint32_t>(MSC_KERNEL, call_.target.map + *size_at);
    if (elements != 0) call_.will_read(MSC_KERNEL, elements, std::uint64_t{size} * call_.target.max_entries);
  }

  template <class Visit> void chain(std::uint32_t bucket, std::uint64_t pointer, Visit& visit) {
    std::uint64_t milestone = 0; // the pointer at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; !is_end(pointer); ++step) {
      if (pointer == milestone) return lose(circles_, bucket);
      if ((step & (step - 1)) == 0) milestone = pointer;
      if (steps_left_-- == 0) give_up(bucket);
      if (!visit_element(bucket, pointer - node_, visit)) return lose(lost_chains_, bucket);
      pointer = load<std::uint64_t>(element_.data());
    }
    if (pointer == 0)
      lose(unmarked_, bucket);
    else if (pointer >> 1 != bucket) // the mark at the end names its bucket
      lose(strayed_, bucket);
  }

  /// Leaves the element's next pointer at the front of element_; false when that cannot be read.
  template <class Visit> bool visit_element(std::uint32_t bucket, std::uint64_t element, Visit& visit) {
    const std::span next = std::span(element_).first(sizeof(std::uint64_t));
    if (call_.target.row_limit != 0 && shown_ >= call_.target.row_limit) {
      ++counted_;
      return call_.try_read(MSC_KERNEL, element + next_, next);
    }
    const std::span key = std::span(element_).subspan(key_, call_.target.key_size);
    if (call_.try_read(MSC_KERNEL, element + next_, element_)) {
      const auto hash = load<std::uint32_t>(element_.data() + hash_);
      const bool is_misplaced = (hash & (bucket_count_ - 1)) != bucket;
      if (is_misplaced) ++misplaced_;
      if (is_misplaced && call_.target.is_running != 0) return false; // by now it is another's, or none
      ++shown_;
      visit(Bytes(key), std::optional(Bytes(element_).subspan(value_)));
      return true;
    }
    if (call_.try_read(MSC_KERNEL, element + next_ + key_, key)) {
      ++shown_;
      visit(Bytes(key), std::optional<Bytes>()); // the value lies on a page that is missing
    } else {
      ++lost_elements_;
    }
    return call_.try_read(MSC_KERNEL, element + next_, next);
  }

  struct Lost {
    std::uint64_t count = 0;
    std::uint32_t first = 0; ///< bucket
  };
  static void lose(Lost& lost, std::uint32_t bucket) {
    if (lost.count++ == 0) lost.first = bucket;
  }

  [[noreturn]] void give_up(std::uint32_t bucket) {
    const std::string text =
        "more elements than the map may hold, given up in bucket " + std::to_string(bucket);
    note_gaps();
    call_.note(MSC_EFAULT, text.c_str());
    throw Stop{MSC_EFAULT};
  }

  void say(std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0) call_.note(rc, counted(count, forms, rest).c_str());
  }
  void say(const Lost& lost, int rc, const char* forms, const char* rest) {
    const std::string text = rest + std::to_string(lost.first);
    say(lost.count, rc, forms, text.c_str());
  }
  void note_gaps() {
    say(lost_buckets_, MSC_EFAULT, "bucket|buckets", "could not be read");
    say(lost_elements_, MSC_EFAULT, "element|elements", "could not be read");
    say(lost_chains_, MSC_EFAULT, "chain breaks|chains break",
        "off where an element could not be read, first in bucket ");
    say(circles_, MSC_EFAULT, "chain runs|chains run", "in a circle, first in bucket ");
    say(unmarked_, MSC_EFAULT, "chain ends|chains end",
        "in a null pointer instead of the mark of their bucket, first in bucket ");
    say(strayed_, if_more_than_moves(strayed_.count), "chain ends|chains end",
        "in another bucket, first from bucket ");
    say(misplaced_, if_more_than_moves(misplaced_), "element hashes|elements hash",
        "to another bucket than theirs");
    if (is_whole()) witnesses_.check_count(shown_ + beyond_);
  }
  /// Each CPU may be caught as it moves an element. While all go on, no chain that strayed is whole.
  [[nodiscard]] int if_more_than_moves(std::uint64_t count) {
    return count > (call_.target.is_running != 0 ? 0 : call_.cpu_count()) ? MSC_EFAULT : MSC_OK;
  }
  /// As far as the walk itself tells.
  [[nodiscard]] bool is_whole() const {
    return lost_buckets_ + lost_elements_ + lost_chains_.count + circles_.count + unmarked_.count == 0;
  }

  Call& call_;
  HtabWitnesses witnesses_;
  std::uint64_t buckets_ = 0, steps_left_ = 0;
  std::uint32_t bucket_count_ = 0, head_ = 0;
  std::uint32_t node_ = 0, next_ = 0;                            ///< from the start of struct htab_elem
  std::size_t bucket_size_ = 0, hash_ = 0, key_ = 0, value_ = 0; ///< the last three from hash_node.next
  std::vector<std::byte> element_;                               ///< from hash_node.next on
  std::uint64_t shown_ = 0, counted_ = 0, beyond_ = 0, lost_buckets_ = 0, lost_elements_ = 0, misplaced_ = 0;
  Lost lost_chains_, circles_, unmarked_, strayed_;
};

} // namespace mapscope::builtin
