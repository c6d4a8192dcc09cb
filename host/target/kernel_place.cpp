// SPDX-License-Identifier: Apache-2.0
#include "host/target/kernel_place.hpp"

#include "host/base/checked.hpp"
#include "host/memory/raw_image.hpp"
#include "host/target/architectures.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/without_vmcoreinfo.hpp"

#include <fmt/format.h>

namespace mapscope::target {

namespace {

constexpr std::uint64_t mib = 1U << 20, four_gib = 1ULL << 32;

std::unexpected<Error> no_kernel(const memory::RawImage& image) {
  return fail(
      Errc::not_found,
      fmt::format("no dump of a known format, and as a raw image of RAM ({} bytes) it holds no Linux kernel "
                  "(no page begins with VMCOREINFO, and no symbol tables lead to one); is it complete, of a "
                  "guest of x86-64 or arm64, and not "
                  "encrypted? Else save the memory as ELF (dump-guest-memory)",
                  image.file().size()));
}

/// Does the file name the release there?
bool names_release(std::span<const std::byte> file, std::uint64_t offset, std::string_view release) {
  const auto there = slice(file, offset, release.size() + 1);
  return there && std::string_view(reinterpret_cast<const char*>(there->data()), release.size()) == release &&
         there->back() == std::byte{0};
}

/// RAM of arm64 machines begins where the board has it: there where the text is true.
std::unique_ptr<memory::Source> place_base(const memory::RawImage& image, const Vmcoreinfo& info,
                                           std::uint64_t address) {
  constexpr std::uint64_t step = 2 * mib; // the kernel's image is aligned to it, and so is RAM
  const std::uint64_t size = image.file().size();
  for (std::uint64_t base = address < size ? step : (address - size) / step * step + step; base <= address;
       base += step) {
    if (!names_release(image.file(), address - base, info.release())) continue;
    auto laid = image.laid_out({{base, memory::Run::rest}}, "the kernel's place in the file");
    if (check(info, *laid).confirmed()) return laid;
  }
  return nullptr;
}

/// Under the hole with which this text is true, if there is one. The tables of the kernel's image lie in it
/// and must be there: under another hole its crash kernel, of the same name, would lie where it should.
std::unique_ptr<memory::Source> place(const memory::RawImage& image, const Vmcoreinfo& info) {
  const auto address = physical_release(info);
  if (!address || info.release().empty()) return nullptr;
  if (arch_of(info) == "aarch64") return place_base(image, info, *address);
  if (*address < four_gib) return nullptr;
  for (std::uint64_t low = mib; low < four_gib; low += mib) {
    if (!names_release(image.file(), *address - four_gib + low, info.release())) continue;
    auto laid = image.laid_out({{0, low}, {four_gib, memory::Run::rest}}, "the kernel's place in the file");
    if (is_proven(info, *laid)) return laid;
  }
  return nullptr;
}

/// What may lead to the kernel: what the user gave, else all that the memory has.
Result<std::vector<FoundVmcoreinfo>> texts_for(const memory::Source& source, const Overrides& overrides) {
  if (overrides.vmcoreinfo.empty()) return copies_in_memory(source);
  auto info = read_vmcoreinfo_file(overrides.vmcoreinfo);
  if (!info) return std::unexpected(std::move(info.error()));
  std::vector<FoundVmcoreinfo> texts;
  texts.push_back({std::move(*info), overrides.vmcoreinfo, 0, {}});
  texts.back().checked = check(texts.back().info, source);
  return texts;
}

} // namespace

Result<std::unique_ptr<memory::Source>> place_kernel(std::unique_ptr<memory::Source> source,
                                                     const Overrides& overrides) {
  const memory::RawImage* const image = source->raw_image();
  if (image == nullptr) return source;
  const auto texts = texts_for(*source, overrides);
  if (!texts) return std::unexpected(texts.error());
  if (texts->empty() && rebuilt_vmcoreinfo(*source).empty()) return no_kernel(*image);
  for (const FoundVmcoreinfo& text : *texts)
    if (!text.checked.confirmed())
      if (auto placed = place(*image, text.info)) return placed;
  return source;
}

} // namespace mapscope::target
