// SPDX-License-Identifier: Apache-2.0
#include "host/report/held_output.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mapscope::report {

Result<std::unique_ptr<HeldOutput>> HeldOutput::make() {
  auto file = memory::UnlinkedFile::make();
  if (!file) return std::unexpected(std::move(file.error()));
  return std::unique_ptr<HeldOutput>(new HeldOutput(std::move(*file)));
}

Result<void> HeldOutput::put(std::string_view text) {
  const int error = file_.write_at(size_, std::as_bytes(std::span(text)));
  if (error != 0)
    return fail(Errc::io,
                fmt::format("cannot keep the report until it is complete: {}; name a directory with "
                            "more room in TMPDIR",
                            std::generic_category().message(error)));
  size_ += text.size();
  return {};
}

Result<void> HeldOutput::copy_to(Output& output) const {
  std::vector<char> piece(std::min<std::uint64_t>(size_, 1U << 20));
  for (std::uint64_t at = 0; at < size_;) {
    const ssize_t got = ::pread(file_.fd(), piece.data(), std::min<std::uint64_t>(piece.size(), size_ - at),
                                static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return fail(Errc::io, fmt::format("cannot read what was kept of the report: {}",
                                        std::generic_category().message(got < 0 ? errno : EIO)));
    if (auto written = output.write({piece.data(), static_cast<std::size_t>(got)}); !written) return written;
    at += static_cast<std::uint64_t>(got);
  }
  return {};
}

} // namespace mapscope::report
