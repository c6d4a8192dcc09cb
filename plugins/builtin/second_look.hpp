// SPDX-License-Identifier: Apache-2.0
// Memory of a machine that runs, read piece by piece and then, when all pieces are there, once more: what
// both looks agree on was so at one time, the one between them.
//
// That holds for what was written in between and back as well, unless all bytes are the same again.
#pragma once

#include <mapscope/plugin.hpp>

#include <cstring>
#include <optional>
#include <vector>

namespace mapscope::builtin {

class SecondLook {
public:
  enum class Found : std::uint8_t {
    same,
    other_values, ///< and all else the same
    other,
  };

  explicit SecondLook(Call& call) : call_(call) {}

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
  bool anew_ = false;
  bool is_as_read_ = true; ///< all of it: what is brought in anew with one piece may hold another
  std::vector<Piece> pieces_;
  std::vector<std::byte> bytes_, now_;
};

} // namespace mapscope::builtin
