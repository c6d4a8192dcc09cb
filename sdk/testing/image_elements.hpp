// SPDX-License-Identifier: Apache-2.0
// Elements of maps as an image's lines have them.
//
// Thread rule: plain values.
#pragma once

#include "image_words.hpp"

#include <mapscope/testing/fake_host.hpp>

namespace mapscope::testing {

/// An element of the map last spoken of, whose line begins with `first`. False when that begins none.
bool parse_element(FakeHost& host, std::string_view first, Words& words);

} // namespace mapscope::testing
