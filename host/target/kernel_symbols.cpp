// SPDX-License-Identifier: Apache-2.0
#include "host/target/kernel_symbols.hpp"

#include "host/target/kallsyms_shape.hpp"

#include <optional>

namespace mapscope::target {

namespace {

constexpr std::uint64_t most_image = 1ULL << 30; ///< bytes; KERNEL_IMAGE_SIZE of x86-64

/// Physical addresses to those of the kernel; its image lies in one piece.
KallsymsPlaces moved(KallsymsPlaces places, std::uint64_t by) {
  for (std::uint64_t* const at : {&places.names, &places.token_table, &places.token_index, &places.offsets})
    *at += by;
  if (places.relative_base != 0) places.relative_base += by;
  return places;
}

/// Those of this kernel: its image holds them, and _stext comes out where it is.
std::optional<KernelSymbols> by_shape(const AddressSpace& space, std::uint64_t stext,
                                      std::span<const std::string_view> wanted) {
  Mapping image;
  if (space.translator->translate(stext, &image) != Fault::none) return std::nullopt;
  const std::uint64_t begin = image.physical, end = begin > ~0ULL - most_image ? ~0ULL : begin + most_image;
  for (const KallsymsShape& shape : kallsyms_by_shape(*space.source, begin, end)) {
    auto symbols = read_kallsyms(space, moved(shape.places, stext - image.physical), {stext, {}}, wanted);
    if (symbols) return std::move(*symbols);
  }
  return std::nullopt;
}

} // namespace

Result<KernelSymbols> kallsyms_of(const AddressSpace& space, const Vmcoreinfo& info,
                                  std::span<const std::string_view> wanted) {
  const auto stext = info.symbol("_stext");
  const auto places = kallsyms_places(info);
  Error why{Errc::not_found,
            "VMCOREINFO does not say where the kernel's symbols are; give --symbols or --vmlinux",
            {}};
  if (places) {
    auto symbols = read_kallsyms(space, *places, {stext, {}}, wanted);
    if (symbols) return symbols;
    why = std::move(symbols.error());
  }
  if (!stext) return std::unexpected(std::move(why));
  auto symbols = by_shape(space, *stext, wanted);
  if (!symbols) return std::unexpected(std::move(why));
  symbols->remark = "the kernel's symbols were found by their shape";
  if (places) symbols->remark += ": " + why.text;
  return std::move(*symbols);
}

} // namespace mapscope::target
