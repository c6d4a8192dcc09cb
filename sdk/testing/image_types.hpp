// SPDX-License-Identifier: Apache-2.0
// Types as an image's lines have them.
//
// Thread rule: plain values.
#pragma once

#include "image_words.hpp"

#include <mapscope/testing/fake_host.hpp>

namespace mapscope::testing {

/// "NAME SIZE member=OFFSET ...", behind its kind, "struct".
FakeHost::Type type(std::uint32_t scope, std::string_view kind, Words& words);
/// "NAME SIZE NAME=VALUE ..."
FakeHost::Type enumeration(std::uint32_t scope, Words& words);

/// Adds the types that members are of and that no line describes: "u32", "char[16]", "ptr struct task".
void complete_types(FakeHost& host);

} // namespace mapscope::testing
