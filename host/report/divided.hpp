// SPDX-License-Identifier: Apache-2.0
// One large map on many threads: rows are found by one, and become text on as many as there are.
//
// What goes out is the same to the byte as without. Small maps, rows with fields or a payload, and values of
// which something must be looked up in memory stay with the thread that has them. Thread rule: as for any
// MapWriter.
#pragma once

#include "host/report/row_pool.hpp"

namespace mapscope::report {

/// `to` itself, where its format has no helpers or the pool no threads. The pool must outlive it.
std::unique_ptr<MapWriter> divided(std::unique_ptr<MapWriter> to, RowPool* pool);

} // namespace mapscope::report
