// SPDX-License-Identifier: Apache-2.0
#include "host/report/gzip.hpp"

#include <array>
#include <isa-l/igzip_lib.h>

namespace mapscope::report {

struct Gzip::State {
  isal_zstream stream;
  std::array<std::uint8_t, ISAL_DEF_LVL1_DEFAULT> tables; ///< that level 1 works with
};

Gzip::Gzip(Put put) : put_(std::move(put)), state_(std::make_unique<State>()) {
  isal_zstream& stream = state_->stream;
  ::isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.level = 1;
  stream.level_buf = state_->tables.data();
  stream.level_buf_size = static_cast<std::uint32_t>(state_->tables.size());
}

Gzip::~Gzip() = default;

void Gzip::run(std::string_view text, bool is_last) {
  isal_zstream& stream = state_->stream;
  stream.next_in =
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); // NOLINT(*-const-cast): only read
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  stream.end_of_stream = is_last ? 1 : 0;
  std::array<unsigned char, 16U << 10> packed;
  do {
    stream.next_out = packed.data();
    stream.avail_out = packed.size();
    ::isal_deflate(&stream);
    put_(std::span(packed).first(packed.size() - stream.avail_out));
  } while (stream.avail_out == 0);
}

} // namespace mapscope::report
