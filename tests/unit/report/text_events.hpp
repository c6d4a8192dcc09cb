// SPDX-License-Identifier: Apache-2.0
// Values as events, and their text.
#pragma once

#include "report_text.hpp"

#include <fmt/format.h>

namespace mapscope::report {

using V = btf::ValueVisitor;
using testing::HasSubstr;

inline std::string line(const Events& events) {
  TextTree tree;
  events(tree);
  return tree.one_line();
}

inline std::string lines(const Events& events, unsigned width) {
  TextTree tree;
  events(tree);
  return tree.lines(width, 0, 0);
}

inline Events members(std::vector<std::pair<const char*, std::int64_t>> values) {
  return [=](V& v) {
    v.begin_struct("s");
    for (const auto& [name, value] : values) v.member(name), v.signed_int(32, value);
    v.end_struct();
  };
}

inline Events array(std::vector<int> values, std::uint32_t bits = 32) {
  return [=](V& v) {
    v.begin_array(values.size());
    for (const int value : values) v.unsigned_int(bits, static_cast<std::uint64_t>(value));
    v.end_array();
  };
}

/// `length` as declared; 0: that of the text.
inline Events text_array(const std::string& text, std::uint64_t length = 0,
                         std::optional<btf::LeftOut> rest = {}) {
  return [=](V& v) {
    v.begin_text(length == 0 ? text.size() : length);
    for (const char c : text) v.unsigned_int(8, static_cast<unsigned char>(c));
    if (rest) v.left_out(*rest);
    v.end_array();
  };
}

/// Of `length` elements the first are shown.
inline Events cut_array(std::vector<int> values, std::uint64_t length, btf::LeftOut rest) {
  return [=](V& v) {
    v.begin_array(length);
    for (const int value : values) v.unsigned_int(32, static_cast<std::uint64_t>(value));
    v.left_out(rest);
    v.end_array();
  };
}

inline Events list_of(const std::vector<Events>& elements) {
  return [=](V& v) {
    v.begin_array(elements.size());
    for (const auto& element : elements) element(v);
    v.end_array();
  };
}

} // namespace mapscope::report
