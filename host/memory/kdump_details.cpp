// SPDX-License-Identifier: Apache-2.0
#include "host/memory/kdump_details.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace mapscope::memory {

namespace {

/// Of a page's descriptor; what is read of a large dump is its beginning.
constexpr std::uint64_t most_descriptors = 4U << 20;

std::string compression_name(std::uint32_t flags) {
  switch (flags) {
  case 0:
    return "stored as they are";
  case zlib_page:
    return "zlib";
  case lzo_page:
    return "lzo";
  case snappy_page:
    return "snappy";
  case zstd_page:
    return "zstd";
  default:
    return fmt::format("not known (flags {:#x})", flags);
  }
}

std::string compression(const KdumpFacts& facts) {
  std::map<std::uint32_t, std::uint64_t> pages;
  const std::uint64_t most = std::min(most_descriptors, facts.listed.count());
  for (std::uint64_t frame = facts.listed.next(0), i = 0; i < most; frame = facts.listed.next(frame + 1), ++i)
    if (const auto page = facts.reader.descriptor(frame); page && page->offset != 0) ++pages[page->flags];
  std::vector<std::string> words;
  words.reserve(pages.size());
  for (const auto& [flags, count] : pages)
    words.push_back(fmt::format("{} ({} pages)", compression_name(flags), count));
  std::ranges::reverse(words); // what is packed comes first
  const std::string counted =
      most < facts.listed.count() ? fmt::format(", of the first {} pages", most) : std::string();
  return fmt::format("{}{}", fmt::join(words, ", "), counted);
}

/// makedumpfile's -d: each bit is a kind of page that it leaves out.
std::string dump_level(std::uint32_t level) {
  constexpr std::array<std::string_view, 5> kinds = {
      "zero pages", "the page cache", "its private pages (bit 4)", "processes' pages", "free pages"};
  std::vector<std::string_view> left_out;
  for (std::size_t bit = 0; bit < kinds.size(); ++bit)
    if ((level >> bit & 1) != 0) left_out.push_back(kinds[bit]);
  if (left_out.empty()) return fmt::format("{}: nothing is left out", level);
  return fmt::format("{}: without {}", level, fmt::join(left_out, ", "));
}

std::string ranges(const KdumpFacts& facts) {
  constexpr std::size_t most = 8;
  std::vector<std::string> words;
  std::uint64_t count = 0, missing = 0, last = 0;
  for (std::uint64_t frame = facts.memory.next(0); frame < facts.memory.size();) {
    const std::uint64_t end = facts.memory.next_gap(frame);
    if (++count <= most)
      words.push_back(fmt::format("{:#x}-{:#x}", frame * facts.page_size, end * facts.page_size - 1));
    missing += frame - last, last = end;
    frame = facts.memory.next(end);
  }
  return fmt::format("{}{}; {} bytes of holes", fmt::join(words, ", "),
                     count > most ? fmt::format(" and {} more", count - most) : "",
                     missing * facts.page_size);
}

} // namespace

std::vector<Detail> kdump_details(const KdumpFacts& facts) {
  const KdumpHeader& header = facts.members.front().header;
  std::vector<Detail> details = {
      {"compression", compression(facts)},
      {"flattened", facts.was_flattened ? "yes, put together for this run" : "no"}};
  if (header.is_split) details.push_back({"split", fmt::format("{0} of {0} parts", facts.files)});
  details.push_back({"dump level", dump_level(header.dump_level)});
  details.push_back({"memory ranges", ranges(facts)});
  details.push_back({"header version", std::to_string(header.version)});
  return details;
}

} // namespace mapscope::memory
