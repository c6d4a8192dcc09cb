// SPDX-License-Identifier: Apache-2.0
#include "host/btf/load.hpp"

#include "host/btf/legible.hpp"

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

/// Ids of a split object begin where those of its base end.
bool is_whole(const struct btf* base) {
  return base == nullptr || !is_end_of_types(btf__type_by_id(base, btf__type_cnt(base) - 1));
}

} // namespace

Result<Loaded> load_btf(std::span<const std::byte> raw, struct btf* base) {
  if (raw.size() > UINT32_MAX) return fail(Errc::corrupt, "BTF of more than 4 GiB");
  if (!is_whole(base))
    return fail(Errc::corrupt, "the types it stands on are not all known, so that its own have no numbers");
  const auto legible = Legible::of(raw);
  if (!legible) return std::unexpected(legible.error());
  listen_to_libbpf();
  const auto bytes = legible->bytes();
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::unique_ptr<struct btf, decltype(&btf__free)> btf(
      base != nullptr ? new_split(bytes, base) : btf__new(bytes.data(), size), btf__free);
  if (const long error = libbpf_get_error(btf.get()); error != 0) {
    if (last_words.empty()) last_words = std::generic_category().message(static_cast<int>(-error));
    return fail(Errc::corrupt, last_words);
  }
  Loaded loaded{btf.release(), {}};
  const std::uint32_t first = base != nullptr ? btf__type_cnt(base) : 1;
  for (const auto& [number, record] : legible->wide())
    loaded.wide.emplace_back(first + number, std::vector(record.begin(), record.end()));
  return loaded;
}

} // namespace mapscope::btf
