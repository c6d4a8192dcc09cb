// SPDX-License-Identifier: Apache-2.0
// Rules V9 and V10: what else comes into the process with a plugin, and how it's loaded.
#pragma once

#include "host/plugin/verify/elf_image_dynamic.hpp"

namespace mapscope::plugin {

/// V9: only known libraries, no search path of its own, no writable code; "" when all is well. `allowed` goes
/// beyond the built-in list.
std::string loading_problem(const ElfImage& image, const DynamicSection& dynamic,
                            std::span<const std::string> allowed);

/// V10: every undefined symbol is promised by one of the libraries; "" when all is well.
std::string undefined_problem(const DynamicSection& dynamic, std::span<const std::string> allowed);

} // namespace mapscope::plugin
