// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/image_words.hpp"

#include "host/memory/search.hpp"

#include <algorithm>
#include <string>

namespace mapscope::catalog {

namespace {
constexpr std::uint64_t most_image = 1ULL << 30; ///< bytes; KERNEL_IMAGE_SIZE of x86-64
constexpr std::size_t most_texts = 16;
} // namespace

ImageWords::ImageWords(const target::Target& target) : target_(target) {
  const auto stext = target.symbols().find("_stext");
  const target::Translator& translator = *target.space().translator;
  target::Mapping mapping;
  if (!stext || translator.translate(*stext, &mapping) != target::Fault::none) return;
  to_physical_ = mapping.physical - *stext;
  const std::uint64_t begin = *stext & ~(page - 1),
                      end = begin > ~0ULL - most_image ? ~0ULL : begin + most_image;
  std::uint64_t entries = 1U << 20;
  for (std::uint64_t at = begin; at < end;) {
    const target::Region region = translator.next_region(at, end, &entries);
    if (region.size == 0) return; // nothing more is mapped
    if (region.fault == target::Fault::none && region.physical == region.address + to_physical_)
      add({region.address, region.address + region.size});
    at = region.address + region.size;
  }
}

void ImageWords::add(const Range& range) {
  if (!ranges_.empty() && ranges_.back().end == range.begin)
    ranges_.back().end = range.end;
  else
    ranges_.push_back(range);
}

bool ImageWords::holds(std::uint64_t address) const {
  const auto behind = std::ranges::upper_bound(ranges_, address, {}, &Range::begin);
  return behind != ranges_.begin() && address < std::prev(behind)->end;
}

bool ImageWords::spans(std::uint64_t address) const {
  return !ranges_.empty() && address >= ranges_.front().begin && address < ranges_.back().end;
}

std::vector<std::uint64_t> ImageWords::texts(std::string_view text) const {
  const std::string with_end = std::string(text) + '\0';
  std::vector<std::uint64_t> found;
  for (const Range& range : ranges_)
    memory::search(target_.source(), std::as_bytes(std::span(with_end)), range.begin + to_physical_,
                   range.end + to_physical_, [&](std::uint64_t physical) {
                     found.push_back(physical - to_physical_);
                     return found.size() < most_texts;
                   });
  return found;
}

} // namespace mapscope::catalog
