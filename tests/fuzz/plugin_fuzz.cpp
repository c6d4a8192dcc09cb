// SPDX-License-Identifier: Apache-2.0
// A plugin's file, as the verifier sees it: nothing of it is loaded.
#include "host/plugin/verify/verifier.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto verified = mapscope::plugin::verify_bytes(mapscope::fuzz::as_bytes(data, size), {});
  if (verified.passed() && !verified.manifest)
    __builtin_trap(); // nothing passes that does not say what it is
  return 0;
}
