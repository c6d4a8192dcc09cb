// SPDX-License-Identifier: Apache-2.0
// The walk all hash maps share (struct bpf_htab, kernel/bpf/hashtab.c): buckets, and chains that end in a
// tagged pointer which names its bucket.
//
// Bounded: no more steps than the map may hold elements, and a chain that runs in a circle ends when it is
// seen to. What cannot be read is noted and left out; the walk goes on beside it. On a machine that runs each
// chain is looked at twice (htab_now.hpp), and again where it has changed meanwhile (htab_running.hpp).
#pragma once

#include "htab_gaps.hpp"
#include "htab_memory.hpp"
#include "htab_now.hpp"
#include "htab_running.hpp"
#include "htab_witnesses.hpp"
#include "memory.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mapscope::builtin {

class Htab {
public:
  /// `stored`: bytes of a value, or of the pointer in its place, that lie in an element. `padded`: they begin
  /// at the next multiple of eight bytes behind the key, as they do in all but old kernels' per-CPU hashes.
  /// `annex`: what else is to be read of an element while it is the same one; of a machine that runs alone.
  explicit Htab(Call& call, std::size_t stored, bool padded = true, Annex annex = {})
      : call_(call), witnesses_(call, stored), annex_(std::move(annex)) {
    const msc_type htab = call.kernel_type("struct bpf_htab");
    at_.buckets = call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(htab, "buckets"));
    at_.bucket_count = call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(htab, "n_buckets"));
    if (at_.bucket_count == 0 || (at_.bucket_count & (at_.bucket_count - 1)) != 0)
      call.fail("n_buckets of struct bpf_htab is no power of two");
    witnesses_.check_buckets(at_.bucket_count);
    at_.find_buckets(call);
    at_.find_elements(call, padded);
    // What changes meanwhile may be met in one bucket as it was, and in another as it is.
    steps_left_ = (is_running() ? 2 : 1) * std::uint64_t{call.target.max_entries} + call.cpu_count() + slack;
  }

  /// Calls visit(key, the `value_bytes` bytes at the value's place, annex) for each element, with nullopt
  /// where only the key could be read. After row_limit elements the rest are only counted, without reading
  /// them.
  template <class Visit> void for_each(std::size_t value_bytes, Visit visit) {
    begin(value_bytes);
    if (!is_running() || !walk_now(visit)) walk_as_kept(visit);
    note_gaps();
    if (gaps_.buckets == at_.bucket_count) throw Stop{MSC_EFAULT};
  }
  /// Some elements, for a first impression: visit() says whether it goes on.
  template <class Visit> void sample(std::size_t value_bytes, Visit visit) {
    begin(value_bytes);
    if (is_running()) (void)memory_.will_read(memory_.buckets());
    std::vector<std::byte> heads;
    bool goes_on = true;
    const auto ask = [&](Bytes key, std::optional<Bytes> stored) { goes_on = goes_on && visit(key, stored); };
    for (std::uint32_t bucket = 0; goes_on && bucket < at_.bucket_count; ++bucket) {
      heads.resize(at_.bucket_size);
      walk(bucket, 1, heads, ask);
    }
  }

  /// Elements behind the row limit, which were counted and not visited.
  [[nodiscard]] std::uint64_t beyond() const { return beyond_; }

