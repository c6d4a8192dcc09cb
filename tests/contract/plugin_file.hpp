// SPDX-License-Identifier: Apache-2.0
// A built plugin as the tests see it: its one symbol. Thread rule: immutable; the library stays loaded.
#pragma once

#include <mapscope/plugin.h>

#include <string>
#include <string_view>

namespace mapscope::test {

/// `name` is the file's without ".so"; throws std::runtime_error when it cannot be loaded.
const msc_plugin& plugin_file(std::string_view name);

} // namespace mapscope::test
