// SPDX-License-Identifier: Apache-2.0
#include "host/target/address_space.hpp"

#include "host/base/parallel.hpp"

#include <algorithm>
#include <cstring>

namespace mapscope::target {

namespace {
constexpr std::uint64_t page_shift = 12; ///< of the cache, the smallest page of every supported architecture
constexpr std::uint64_t page_bytes = 1ULL << page_shift;
} // namespace

std::string_view fault_text(Fault fault) {
  switch (fault) {
  case Fault::none:
    return "";
  case Fault::unmapped:
    return "unmapped";
  case Fault::not_in_dump:
    return "not in the dump";
  }
  return "";
}

std::string fault_text(Fault fault, const AddressSpace& space, std::uint64_t address) {
  Mapping mapping;
  if (fault != Fault::not_in_dump || space.translator->translate(address, &mapping) != Fault::none)
    return std::string(fault_text(fault));
  switch (space.source->why_absent(mapping.physical)) {
  case memory::Absence::left_out:
    if (space.source->leaves_out_more_than_zeros())
      return "left out by the dump, and not only for being zeros";
    return "left out by the dump, maybe because it was all zeros (--zero-excluded reads what a dump of level "
           "1 "
           "left out as zeros)";
  case memory::Absence::cut_off:
    return "behind the end of the file, which was cut short";
  case memory::Absence::damaged:
    return "damaged in the dump";
  case memory::Absence::no_room:
    return "in the dump, and there was no room to unpack it to (TMPDIR, or memory of a worker process)";
  case memory::Absence::refused:
    return "not to be read on the machine as it runs";
  case memory::Absence::not_described:
    break;
  }
  return std::string(fault_text(fault));
}

Fault Reader::page_at(std::uint64_t address, std::span<const std::byte>* rest) {
  const std::uint64_t page = address >> page_shift, inside = address & (page_bytes - 1);
  Cached& cached = cache_[page % cache_.size()];
  if (cached.page != page) {
    Mapping mapping;
    if (const Fault fault = space_.translator->translate(page << page_shift, &mapping); fault != Fault::none)
      return fault;
    mapping.size = std::min(mapping.size, page_bytes);
    cached = {page, mapping, space_.source->view(mapping.physical, mapping.size)};
  }
  if (inside < cached.bytes.size())
    *rest = cached.bytes.subspan(inside);
  else if (inside < cached.mapping.size) // a dump's segment may end, and the next begin, within a page
    *rest = space_.source->view(cached.mapping.physical + inside, cached.mapping.size - inside);
  else
    *rest = {};
  return rest->empty() ? Fault::not_in_dump : Fault::none;
}

std::size_t Reader::read_some(std::uint64_t address, std::span<std::byte> to, Fault* fault) {
  std::size_t done = 0;
  *fault = Fault::none;
  while (done < to.size()) {
    std::span<const std::byte> piece;
    *fault = done > ~address ? Fault::unmapped : page_at(address + done, &piece); // no wrap to address 0
    if (*fault != Fault::none) break;
    const std::size_t count = std::min(piece.size(), to.size() - done);
    std::memcpy(to.data() + done, piece.data(), count);
    done += count;
  }
  return done;
}

Fault Reader::read(std::uint64_t address, std::span<std::byte> to) {
  Fault fault{};
  (void)read_some(address, to, &fault);
  return fault;
}

std::span<const std::byte> Reader::view(std::uint64_t address, std::size_t want) {
  std::span<const std::byte> rest;
  if (page_at(address, &rest) != Fault::none) return {};
  return rest.first(std::min(want, rest.size()));
}

/// What is mapped elsewhere by now is none of its business: a map that is gone is found to be.
void Reader::renew(std::uint64_t address, std::uint64_t size) {
  for (std::uint64_t done = 0; done < size && done <= ~address;) {
    const std::uint64_t at = address + done, inside = at & (page_bytes - 1);
    const Cached& cached = cache_[(at >> page_shift) % cache_.size()];
    Mapping mapping = cached.mapping;
    if (cached.page != at >> page_shift && space_.translator->translate(at - inside, &mapping) != Fault::none)
      mapping.size = 0;
    const std::uint64_t count = std::min(size - done, page_bytes - inside);
    if (inside < mapping.size)
      space_.source->bring_in(mapping.physical + inside, std::min(count, mapping.size - inside));
    done += count;
  }
}

std::string Reader::text(std::uint64_t address, std::size_t most) {
  std::string text;
  while (text.size() < most) {
    if (text.size() > ~address) break; // no wrap to address 0
    const auto piece = view(address + text.size(), most - text.size());
    if (piece.empty()) break;
    const auto end = std::ranges::find(piece, std::byte{0});
    text.append(reinterpret_cast<const char*>(piece.data()), static_cast<std::size_t>(end - piece.begin()));
    if (end != piece.end()) break;
  }
  return text;
}

namespace {

/// What of [begin, end) is mapped; at most a page each.
std::vector<memory::Piece> mapped_pieces(const AddressSpace& space, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t page = space.translator->page_size();
  std::vector<memory::Piece> pieces;
  Mapping mapping;
  for (std::uint64_t at = begin; at < end; at += page - at % page)
    if (space.translator->translate(at, &mapping) == Fault::none)
      pieces.push_back({mapping.physical, std::min({mapping.size, page - at % page, end - at})});
  return pieces;
}

} // namespace

void bring_in(const AddressSpace& space, std::uint64_t address, std::uint64_t size) {
  constexpr std::uint64_t part = 64U << 10; // pages of one task: neighbours here may be none in the source
  const std::uint64_t begin = address - address % part;
  size = std::min<std::uint64_t>(size + address % part, ~0ULL - begin);
  const auto bring = [&](std::size_t i) {
    space.source->bring_in(mapped_pieces(space, begin + i * part, begin + std::min((i + 1) * part, size)));
  };
  const std::size_t parts = (size + part - 1) / part;
  if (space.source->moment() == 0) return in_parallel(parts, bring);
  for (std::size_t i = 0; i < parts; ++i) bring(i); // a moment is of one thread
}

} // namespace mapscope::target
