// SPDX-License-Identifier: Apache-2.0
#include "host/report/gzip.hpp"

#include <array>
#include <new>
#include <zlib.h>

namespace mapscope::report {

struct Gzip::State {
  z_stream stream{};
};

/// The fastest level: it takes a report to an eighth.
Gzip::Gzip(Put put) : put_(std::move(put)), state_(std::make_unique<State>()) {
  constexpr int level = 1, gzip = 16, largest_window = 15, memory = 8;
  const int made =
      ::deflateInit2(&state_->stream, level, Z_DEFLATED, largest_window + gzip, memory, Z_DEFAULT_STRATEGY);
  if (made != Z_OK) throw std::bad_alloc();
}

Gzip::~Gzip() { ::deflateEnd(&state_->stream); }

void Gzip::run(std::string_view text, bool is_last) {
  z_stream& stream = state_->stream;
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); // NOLINT(*-const-cast): only read
  stream.avail_in = static_cast<uInt>(text.size());
  std::array<unsigned char, 16U << 10> packed;
  do {
    stream.next_out = packed.data();
    stream.avail_out = packed.size();
    ::deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH);
    put_(std::span(packed).first(packed.size() - stream.avail_out));
  } while (stream.avail_out == 0);
}

} // namespace mapscope::report
