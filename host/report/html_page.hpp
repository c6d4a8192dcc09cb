// SPDX-License-Identifier: Apache-2.0
// What of a page is the same in every report: its look and its script, compiled in from html/.
//
// Thread rule: constants.
#pragma once

#include <string_view>

namespace mapscope::report {

extern const std::string_view html_style, html_style_sha256; ///< the latter in hexadecimal digits
extern const std::string_view html_script, html_script_sha256;

} // namespace mapscope::report
