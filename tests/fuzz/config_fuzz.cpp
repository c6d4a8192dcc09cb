// SPDX-License-Identifier: Apache-2.0
// A configuration file over the built-in defaults, and the same text as a --set.
#include "host/config/config.hpp"
#include "input.hpp"

#include <array>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mapscope;
  const fuzz::File file(data, size);
  const std::array files{file.path()};
  (void)config::load(files, {});
  const std::array sets{std::string(fuzz::as_text(data, size))};
  (void)config::load({}, sets);
  return 0;
}
