// SPDX-License-Identifier: Apache-2.0
// --layout, and a raw image laid out as it says.
#include "host/memory/layout.hpp"
#include "host/memory/raw_image.hpp"
#include "input.hpp"

namespace mapscope::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto layout = memory::parse_layout(as_text(data, size));
  if (!layout) return 0;
  (void)memory::layout_text(*layout, size);
  (void)memory::holes_text(*layout, size);
  const std::string page(4096, '\x01'); // no text
  const File file(reinterpret_cast<const std::uint8_t*>(page.data()), page.size());
  const auto flat = memory::open_source(file.path());
  if (!flat) __builtin_trap();
  const auto laid = (*flat)->raw_image()->laid_out(*layout, "");
  for (const auto& segment : laid->segments())
    if (segment.present != 0 && laid->view(segment.address, 1).empty()) __builtin_trap();
  return 0;
}

} // namespace mapscope::fuzz
