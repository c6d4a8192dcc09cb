// SPDX-License-Identifier: Apache-2.0
#include "host/memory/layout.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace mapscope::memory {

namespace {

constexpr std::size_t most_runs = 1024;
constexpr std::string_view example = "such as 0-0xbfffffff,0x100000000-";

std::optional<std::uint64_t> address_of(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, is_hex ? 16 : 10);
  if (error != std::errc{} || rest != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::unexpected<Error> misuse(std::string what) { return fail(Errc::usage, "--layout: " + std::move(what)); }

Result<Run> parse_run(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = address_of(text.substr(0, dash));
  const std::string_view behind = dash == text.npos ? "" : text.substr(dash + 1);
  const auto last = address_of(behind);
  if (!first || dash == text.npos || (!last && !behind.empty()))
    return misuse(fmt::format("\"{}\" is no range of addresses, {}", text, example));
  if (!last) return Run{*first, Run::rest};
  if (*last < *first) return misuse(fmt::format("{} ends before it begins", text));
  if (*last == ~0ULL) return misuse(fmt::format("{} has no end; leave the last number away", text));
  return Run{*first, *last - *first + 1};
}

std::string run_text(const Run& run) {
  return fmt::format("{:#x}-{:#x}", run.address, run.address + run.size - 1);
}

Result<void> check(const Layout& layout) {
  const auto open = std::ranges::find(layout, Run::rest, &Run::size);
  if (open != layout.end() && std::next(open) != layout.end())
    return misuse(fmt::format("{:#x}- has no end and is not the last range", open->address));
  Layout sorted = layout;
  std::ranges::sort(sorted, {}, &Run::address);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const Run &one = sorted[i - 1], &next = sorted[i];
    if (next.address - one.address < one.size)
      return misuse(fmt::format("the ranges at {:#x} and at {:#x} overlap", one.address, next.address));
  }
  return {};
}

} // namespace

Result<Layout> parse_layout(std::string_view text) {
  Layout layout;
  for (bool is_last = false; !is_last;) {
    const auto comma = text.find(',');
    is_last = comma == text.npos;
    auto run = parse_run(text.substr(0, comma));
    if (!run) return std::unexpected(std::move(run.error()));
    if (layout.size() == most_runs) return misuse(fmt::format("more than {} ranges", most_runs));
    layout.push_back(*run);
    if (!is_last) text.remove_prefix(comma + 1);
  }
  if (auto checked = check(layout); !checked) return std::unexpected(std::move(checked.error()));
  return layout;
}

Layout with_sizes(Layout layout, std::uint64_t file_size) {
  std::uint64_t taken = 0;
  for (Run& run : layout) {
    const std::uint64_t left = file_size - std::min(file_size, taken);
    if (run.size == Run::rest) run.size = std::min(left, ~run.address);
    taken = run.size > ~taken ? ~0ULL : taken + run.size;
  }
  std::erase_if(layout, [](const Run& run) { return run.size == 0; });
  return layout;
}

std::string layout_text(const Layout& layout, std::uint64_t file_size) {
  std::string text;
  for (const Run& run : with_sizes(layout, file_size)) text += (text.empty() ? "" : ",") + run_text(run);
  return text;
}

std::string holes_text(Layout layout, std::uint64_t file_size) {
  layout = with_sizes(std::move(layout), file_size);
  std::ranges::sort(layout, {}, &Run::address);
  std::string text;
  std::uint64_t end = 0;
  for (const Run& run : layout) {
    if (run.address > end) text += (text.empty() ? "" : ", ") + run_text({end, run.address - end});
    end = run.address + run.size;
  }
  return text;
}

} // namespace mapscope::memory
