// SPDX-License-Identifier: Apache-2.0
#include "host/btf/load.hpp"

#include "host/base/checked.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::btf {

namespace {

/// Since 7.2 the header may go on with layout_off and layout_len (include/uapi/linux/btf.h).
constexpr std::size_t known_header = sizeof(btf_header) + 8;
/// Bits of btf_type.info that were zero until commit f7a6b9eaff3e (7.2) gave them to vlen and kind.
constexpr std::uint32_t new_info_bits = 0x60ff0000;

Result<void> check_header(std::span<const std::byte> raw) {
  const auto header = load_at<btf_header>(raw, 0);
  if (!header) return fail(Errc::corrupt, "shorter than a BTF header");
  if (header->magic == __builtin_bswap16(BTF_MAGIC))
    return fail(Errc::unsupported, "BTF of a big-endian machine; only little-endian ones can be read");
  if (header->magic != BTF_MAGIC)
    return fail(Errc::corrupt, fmt::format("begins with {:#06x} and not with BTF's {:#06x}",
                                           std::uint32_t{header->magic}, std::uint32_t{BTF_MAGIC}));
  if (header->version != BTF_VERSION)
    return fail(Errc::unsupported, fmt::format("BTF version {}; only version {} is known",
                                               unsigned{header->version}, unsigned{BTF_VERSION}));
  if (header->hdr_len < sizeof(btf_header) || header->hdr_len % 4 != 0 || header->hdr_len > raw.size())
    return fail(Errc::corrupt, fmt::format("a BTF header of {} bytes", std::uint32_t{header->hdr_len}));
  const auto tail = raw.first(header->hdr_len).subspan(std::min<std::size_t>(header->hdr_len, known_header));
  if (std::ranges::any_of(tail, [](std::byte byte) { return byte != std::byte{}; }))
    return fail(Errc::unsupported, "a BTF header with fields that this version of mapscope does not know");
  return {};
}

thread_local std::string last_words; ///< what libbpf last said on this thread

int keep_words(enum libbpf_print_level /*level*/, const char* format, va_list arguments) {
  char line[256];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  std::string_view said(line, static_cast<std::size_t>(std::clamp<int>(length, 0, sizeof line - 1)));
  if (said.starts_with("libbpf: ")) said.remove_prefix(8);
  while (said.ends_with('\n')) said.remove_suffix(1);
  last_words = said;
  return length;
}

/// libbpf prints on its own; here its words become part of an error.
void listen_to_libbpf() {
  static std::once_flag once;
  std::call_once(once, [] { libbpf_set_print(keep_words); });
  last_words.clear();
}

bool write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// btf__new_split() is in libbpf 1.1's header and not in the library; a file in memory stands in for it.
struct btf* new_split(std::span<const std::byte> raw, struct btf* base) {
  const int file = memfd_create("btf", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  struct btf* btf = nullptr;
  if (write_all(file, raw)) btf = btf__parse_raw_split(fmt::format("/proc/self/fd/{}", file).c_str(), base);
  const int error = errno;
  close(file);
  errno = error;
  return btf;
}

/// libbpf 1.1 knows 16 bits of vlen and 5 of kind and ignores the rest: it would go on at the wrong place.
/// Types are numbered in the order they are stored, so the first one misread is found before what follows it.
Result<void> check_infos(const struct btf* btf, const struct btf* base) {
  const std::uint32_t count = btf__type_cnt(btf);
  for (std::uint32_t id = base != nullptr ? btf__type_cnt(base) : 1; id < count; ++id)
    if ((btf__type_by_id(btf, id)->info & new_info_bits) != 0)
      return fail(Errc::unsupported,
                  fmt::format("type {} uses the wider kinds and counts of Linux 7.2's BTF", id));
  return {};
}

} // namespace

Result<struct btf*> load_btf(std::span<const std::byte> raw, struct btf* base) {
  if (auto checked = check_header(raw); !checked) return std::unexpected(std::move(checked.error()));
  if (raw.size() > UINT32_MAX) return fail(Errc::corrupt, "BTF of more than 4 GiB");
  listen_to_libbpf();
  const auto size = static_cast<std::uint32_t>(raw.size());
  std::unique_ptr<struct btf, decltype(&btf__free)> btf(
      base != nullptr ? new_split(raw, base) : btf__new(raw.data(), size), btf__free);
  if (const long error = libbpf_get_error(btf.get()); error != 0) {
    if (last_words.empty()) last_words = std::generic_category().message(static_cast<int>(-error));
    return fail(Errc::corrupt, last_words);
  }
  if (auto checked = check_infos(btf.get(), base); !checked)
    return std::unexpected(std::move(checked.error()));
  return btf.release();
}

} // namespace mapscope::btf
