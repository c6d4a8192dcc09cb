// SPDX-License-Identifier: Apache-2.0
// JSON that is not to go out yet: complete values, or members of an object, kept until their place is
// reached.
//
// Thread rule: as JsonText.
#pragma once

#include "host/report/json_text.hpp"

#include <string>

namespace mapscope::report {

class JsonPiece {
public:
  explicit JsonPiece(bool big_numbers_as_strings) : text_(kept_, false, big_numbers_as_strings, 0, 2048) {
    text_.write_addresses_in_hex();
  }
  JsonText& text() { return text_; }
  /// What was written since the last take(), and valid up to the next write.
  std::string_view take() {
    kept_.text.clear();
    text_.flush();
    text_.begin_anew();
    return kept_.text;
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
  JsonText text_;
};

} // namespace mapscope::report
