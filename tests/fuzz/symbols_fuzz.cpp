// SPDX-License-Identifier: Apache-2.0
// Symbol tables as text (System.map, a copy of /proc/kallsyms).
#include "host/target/symbol_files.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mapscope;
  const fuzz::File file(data, size);
  const auto symbols = target::read_symbol_text(file.path(), 0xffffffff82000000);
  if (!symbols) return 0;
  if ((*symbols)->find("_stext") != 0xffffffff82000000)
    __builtin_trap(); // wherever it was, it is moved there
  (void)(*symbols)->find("map_idr");
  return 0;
}
