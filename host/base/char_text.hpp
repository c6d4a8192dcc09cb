// SPDX-License-Identifier: Apache-2.0
// Whether an array of 8-bit values is text: characters up to the first zero, where all that follows is zero
// as well.
//
// Kernels may be built with characters that have no sign: what may be numbers is text from three letters and
// a zero on. Refuses: to keep what comes behind a value that makes it no text. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>

namespace mapscope {

class CharText {
public:
  /// Of one value after the other; false from the first on that makes it no text.
  bool add(std::int64_t code, bool is_unsigned) {
    may_be_numbers_ = may_be_numbers_ || is_unsigned;
    if (code == 0) {
      ++zeros_;
      return true;
    }
    if (zeros_ != 0 || code < 0x20 || code > 0x7e) return false;
    text_ += static_cast<char>(code);
    return true;
  }
  /// Of all that were added, none of which made it no text.
  [[nodiscard]] bool is_text() const {
    constexpr std::size_t least = 3; // of numbers so many in a row are hardly ever letters, and then zeros
    if (text_.empty() && zeros_ == 0) return false;
    return !may_be_numbers_ || (zeros_ != 0 && text_.size() >= least);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t zeros() const { return zeros_; } ///< that came behind the text
  void clear() { text_.clear(), zeros_ = 0, may_be_numbers_ = false; }

private:
  std::string text_;
  std::uint64_t zeros_ = 0;
  bool may_be_numbers_ = false;
};

} // namespace mapscope
