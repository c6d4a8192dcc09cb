// SPDX-License-Identifier: Apache-2.0
// The sections that are read of an ELF vmlinux, through libelf.
#include "host/target/symbol_files.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mapscope;
  const fuzz::File file(data, size);
  if (const auto symbols = target::read_symbol_elf(file.path(), "x86_64", 0xffffffff82000000))
    (void)(*symbols)->find("map_idr");
  (void)target::read_btf_section(file.path(), "x86_64");
  return 0;
}
