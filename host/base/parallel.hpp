// SPDX-License-Identifier: Apache-2.0
// The same work on many parts, on the CPUs that there are.
//
// Refuses: to fail for want of threads; the caller works too, and alone if need be. What the body throws ends
// the work, and is thrown to the caller.
// Thread rule: the body is called from several threads at once, for each index once.
#pragma once

#include <cstddef>
#include <functional>

namespace mapscope {

/// Returns when body(0) to body(count - 1) have returned. The order is not told; results belong into slots
/// that the index names.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& body);

} // namespace mapscope
