// SPDX-License-Identifier: Apache-2.0
// What is the same of both libraries; see gzip_isal.cpp and gzip_zlib.cpp.
#include "host/report/gzip.hpp"

#include <utility>

namespace mapscope::report {

namespace {

/// How libisal packs a text depends on the pieces that it comes in; reports that are equal are to stay so.
constexpr std::size_t piece = 64U << 10;

} // namespace

void Gzip::add(std::string_view text) {
  if (!held_.empty()) {
    const std::string_view taken = text.substr(0, piece - held_.size());
    held_ += taken;
    text.remove_prefix(taken.size());
    if (held_.size() < piece) return;
    run(std::exchange(held_, {}), false);
  }
  for (; text.size() >= piece; text.remove_prefix(piece)) run(text.substr(0, piece), false);
  held_ = text;
}

void Gzip::end() { run(held_, true); }

} // namespace mapscope::report