private:
  static constexpr std::uint32_t window = 4096; ///< buckets a read
  static constexpr std::uint64_t slack = 64;    ///< a snapshot may catch elements twice while they move

  static bool is_end(std::uint64_t pointer) { return HtabLayout::is_end(pointer); }
  template <class T> static T load(const std::byte* from) { return HtabLayout::load<T>(from); }
  [[nodiscard]] bool is_running() const { return call_.target.is_running != 0; }

  template <class Visit> void walk_as_kept(Visit& visit) {
    if (is_running()) look_at_all(visit);
    if (open_)
      look_one_by_one(visit);
    else
      walk_all(visit);
  }
  template <class Visit> void walk_all(Visit& visit) {
    std::vector<std::byte> heads;
    for_each_window([&](std::uint32_t first, std::uint32_t count) {
      heads.resize(count * at_.bucket_size);
      walk(first, count, heads, visit);
      beyond_ += counted_;
      if (counted_ != 0) call_.count(std::exchange(counted_, 0));
    });
  }

  /// Halves a run of buckets that cannot be read as a whole until what is missing is left.
  template <class Visit>
  void walk(std::uint32_t first, std::uint32_t count, std::span<std::byte> heads, Visit& visit) {
    if (call_.try_read(MSC_KERNEL, at_.bucket_at(first), heads.first(count * at_.bucket_size))) {
      if (first == 0 && !is_running())
        if (const auto dense = memory_.dense_elements(heads, count))
          call_.will_read(MSC_KERNEL, dense->address, dense->size);
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t head = head_of(heads, i);
        if (is_running() && !is_still_)
          running_chain(first + i, head, visit);
        else
          chain(first + i, head, visit);
      }
    } else if (count == 1) {
      ++gaps_.buckets;
    } else {
      walk(first, count / 2, heads, visit);
      walk(first + count / 2, count - count / 2, heads, visit);
    }
  }

  template <class Each> void for_each_window(Each each) {
    for (std::uint64_t first = 0; first < at_.bucket_count; first += window)
      each(static_cast<std::uint32_t>(first),
           static_cast<std::uint32_t>(std::min<std::uint64_t>(window, at_.bucket_count - first)));
  }
  /// each(bucket, head) of those whose heads can be read window by window; false when these are not all.
  template <class Each> bool for_each_head(Each each) {
    std::vector<std::byte> heads;
    bool is_all = true;
    for_each_window([&](std::uint32_t first, std::uint32_t count) {
      heads.resize(count * at_.bucket_size);
      const bool there = call_.try_read(MSC_KERNEL, at_.bucket_at(first), heads);
      for (std::uint32_t i = 0; there && i < count; ++i) each(first + i, head_of(heads, i));
      is_all &= there;
    });
    return is_all;
  }
  [[nodiscard]] std::uint64_t head_of(std::span<const std::byte> heads, std::uint32_t number) const {
    return at_.head_of(heads, number);
  }

  /// Of a machine that runs, many chains at a time. False where only read() is there for that.
  template <class Visit> bool walk_now(Visit& visit) {
    if (annex_ || element_.size() > ChainsNow::largest_element) return false;
    ChainsNow now(call_, at_, element_.size());
    std::vector<std::byte> heads;
    if (!now.read_heads(0, 1, heads)) return false;
    looks_now_ = true;
    for_each_window([&](std::uint32_t first, std::uint32_t count) {
      if (now.read_heads(first, count, heads) && !heads.empty())
        look_now(now, first, heads, visit);
      else
        heads.resize(count * at_.bucket_size), walk(first, count, heads, visit);
      beyond_ += counted_;
      if (counted_ != 0) call_.count(std::exchange(counted_, 0));
    });
    return true;
  }
  template <class Visit>
  void look_now(ChainsNow& now, std::uint32_t first, std::span<const std::byte> heads, Visit& visit) {
    auto chains = now.chains(first, heads);
    for (std::span left = chains; !left.empty();) {
      const bool counts_only = is_full();
      const auto some = left.first(std::min(left.size(), now.at_once(counts_only)));
      now.look(some, counts_only);
      for (const auto& chain : some) take(now, chain, counts_only, visit);
      left = left.subspan(some.size());
    }
  }
  /// What was not the same twice is looked at by itself.
  template <class Visit>
  void take(const ChainsNow& now, const ChainsNow::Chain& chain, bool counts_only, Visit& visit) {
    has_changed_ |= !chain.is_whole;
    if (!chain.is_whole) return running_chain(chain.bucket, chain.head, visit);
    take_steps(chain.count, chain.bucket);
    if (counts_only) return void(counted_ += chain.count);
    now.for_each(chain, [&](Bytes key, Bytes stored) {
      if (is_full()) return void(++counted_);
      ++shown_;
      show(visit, key, stored);
    });
  }
  /// The same number as before, by the links as they are now: what the map says of it was so all the time.
  [[nodiscard]] bool counts_the_same() {
    if (!looks_now_) return true;
    ChainsNow now(call_, at_, element_.size());
    std::vector<std::byte> heads;
    std::uint64_t count = 0;
    for_each_window([&](std::uint32_t first, std::uint32_t number) {
      if (!now.read_heads(first, number, heads)) return;
      auto chains = now.chains(first, heads);
      now.look(chains, true);
      for (const auto& chain : chains) count += chain.count;
    });
    return count == shown_ + beyond_;
  }

  /// Of a machine that runs. The second look at a page holds as long as no other comes in: all do so first.
  template <class Visit> void look_at_all(Visit& visit) {
    (void)memory_.will_read(memory_.buckets());
    std::vector<std::byte> heads(std::min(window, at_.bucket_count) * at_.bucket_size);
    if (!call_.try_read(MSC_KERNEL, at_.buckets, heads)) return;
    const auto dense =
        memory_.dense_elements(heads, static_cast<std::uint32_t>(heads.size() / at_.bucket_size));
    if (dense && !annex_) {
      (void)memory_.will_read(*dense);
      is_still_ = memory_.will_read(memory_.buckets()) && memory_.will_read(*dense);
      if (is_still_) return;
    }
    if (call_.target.row_limit == 0)
      look_in_rounds(visit);
    else if (!dense)
      bring_in_elements();
  }

  /// A chain that was not the same twice, or not looked at twice.
  struct Open {
    std::uint32_t bucket;
    std::uint64_t digest; ///< when it was looked at last; 0 = it made no sense
  };

  /// At all chains, and at all of them again: those that were the same twice are shown. The others take part
  /// in the next round, as long as there are many and this settles them, and are looked at one by one then.
  template <class Visit> void look_in_rounds(Visit& visit) {
    std::vector<Open> open;
    const bool is_all = for_each_head([&](std::uint32_t bucket, std::uint64_t head) {
      if (!is_empty(bucket, head)) open.push_back({bucket, running_->digest(bucket, head)});
    });
    if (!is_all) return; // the walk says what is missing
    open_ = std::move(open);
    constexpr unsigned most_rounds = 8;
    std::size_t before = at_.bucket_count;
    for (unsigned round = 0; round < most_rounds && open_->size() > at_.bucket_count / 1024; ++round) {
      if ((round != 0 && open_->size() > before / 4 * 3) || !call_.look_again()) return;
      before = open_->size();
      keep_open([&](Open& one, std::uint64_t head) { return !settle(one, head, visit); });
    }
  }
  template <class Visit> bool settle(Open& one, std::uint64_t head, Visit& visit) {
    const bool empty = is_empty(one.bucket, head);
    const std::uint64_t now = empty ? 0 : running_->digest(one.bucket, head);
    const bool is_same = now != 0 && now == one.digest;
    has_changed_ |= !is_same;
    if (is_same) show_chain(one.bucket, visit);
    one.digest = now;
    return is_same || empty;
  }
  /// Those that each(one, head) says of, and those whose head cannot be read.
  template <class Each> void keep_open(Each each) {
    std::vector<std::byte> heads;
    auto kept = open_->begin();
    for (auto one = open_->begin(); one != open_->end();) {
      const std::uint32_t first = one->bucket;
      const auto end =
          std::find_if(one, open_->end(), [&](const Open& other) { return other.bucket - first >= window; });
      heads.resize((std::prev(end)->bucket - first + std::size_t{1}) * at_.bucket_size);
      const bool there = call_.try_read(MSC_KERNEL, at_.bucket_at(first), heads);
      for (; one != end; ++one)
        if (!there || each(*one, head_of(heads, one->bucket - first))) *kept++ = *one;
    }
    open_->erase(kept, open_->end());
  }
  template <class Visit> void look_one_by_one(Visit& visit) {
    keep_open([&](Open& one, std::uint64_t head) { return running_chain(one.bucket, head, visit), false; });
    gaps_.buckets += open_->size();
  }
  static bool is_empty(std::uint32_t bucket, std::uint64_t head) {
    return HtabLayout::is_empty(bucket, head);
  }

  void begin(std::size_t value_bytes) {
    element_.resize(at_.value + value_bytes);
    if (!is_running()) return;
    running_.emplace(call_, at_, element_.size(), annex_);
  }

  /// Of those that lie anywhere; what is at the end of a long chain may wait.
  void bring_in_elements() {
    constexpr unsigned most = 16;
    for_each_head([&](std::uint32_t, std::uint64_t pointer) {
      for (unsigned step = 0; step < most && !is_end(pointer); ++step)
        pointer = mapscope::builtin::load<std::uint64_t>(call_, pointer - at_.node + at_.next).value_or(0);
    });
  }

  template <class Visit> void running_chain(std::uint32_t bucket, std::uint64_t head, Visit& visit) {
    if (is_empty(bucket, head)) return;
    if (is_full()) {
      const auto count = running_->count(bucket, looks_now_ ? std::nullopt : std::optional(head));
      if (count)
        counted_ += *count, take_steps(*count, bucket);
      else
        HtabGaps::lose(gaps_.changing, bucket);
      return;
    }
    switch (running_->read(bucket, head)) {
    case RunningChain::Outcome::damaged:
      return chain(bucket, head, visit);
    case RunningChain::Outcome::changing:
      return HtabGaps::lose(gaps_.changing, bucket);
    case RunningChain::Outcome::other_values:
      if (call_.target.value_size > sizeof(std::uint64_t))
        HtabGaps::lose(gaps_.other_values, bucket); // else read as one
      break;
    case RunningChain::Outcome::whole:
      break;
    }
    show_chain(bucket, visit);
  }
  template <class Visit> void show_chain(std::uint32_t bucket, Visit& visit) {
    running_->for_each([&](Bytes key, Bytes stored, Bytes annex) {
      take_steps(1, bucket);
      if (is_full()) return void(++counted_);
      ++shown_;
      show(visit, key, stored, annex);
    });
  }
  void take_steps(std::uint64_t count, std::uint32_t bucket) {
    if (count > steps_left_) give_up(bucket);
    steps_left_ -= count;
  }

  [[nodiscard]] bool is_full() const {
    return call_.target.row_limit != 0 && shown_ >= call_.target.row_limit;
  }
  template <class Visit>
  static void show(Visit& visit, Bytes key, std::optional<Bytes> stored, Bytes annex = {}) {
    if constexpr (std::is_invocable_v<Visit&, Bytes, std::optional<Bytes>, Bytes>)
      visit(key, stored, annex);
    else
      visit(key, stored);
  }

  template <class Visit> void chain(std::uint32_t bucket, std::uint64_t pointer, Visit& visit) {
    std::uint64_t milestone = 0; // the pointer at the last step whose number is a power of two (Brent)
    for (std::uint64_t step = 0; !is_end(pointer); ++step) {
      if (pointer == milestone) return HtabGaps::lose(gaps_.circles, bucket);
      if ((step & (step - 1)) == 0) milestone = pointer;
      if (steps_left_-- == 0) give_up(bucket);
      if (!visit_element(bucket, pointer - at_.node, visit)) return HtabGaps::lose(gaps_.broken, bucket);
      pointer = load<std::uint64_t>(element_.data());
    }
    if (pointer == 0)
      HtabGaps::lose(gaps_.unmarked, bucket);
    else if (pointer >> 1 != bucket) // the mark at the end names its bucket
      HtabGaps::lose(gaps_.strayed, bucket);
  }

  /// Leaves the element's next pointer at the front of element_; false when that cannot be read.
  template <class Visit> bool visit_element(std::uint32_t bucket, std::uint64_t element, Visit& visit) {
    const std::span next = std::span(element_).first(sizeof(std::uint64_t));
    if (is_full()) {
      ++counted_;
      return call_.try_read(MSC_KERNEL, element + at_.next, next);
    }
    const std::span key = std::span(element_).subspan(at_.key, call_.target.key_size);
    if (call_.try_read(MSC_KERNEL, element + at_.next, element_)) {
      const auto hash = load<std::uint32_t>(element_.data() + at_.hash);
      const bool is_misplaced = (hash & (at_.bucket_count - 1)) != bucket;
      if (is_misplaced) ++gaps_.misplaced;
      if (is_misplaced && is_running()) return false; // by now it is another's, or none
      ++shown_;
      show(visit, key, Bytes(element_).subspan(at_.value));
      return true;
    }
    if (call_.try_read(MSC_KERNEL, element + at_.next + at_.key, key)) {
      ++shown_;
      show(visit, key, std::nullopt); // the value lies on a page that is missing
    } else {
      ++gaps_.elements;
    }
    return call_.try_read(MSC_KERNEL, element + at_.next, next);
  }

  [[noreturn]] void give_up(std::uint32_t bucket) {
    const std::string text =
        "more elements than the map may hold, given up in bucket " + std::to_string(bucket);
    note_gaps();
    call_.note(MSC_EFAULT, text.c_str());
    throw Stop{MSC_EFAULT};
  }

  void note_gaps() {
    gaps_.note(call_, is_running());
    if (gaps_.is_whole())
      witnesses_.check_count(shown_ + beyond_, [this] {
        return has_changed_ || (running_ && running_->has_changed()) || !counts_the_same();
      });
  }

  Call& call_;
  HtabWitnesses witnesses_;
  Annex annex_;
  HtabLayout at_;
  HtabMemory memory_{call_, at_};
  std::optional<RunningChain> running_;
  bool is_still_ = false; ///< between two looks at all of it nothing has changed
  bool has_changed_ = false;
  bool looks_now_ = false;                ///< chains are read as they are, and not as they were brought in
  std::optional<std::vector<Open>> open_; ///< by bucket; none: the walk goes through all of them
  std::uint64_t steps_left_ = 0;
  std::vector<std::byte> element_; ///< from hash_node.next on
  std::uint64_t shown_ = 0, counted_ = 0, beyond_ = 0;
  HtabGaps gaps_;
};

} // namespace mapscope::builtin
