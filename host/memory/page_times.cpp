// SPDX-License-Identifier: Apache-2.0
#include "host/memory/page_times.hpp"

#include "host/memory/unlinked_file.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>

namespace mapscope::memory {

Result<std::unique_ptr<PageTimes>> PageTimes::make(std::uint64_t pages) {
  std::unique_ptr<PageTimes> times(new PageTimes(pages));
  if (auto mapped = times->map(); !mapped) return std::unexpected(mapped.error());
  return times;
}

Result<void> PageTimes::map() {
  const auto file = UnlinkedFile::in_memory();
  if (!file) return std::unexpected(file.error());
  if (auto sized = file->resize(size()); !sized) return sized;
  const auto seen = file->map_read_only(size());
  if (!seen) return std::unexpected(seen.error());
  seen_ = reinterpret_cast<const std::uint64_t*>(*seen);
  void* own = ::mmap(nullptr, size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file->fd(), 0);
  if (own == MAP_FAILED || ::madvise(own, size(), MADV_DONTFORK) != 0)
    return fail(Errc::io, fmt::format("cannot map the times of {} pages: {}", pages_,
                                      std::generic_category().message(errno)));
  own_ = static_cast<std::uint64_t*>(own);
  return {};
}

PageTimes::~PageTimes() {
  if (seen_ != nullptr) ::munmap(const_cast<std::uint64_t*>(seen_), size());
  if (own_ != nullptr) ::munmap(own_, size());
}

} // namespace mapscope::memory
