// SPDX-License-Identifier: Apache-2.0
// The walk all hash maps share (struct bpf_htab, kernel/bpf/hashtab.c): buckets, and chains that end in a
// tagged pointer which names its bucket.
//
// Bounded: no more elements than the map may hold, so a chain that runs in a circle ends. What cannot be read
// is noted and left out; the walk goes on in the next bucket.
#pragma once

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace mapscope::builtin {

class Htab {
public:
  explicit Htab(Call& call) : call_(call) {
    const msc_type htab = call.kernel_type("struct bpf_htab"), element = call.kernel_type("struct htab_elem");
    const msc_type bucket = call.kernel_type("struct bucket.head");
    buckets_ = call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(htab, "buckets"));
    bucket_count_ = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(htab, "n_buckets"));
    bucket_size_ = call.size(bucket);
    head_ = call.offset(bucket, "head.first");
    next_ = call.offset(element, "hash_node.next");
    node_ = call.offset(element, "hash_node");
    key_ = call.offset(element, "key");
    value_ =
        (std::size_t{call.target.key_size} + 7) & ~std::size_t{7}; // behind the key, round_up(key_size, 8)
    if (bucket_size_ == 0 || bucket_size_ > 4096 || head_ + 8 > bucket_size_)
      fail("struct bucket is implausible");
    if (next_ + sizeof(std::uint64_t) > key_) fail("struct htab_elem is implausible");
    if (call.target.key_size > largest || call.target.value_size > largest)
      fail("keys or values this large are not possible");
    steps_left_ = std::uint64_t{call.target.max_entries} + call.cpu_count() + slack;
  }

  /// Calls visit(key, bytes behind the key) for each element, reading `value_bytes` behind the key. After
  /// row_limit elements the rest are only counted, without reading them.
  template <class Visit> void for_each(std::size_t value_bytes, Visit visit) {
    element_.resize(key_ - next_ + value_ + value_bytes);
    constexpr std::uint32_t window = 4096;
    std::vector<std::byte> heads;
    for (std::uint32_t first = 0; first < bucket_count_; first += std::min(window, bucket_count_ - first)) {
      const std::uint32_t count = std::min(window, bucket_count_ - first);
      heads.resize(count * bucket_size_);
      const bool whole = call_.try_read(MSC_KERNEL, bucket_at(first), heads);
      for (std::uint32_t i = 0; i < count; ++i)
        if (whole || read_bucket(first + i, std::span(heads).subspan(i * bucket_size_, bucket_size_)))
          chain(first + i, load(heads.data() + i * bucket_size_ + head_), visit);
    }
    if (counted_ != 0) call_.count(counted_);
    note_gaps();
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch elements twice while they move
  static constexpr std::uint32_t largest = 1U << 30;
  static bool is_end(std::uint64_t pointer) {
    return (pointer & 1) != 0;
  } // hlist_nulls, include/linux/list_nulls.h
  static std::uint64_t load(const std::byte* from) {
    std::uint64_t value;
    std::copy_n(from, sizeof value, reinterpret_cast<std::byte*>(&value));
    return value;
  }

  [[noreturn]] void fail(const char* why) {
    call_.note(MSC_EFAIL, why);
    throw Stop{MSC_EFAIL};
  }

  [[nodiscard]] std::uint64_t bucket_at(std::uint32_t bucket) const {
    return buckets_ + bucket * std::uint64_t{bucket_size_};
  }

  bool read_bucket(std::uint32_t bucket, std::span<std::byte> to) {
    if (call_.try_read(MSC_KERNEL, bucket_at(bucket), to)) return true;
    ++lost_buckets_;
    return false;
  }

  /// The pointers of a chain are to hash_node, which the kernel keeps first in the element.
  template <class Visit> void chain(std::uint32_t bucket, std::uint64_t pointer, Visit& visit) {
    for (; !is_end(pointer) && pointer != 0; --steps_left_) {
      if (steps_left_ == 0) {
        call_.note(MSC_EFAULT, ("more elements than the map may hold: the chain of bucket " +
                                std::to_string(bucket) + " runs in a circle or was torn")
                                   .c_str());
        throw Stop{MSC_EFAULT};
      }
      const std::uint64_t element = pointer - node_;
      if (!visit_element(element, visit)) {
        ++lost_chains_;
        return;
      }
      pointer = load(element_.data());
    }
    if (pointer == 0 || pointer >> 1 != bucket) ++strayed_; // a chain ends with the number of its own bucket
  }

  /// Leaves the element's next pointer at the front of element_; false when that cannot be read.
  template <class Visit> bool visit_element(std::uint64_t element, Visit& visit) {
    const std::span next = std::span(element_).first(sizeof(std::uint64_t));
    if (call_.target.row_limit != 0 && shown_ >= call_.target.row_limit) {
      ++counted_;
      return call_.try_read(MSC_KERNEL, element + next_, next);
    }
    ++shown_;
    const std::span key = std::span(element_).subspan(key_ - next_, call_.target.key_size);
    if (call_.try_read(MSC_KERNEL, element + next_, element_)) {
      visit(key, Bytes(element_).subspan(key_ - next_ + value_));
      return true;
    }
    if (call_.try_read(MSC_KERNEL, element + key_, key))
      visit(key, Bytes()); // the value is on a page that is missing
    else
      ++lost_elements_;
    return call_.try_read(MSC_KERNEL, element + next_, next);
  }

  void note_gaps() {
    const auto say = [&](std::uint64_t count, int rc, const char* what) {
      if (count != 0) call_.note(rc, (std::to_string(count) + what).c_str());
    };
    say(lost_buckets_, MSC_EFAULT, " buckets could not be read");
    say(lost_elements_, MSC_EFAULT, " elements could not be read");
    say(lost_chains_, MSC_EFAULT, " chains break off at an element that could not be read");
    say(strayed_, MSC_OK, " chains end in another bucket: elements were being moved");
  }

  Call& call_;
  std::uint64_t buckets_ = 0, steps_left_ = 0;
  std::uint32_t bucket_count_ = 0, head_ = 0, next_ = 0, node_ = 0, key_ = 0;
  std::size_t bucket_size_ = 0, value_ = 0;
  std::vector<std::byte> element_; ///< from hash_node.next on: next pointer, key, value
  std::uint64_t shown_ = 0, counted_ = 0, lost_buckets_ = 0, lost_elements_ = 0, lost_chains_ = 0,
                strayed_ = 0;
};

} // namespace mapscope::builtin
