// SPDX-License-Identifier: Apache-2.0
#include "host/target/vmcoreinfo.hpp"

#include <algorithm>
#include <charconv>

namespace mapscope::target {

namespace {

/// The kernel writes at most one page (VMCOREINFO_BYTES), and pages have at most 64 KiB.
constexpr std::size_t longest_text = 64U << 10;

template <class T> std::optional<T> whole_number(std::string_view text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// %ld for most, 0x%lx for addresses (kernel/crash_core.c, arch/*/kernel/*crash_core.c).
std::optional<std::uint64_t> number_of(std::string_view text) {
  if (text.starts_with("0x")) return whole_number<std::uint64_t>(text.substr(2), 16);
  if (const auto value = whole_number<std::int64_t>(text, 10)) return static_cast<std::uint64_t>(*value);
  return whole_number<std::uint64_t>(text, 10);
}

std::string wrapped(std::string_view kind, std::string_view name) {
  std::string key(kind);
  return key.append("(").append(name).append(")");
}

} // namespace

Vmcoreinfo Vmcoreinfo::parse(std::string_view text) {
  Vmcoreinfo info;
  info.copy_ = std::make_unique<std::string>(text.substr(0, std::min(text.find('\0'), longest_text)));
  for (std::string_view rest = *info.copy_; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break; // cut at the end of the page
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1); // of a file that went through another system
    if (const std::size_t equal = line.find('='); equal != std::string_view::npos)
      info.values_.try_emplace(line.substr(0, equal), line.substr(equal + 1));
  }
  return info;
}

std::optional<std::string_view> Vmcoreinfo::text(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> Vmcoreinfo::symbol(std::string_view name) const {
  return hex(wrapped("SYMBOL", name));
}

std::optional<std::uint64_t> Vmcoreinfo::number(std::string_view name) const {
  const auto value = text(wrapped("NUMBER", name));
  return value ? number_of(*value) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::offset(std::string_view name) const {
  for (const char* kind : {"OFFSET", "SIZE", "LENGTH"})
    if (const auto value = text(wrapped(kind, name))) return whole_number<std::uint64_t>(*value, 10);
  return std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::hex(std::string_view key) const {
  const auto value = text(key);
  return value ? whole_number<std::uint64_t>(*value, 16) : std::nullopt;
}

} // namespace mapscope::target
