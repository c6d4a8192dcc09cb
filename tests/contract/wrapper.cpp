// SPDX-License-Identifier: Apache-2.0
// The C++ face compiles alone.
#include <mapscope/plugin.hpp>
