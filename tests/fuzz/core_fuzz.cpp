// SPDX-License-Identifier: Apache-2.0
// A whole dump in any form (ELF, raw, LiME, AVML): where its bytes lie, the kernel in it, its types, and the
// lists of its maps and programs.
#include "host/catalog/agreement.hpp"
#include "host/catalog/catalog.hpp"
#include "host/catalog/ram_layout.hpp"
#include "host/target/kernel_place.hpp"
#include "input.hpp"

namespace mapscope::fuzz {
namespace {

/// What view() hands out must be there to the last byte, at both ends of every segment.
void look_at(const memory::Source& source) {
  std::uint64_t end = 0;
  for (const auto& segment : source.segments()) {
    if (segment.address < end || segment.present > segment.size) __builtin_trap();
    end = segment.address + segment.size;
    for (const std::uint64_t address : {segment.address, segment.address + segment.present - 1, end}) {
      std::byte all{};
      for (const std::byte byte : source.view(address, 32)) all ^= byte;
      asm volatile("" : : "r"(all)); // or the reads are left out
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const File file(data, size);
  auto opened = memory::open_source(file.path(), {.zero_excluded = size % 2 != 0});
  if (!opened) return 0;
  look_at(**opened);
  const auto source = target::place_kernel(std::move(*opened), {});
  if (!source) return 0;
  const auto target = target::Target::open(**source, {});
  if (!target) return 0;
  const auto kernel = btf::Types::parse((*target)->btf(), "vmlinux");
  if (!kernel) return 0;
  (void)catalog::find_layout(**target, **kernel);
  (void)catalog::read_catalog(**target, *kernel);
  (void)catalog::compare((*target)->vmcoreinfo(), **kernel);
  (void)catalog::crash_kernels(**target, **kernel);
  return 0;
}

} // namespace mapscope::fuzz
