// SPDX-License-Identifier: Apache-2.0
// The text of a plugin's manifest, which the rules V5, V6, V7 and V11 look at before anything is loaded.
#include "host/plugin/verify/manifest.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = mapscope::plugin::parse_manifest(mapscope::fuzz::as_text(data, size));
  if (!manifest && !manifest.error().text.starts_with('V')) __builtin_trap(); // each refusal names its rule
  return 0;
}
