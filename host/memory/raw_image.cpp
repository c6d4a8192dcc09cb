// SPDX-License-Identifier: Apache-2.0
#include "host/memory/raw_image.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

constexpr std::uint64_t page = 4096;

std::uint64_t bytes_of(const Layout& layout) {
  std::uint64_t bytes = 0; // runs do not overlap, so this cannot wrap
  for (const Run& run : layout) bytes += run.size;
  return bytes;
}

/// The user's layout must account for every byte.
Result<Layout> given_layout(const std::string& text, std::uint64_t file_size) {
  auto layout = parse_layout(text);
  if (!layout) return layout;
  const bool is_open = layout->back().size == Run::rest;
  const std::uint64_t bytes = bytes_of(is_open ? Layout(layout->begin(), layout->end() - 1) : *layout);
  if (bytes != file_size && (!is_open || bytes > file_size))
    return fail(Errc::usage,
                fmt::format("--layout: its ranges have {} bytes, and the file has {}", bytes, file_size));
  if (is_open && file_size - bytes > ~layout->back().address)
    return fail(Errc::usage,
                fmt::format("--layout: behind {:#x} there is no room for the other {} bytes of the "
                            "file",
                            layout->back().address, file_size - bytes));
  return layout;
}

} // namespace

RawImage::RawImage(std::string name, std::shared_ptr<File> file, const Layout& layout, std::string found_by)
    : name_(std::move(name)), file_(std::move(file)),
      layout_(with_sizes(layout, file_->mapped.bytes().size())) {
  const auto bytes = file_->mapped.bytes();
  std::uint64_t at = 0;
  for (const Run& run : layout_) {
    const auto there = bytes.subspan(at, std::min<std::uint64_t>(run.size, bytes.size() - at));
    pieces_.add(run.address, run.size, there);
    missing_ += run.size - there.size();
    at += there.size();
  }
  settle(name_);
  if (at < bytes.size())
    warnings_.push_back(
        fmt::format("{}: the last {} bytes of the file belong to no memory, by {}; they are not "
                    "looked at",
                    name_, bytes.size() - at, found_by));
  const std::string holes = holes_text(layout_, bytes.size());
  details_ = {{"layout", layout_text(layout_, bytes.size())},
              {"layout found by", std::move(found_by)},
              {"holes", holes.empty() ? "none" : holes}};
}

std::unique_ptr<RawImage> RawImage::laid_out(const Layout& layout, std::string found_by) const {
  return std::unique_ptr<RawImage>(new RawImage(name_, file_, layout, std::move(found_by)));
}

std::optional<std::uint64_t> RawImage::address_of(std::uint64_t offset) const {
  for (const Run& run : layout_) {
    if (offset < run.size) return run.address + offset;
    offset -= run.size;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> RawImage::offset_of(std::uint64_t address) const {
  std::uint64_t before = 0;
  for (const Run& run : layout_) {
    if (address >= run.address && address - run.address < run.size) return before + (address - run.address);
    before += run.size;
  }
  return std::nullopt;
}

RawImage::Addresses RawImage::found_once(const std::function<Addresses()>& find) const {
  std::call_once(file_->once, [&] {
    for (const std::uint64_t address : find())
      if (const auto offset = offset_of(address)) file_->offsets.push_back(*offset);
  });
  Addresses addresses;
  for (const std::uint64_t offset : file_->offsets)
    if (const auto address = address_of(offset)) addresses.push_back(*address);
  std::ranges::sort(addresses);
  return addresses;
}

Result<std::unique_ptr<Source>> RawImage::open(const std::string& name, MappedFile file,
                                               const OpenOptions& options) {
  const std::uint64_t size = file.bytes().size();
  if (size < page)
    return fail(
        Errc::unsupported,
        fmt::format("{}: {} bytes in no known format, too few for an image of RAM; give a memory dump", name,
                    size));
  const auto shared = std::make_shared<File>(std::move(file));
  if (options.layout.empty()) {
    std::unique_ptr<RawImage> flat(
        new RawImage(name, shared, {Run{}}, "assumption: the offset in the file is the address"));
    flat->assumed_ = true;
    return std::unique_ptr<Source>(std::move(flat));
  }
  const auto layout = given_layout(options.layout, size);
  if (!layout) return std::unexpected(layout.error());
  std::unique_ptr<RawImage> image(new RawImage(name, shared, *layout, "--layout"));
  image->settled_ = true;
  return std::unique_ptr<Source>(std::move(image));
}

} // namespace mapscope::memory
