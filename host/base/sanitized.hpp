// SPDX-License-Identifier: Apache-2.0
// Whether this build runs under AddressSanitizer, whose runtime asks more of a process than mapscope does.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define MAPSCOPE_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAPSCOPE_SANITIZED true
#endif
#endif
#ifndef MAPSCOPE_SANITIZED
#define MAPSCOPE_SANITIZED false
#endif

namespace mapscope {
inline constexpr bool sanitized = MAPSCOPE_SANITIZED;
} // namespace mapscope
