// SPDX-License-Identifier: Apache-2.0
// JSON that is not to go out yet: complete values, or members of an object, kept until their place is
// reached.
//
// Thread rule: as JsonText.
#pragma once

#include "host/report/json_text.hpp"

#include <string>
#include <utility>

namespace mapscope::report {

class JsonPiece {
public:
  explicit JsonPiece(bool big_numbers_as_strings) : text_(kept_, false, big_numbers_as_strings, 0, 2048) {
    text_.write_addresses_in_hex();
  }
  JsonText& text() { return text_; }
  /// What was written since the last take(), and valid up to the next.
  std::string_view take() {
    text_.flush();
    text_.begin_anew();
    std::swap(taken_, kept_.text); // which has what did not fit into the buffer
    kept_.text.clear();
    return taken_;
  }
  /// The same of an object, without its braces: its members.
  std::string_view take_members() {
    const std::string_view object = take();
    return object.substr(1, object.size() - 2);
  }

private:
  struct Kept final : Stream {
    std::string text;
    void append(std::string_view more) override { text += more; }
  };
  Kept kept_;
  std::string taken_;
  JsonText text_;
};

} // namespace mapscope::report
