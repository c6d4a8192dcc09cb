// SPDX-License-Identifier: Apache-2.0
#include "host/report/in_columns.hpp"

#include "host/base/display_width.hpp"

#include <algorithm>

namespace mapscope::report {

void append_in_columns(const std::vector<std::string>& texts, unsigned width, unsigned indent,
                       std::string& out) {
  constexpr std::size_t many = 4, between = 3;
  std::size_t widest = 0;
  for (const std::string& text : texts) widest = std::max(widest, display_width(text));
  const std::size_t room = width > indent ? width - indent + between : 0;
  const std::size_t columns = texts.size() < many ? 1 : std::max<std::size_t>(room / (widest + between), 1);
  const std::size_t lines = (texts.size() + columns - 1) / columns;
  for (std::size_t line = 0; line < lines; ++line) {
    out.append(1, '\n').append(indent, ' ').append(texts[line]);
    for (std::size_t i = line + lines, before = line; i < texts.size(); before = i, i += lines)
      out.append(widest + between - display_width(texts[before]), ' ').append(texts[i]);
  }
}

} // namespace mapscope::report
