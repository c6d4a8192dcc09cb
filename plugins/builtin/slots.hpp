// SPDX-License-Identifier: Apache-2.0
// Maps whose slots refer to kernel objects: the report's fd_array, with what each slot refers to.
//
// The slots are collected first, since the report says how many there are before it lists them.
#pragma once

#include "counted.hpp"
#include "memory.hpp"

#include <string>
#include <unordered_set>
#include <vector>

namespace mapscope::builtin {

class Slots {
public:
  explicit Slots(Call& call)
      : call_(call), limit_(call.target.row_limit != 0 ? call.target.row_limit : most_listed) {}

  /// max_entries pointers side by side, NULL where a slot is empty.
  void scan(std::uint64_t table) {
    lost_slots_ = Table(call_, table, sizeof(std::uint64_t), call_.target.max_entries)
                      .for_each([&](std::uint64_t index, Bytes bytes) {
                        ++scanned_;
                        if (const std::uint64_t object = pointer_at(bytes); object != 0)
                          add(static_cast<std::uint32_t>(index), object);
                      });
  }

  /// A slot that was found elsewhere. Of a machine that runs, one that was filled anew may be found again.
  void add(std::uint32_t index, std::uint64_t object) {
    if (is_known(std::as_bytes(std::span(&index, 1)))) return;
    if (listed_.size() < limit_) listed_.push_back({index, object, {}});
    ++populated_;
  }
  void add(Bytes key, std::uint64_t object) {
    if (is_known(key)) return;
    if (listed_.size() < limit_) listed_.push_back({0, object, {key.begin(), key.end()}});
    ++populated_, ++scanned_;
    keyed_ = true;
  }
  /// Slots that only count, and were counted.
  void add_counted(std::uint64_t more) { populated_ += more, scanned_ += more, counted_ += more; }
  void scanned(std::uint64_t slots) { scanned_ = slots; }

  /// describe(object) emits the members of one slot; false when the object could not be read.
  template <class Describe> void emit(const char* kind, Describe describe) {
    call_.count(populated_ - counted_);
    if (!keyed_) std::ranges::sort(listed_, {}, &Slot::index);
    call_.object("fd_array");
    call_.number("populated", populated_);
    call_.number("scanned", scanned_);
    if (!keyed_) emit_indices();
    call_.list("slots");
    for (const Slot& slot : listed_) emit_slot(slot, kind, describe);
    call_.end();
    call_.end();
    say(lost_slots_, "slot|slots", "could not be read");
    say(lost_objects_, "slot refers|slots refer", "to memory that could not be read");
  }

private:
  struct Slot {
    std::uint32_t index;
    std::uint64_t object;
    std::vector<std::byte> key;
  };
  static constexpr std::size_t most_listed = 1 << 20; ///< without a limit: what a page table full of one page
                                                      ///< holds shall not fill the host's memory
  static constexpr std::size_t most_indices = 1024;   ///< as the report's format says

  bool is_known(Bytes key) {
    if (call_.target.is_running == 0) return false;
    return !seen_.emplace(reinterpret_cast<const char*>(key.data()), key.size()).second;
  }

  void emit_indices() {
    const std::size_t count = std::min(listed_.size(), most_indices);
    if (count != 0) {
      call_.list("indices");
      for (const Slot& slot : std::span(listed_).first(count)) call_.number(nullptr, slot.index);
      call_.end();
    }
    if (populated_ > count) call_.flag("indices_truncated", true);
  }

  template <class Describe> void emit_slot(const Slot& slot, const char* kind, Describe& describe) {
    call_.object(nullptr);
    if (keyed_)
      emit_key(slot.key);
    else
      call_.number("index", slot.index);
    call_.text("kind", kind);
    if (!describe(slot.object)) ++lost_objects_;
    call_.end();
  }

  void emit_key(Bytes key) {
    call_.hex("key_hex", key);
    if (const msc_type type = call_.target.key_type; type != MSC_BYTES) call_.typed("key", key, type);
  }

  void say(std::uint64_t count, const char* forms, const char* rest) {
    if (count != 0) call_.note(MSC_EFAULT, counted(count, forms, rest).c_str());
  }

  Call& call_;
  std::size_t limit_;
  std::vector<Slot> listed_;
  std::unordered_set<std::string> seen_; ///< keys, of a machine that runs
  bool keyed_ = false;
  std::uint64_t populated_ = 0, scanned_ = 0, counted_ = 0, lost_slots_ = 0, lost_objects_ = 0;
};

} // namespace mapscope::builtin
