// SPDX-License-Identifier: Apache-2.0
#include "host/memory/lime.hpp"

#include "host/base/checked.hpp"
#include "host/memory/piecewise.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

struct Words { // in the file
  std::uint32_t magic, version;
  std::uint64_t first, last, reserved;
};
static_assert(sizeof(Words) == RangeHeader::bytes);

constexpr std::uint32_t lime_magic = 0x4C694D45, avml_magic = 0x4C4D5641; // "EMiL", "AVML" on disk

constexpr std::uint64_t memory_end = 1ULL << 52; ///< no machine has more bits of physical addresses

bool is_of(RangeForm form, std::uint32_t magic, std::uint32_t version) {
  return form == RangeForm::lime ? magic == lime_magic && version == 1 : magic == avml_magic && version == 2;
}

class Lime final : public Piecewise {
public:
  Lime(const std::string& name, MappedFile file) : file_(std::move(file)) {
    std::uint64_t at = 0;
    while (at < bytes().size() && ranges_ < most_ranges)
      if (!add_range(at)) break;
    if (at < bytes().size()) say_where_it_ends(name, at);
    settle(name);
    details_.push_back({"ranges", std::to_string(ranges_)});
  }

  [[nodiscard]] std::string_view format() const override { return "LiME image"; }
  [[nodiscard]] std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                                  std::vector<std::byte>& buffer) const override {
    return file_.glance(view(address, want), buffer);
  }
  [[nodiscard]] std::uint64_t behind_holes(std::uint64_t address, std::uint64_t end) const override {
    return address + file_.hole_in(view(address, end - address));
  }

private:
  [[nodiscard]] std::span<const std::byte> bytes() const { return file_.bytes(); }

  bool add_range(std::uint64_t& at) {
    const auto header = range_header(RangeForm::lime, bytes(), at);
    if (!header) return false;
    const auto rest = bytes().subspan(at + RangeHeader::bytes);
    const auto there = rest.first(std::min<std::uint64_t>(header->size, rest.size()));
    pieces_.add(header->begin, header->size, there);
    missing_ += header->size - there.size();
    at += RangeHeader::bytes + there.size();
    ++ranges_;
    return true;
  }

  void say_where_it_ends(const std::string& name, std::uint64_t at) {
    const std::uint64_t left = bytes().size() - at;
    warnings_.push_back(
        ranges_ == most_ranges
            ? fmt::format("{}: only the first {} ranges of the file are read", name, most_ranges)
        : left < RangeHeader::bytes
            ? fmt::format("{}: the file ends within the header of a range; what comes before is read", name)
            : fmt::format("{}: at {:#x} of the file should be the header of a range and is something else; "
                          "what comes before is read, and {} bytes are not",
                          name, at, left));
  }

  MappedFile file_;
  std::size_t ranges_ = 0;
};

} // namespace

bool begins_like(RangeForm form, std::span<const std::byte> file) {
  const auto magic = load_at<std::uint32_t>(file, 0), version = load_at<std::uint32_t>(file, 4);
  return magic && version && is_of(form, *magic, *version);
}

std::optional<RangeHeader> range_header(RangeForm form, std::span<const std::byte> file,
                                        std::uint64_t offset) {
  const auto words = load_at<Words>(file, offset);
  if (!words || !is_of(form, words->magic, words->version)) return std::nullopt;
  if (words->last < words->first || words->last >= memory_end) return std::nullopt;
  return RangeHeader{words->first, words->last - words->first + 1};
}

Result<std::unique_ptr<Source>> open_lime(const std::string& name, MappedFile file) {
  auto lime = std::make_unique<Lime>(name, std::move(file));
  if (lime->segments().empty())
    return fail(Errc::corrupt,
                fmt::format("{}: an image in LiME's form whose first header makes no sense; was it damaged? "
                            "Take or copy it again",
                            name));
  return lime;
}

} // namespace mapscope::memory
