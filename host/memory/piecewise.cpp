// SPDX-License-Identifier: Apache-2.0
#include "host/memory/piecewise.hpp"

#include <fmt/format.h>

namespace mapscope::memory {

void Piecewise::settle(const std::string& name) {
  pieces_.settle();
  if (missing_ != 0)
    warnings_.push_back(
        fmt::format("{}: the file ends {} bytes early; what it holds is shown", name, missing_));
  if (const auto twice = pieces_.contradiction())
    warnings_.push_back(
        fmt::format("{}: two ranges have different bytes for the memory at {:#x}; those of the "
                    "one that begins first are shown, was the file damaged?",
                    name, *twice));
}

} // namespace mapscope::memory
