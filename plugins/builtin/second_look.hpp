// SPDX-License-Identifier: Apache-2.0
// Memory of a machine that runs, read piece by piece and then, when all pieces are there, once more: what
// both looks agree on was so at one time, the one between them. What has changed is read anew, a few times.
//
// That holds for what was written in between and back as well, unless all bytes are the same again. Where
// nothing changes the first look is the only one.
#pragma once

#include "memory.hpp"

#include <utility>

namespace mapscope::builtin {

/// Behind how much of a map has them, where somebody writes to values in place.
constexpr const char* of_two_times = "values that changed each time they were read, and may be of two times";

class SecondLook {
public:
  enum class Found : std::uint8_t {
    same,
    other_values, ///< and all else the same
    other,
  };

  /// What settle() has come to.
  enum class Outcome : std::uint8_t {
    whole,
    other_values, ///< the values alone have changed each time
    changing,     ///< all of it has
    damaged,      ///< it contradicts itself, and does not change
  };

  explicit SecondLook(Call& call) : call_(call) {}

  [[nodiscard]] bool is_running() const { return call_.target.is_running != 0; }

  /// walk(is_first) reads through this, all of it each time it is called, and says whether it made sense.
  template <class Walk> Outcome settle(Walk walk) {
    if (!is_running()) return begin(false), walk(true) ? Outcome::whole : Outcome::damaged;
    auto outcome = Outcome::changing;
    for (unsigned i = 0; i < most_looks && is_open(outcome); ++i, has_changed_ |= is_open(outcome))
      outcome = look(walk, i == 0);
    return outcome;
  }
  /// Anything that was settled, while it was.
  [[nodiscard]] bool has_changed() const { return has_changed_; }

  /// A member that links.
  template <class T> std::optional<T> load(std::uint64_t address) {
    T value{};
    const bool there = read_into(address, std::as_writable_bytes(std::span(&value, 1)), sizeof value);
    return there ? std::optional(value) : std::nullopt;
  }
  /// Bytes, of which those from `value` on are a value's. False when they cannot be read.
  bool read_into(std::uint64_t address, std::span<std::byte> to, std::size_t value) {
    return read_into(MSC_KERNEL, address, to, value);
  }
  bool read_into(std::uint32_t space, std::uint64_t address, std::span<std::byte> to, std::size_t value) {
    if (!is_running()) return call_.try_read(space, address, to);
    const auto at = read(space, address, to.size(), value);
    if (at) std::ranges::copy(bytes(*at, to.size()), to.begin());
    return at.has_value();
  }

  /// From now on `anew`: nothing of it as it was read before.
  void begin(bool anew) {
    pieces_.clear();
    bytes_.clear();
    anew_ = anew, is_as_read_ = true;
  }
  /// Where its bytes are; those from `value` on are a value's. Nothing when it cannot be read.
  std::optional<std::size_t> read(std::uint32_t space, std::uint64_t address, std::size_t size,
                                  std::size_t value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    if (anew_) is_as_read_ = call_.will_read(space, address, size) && is_as_read_;
    if (!call_.try_read(space, address, std::span(bytes_).subspan(at)))
      return bytes_.resize(at), std::nullopt;
    pieces_.push_back({address, at, size, value, space, false});
    return at;
  }
  /// Bytes that were read before.
  void add(std::uint64_t address, Bytes bytes) {
    pieces_.push_back({address, bytes_.size(), bytes.size(), bytes.size(), MSC_KERNEL, true});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  /// Bytes that are not looked at again.
  void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  [[nodiscard]] Bytes bytes(std::size_t at, std::size_t size) const {
    return Bytes(bytes_).subspan(at, size);
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  [[nodiscard]] Found again() {
    Found found = Found::same;
    for (const Piece& piece : pieces_) {
      is_as_read_ = call_.will_read(piece.space, piece.address, piece.size) && is_as_read_;
      if (!is_as_read_ || piece.is_older) found = std::max(found, compare(piece));
      if (found == Found::other) break;
    }
    return found;
  }

private:
  static constexpr unsigned most_looks = 6;

  static bool is_open(Outcome outcome) {
    return outcome == Outcome::changing || outcome == Outcome::other_values;
  }

  /// The first look is at what others have brought in.
  template <class Walk> Outcome look(Walk& walk, bool is_first) {
    begin(!is_first);
    const bool makes_sense = walk(is_first);
    switch (again()) {
    case Found::other:
      return Outcome::changing;
    case Found::other_values:
      return makes_sense ? Outcome::other_values : Outcome::changing;
    case Found::same:
      break;
    }
    if (makes_sense) return Outcome::whole;
    return is_first ? Outcome::changing : Outcome::damaged;
  }

  struct Piece {
    std::uint64_t address;
    std::size_t at, size, value;
    std::uint32_t space;
    bool is_older; ///< than begin()
  };

  [[nodiscard]] Found compare(const Piece& piece) {
    now_.resize(piece.size);
    if (!call_.try_read(piece.space, piece.address, now_)) return Found::other;
    const std::byte* const before = bytes_.data() + piece.at;
    if (std::memcmp(before, now_.data(), piece.value) != 0) return Found::other;
    const bool is_same = std::memcmp(before, now_.data(), piece.size) == 0;
    return is_same ? Found::same : Found::other_values;
  }

  Call& call_;
  bool anew_ = false, has_changed_ = false;
  bool is_as_read_ = true; ///< all of it: what is brought in anew with one piece may hold another
  std::vector<Piece> pieces_;
  std::vector<std::byte> bytes_, now_;
};

} // namespace mapscope::builtin
