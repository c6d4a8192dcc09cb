// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/first_page.hpp"

#include "host/report/spooled_output.hpp"

namespace mapscope::pipeline {

bool has_first_page(report::Format format) { return format == report::Format::text; }

Result<void> write_pages(report::Format format, report::Output& output, OutputStream& stream,
                         const Pages& pages) {
  if (!has_first_page(format)) {
    pages.begin();
    return pages.rest(output);
  }
  OutputStream behind(output);
  report::SpooledOutput held(behind);
  stream.go_on_in(held);
  if (auto made = pages.rest(held); !made) return made;
  stream.go_on_in(output);
  pages.begin(), pages.overview();
  if (stream.result()) held.let_go();
  return behind.result();
}

} // namespace mapscope::pipeline
