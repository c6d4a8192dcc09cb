// SPDX-License-Identifier: Apache-2.0
// The words of an HTML page: text that stays text whatever is in it, and JSON that a page carries as it is.
//
// Refuses: to make markup of anything that comes from a target. Thread rule: a HtmlPart belongs to one
// thread; the functions are pure.
#pragma once

#include "host/report/writer.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mapscope::report {

/// For between tags and in quoted attributes. What a browser would act on or not show is spelled out.
std::string html_text(std::string_view text);
/// What a content security policy lets run or be used: `hexadecimal` is the SHA-256 of the element's text.
std::string csp_source(std::string_view hexadecimal);

/// Nobody reads the JSON in a page, and its script knows of no blanks in it.
inline Options on_one_line(Options options) {
  options.pretty = false;
  return options;
}

/// One piece of the report's JSON, in a data block that no browser runs. A long one is deflated as it comes:
/// the page stays one that can be mailed, and a browser unpacks what somebody looks at.
class HtmlPart final : public Stream {
public:
  /// `attribute` tells the page's script what the piece is.
  HtmlPart(Stream& page, std::string_view attribute);
  ~HtmlPart() override;
  HtmlPart(const HtmlPart&) = delete;
  HtmlPart& operator=(const HtmlPart&) = delete;

  void append(std::string_view json) override;
  void end();

private:
  class Deflated;

  Stream& page_;
  std::string attribute_, held_;
  std::unique_ptr<Deflated> deflated_;
};

} // namespace mapscope::report
