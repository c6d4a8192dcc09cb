// SPDX-License-Identifier: Apache-2.0
// The text of configs/default.toml, compiled in: what is documented there is what holds.
#pragma once

#include <string_view>

namespace mapscope::config {

extern const std::string_view default_toml;

} // namespace mapscope::config
