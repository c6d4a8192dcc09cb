// SPDX-License-Identifier: Apache-2.0
// A first page, which tells of all that stands behind it and so is made last.
//
// Refuses: to hold anything back of a format that has no such page. Thread rule: one thread writes.
#pragma once

#include "host/pipeline/output_stream.hpp"

#include <functional>

namespace mapscope::pipeline {

bool has_first_page(report::Format format);

/// A report but for its end, in the order in which it is read.
struct Pages {
  std::function<void()> begin;    ///< where it is from
  std::function<void()> overview; ///< asked for when all that comes behind has been made
  std::function<Result<void>(report::Output&)> rest;
};

/// `stream` is what `pages` write to beside the output that they are given.
Result<void> write_pages(report::Format format, report::Output& output, OutputStream& stream,
                         const Pages& pages);

} // namespace mapscope::pipeline
