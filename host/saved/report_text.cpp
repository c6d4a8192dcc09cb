// SPDX-License-Identifier: Apache-2.0
#include "host/saved/report_text.hpp"

#include "host/plain/cursor.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::saved {

namespace {

constexpr const char* give = "give what `mapscope dump -j` or -p wrote";

std::unexpected<Error> no_report(const std::string& name, std::string_view what) {
  return fail(Errc::corrupt, fmt::format("{}: {}; {}", name, what, give));
}

/// Every schema that some command of this program, or the format's reference, writes beside a report's.
std::string what_else(std::string_view schema) {
  if (schema == "dual") return "holds two reports (schema \"dual\"), of which each can be given alone";
  if (schema == "mapscope-ndjson")
    return "is a report as ndjson, whose plain values do not say what types they are of";
  if (schema == "mapscope-watch") return "is what `mapscope watch -j` wrote, which tells changes";
  if (schema == "mapscope-diff") return "is what `mapscope diff -j` wrote, which tells differences";
  return fmt::format("has the schema \"{}\", which is not known", schema);
}

Result<void> check_end(const std::string& name, std::string_view text, plain::Cursor& at) {
  if (at.is_broken() && at.offset() >= text.size())
    return fail(Errc::corrupt,
                fmt::format("{}: ends in the middle of a report, after {} bytes; was it written, or copied, "
                            "to its end?",
                            name, text.size()));
  if (at.is_broken())
    return no_report(name, fmt::format("is no JSON, or none of a report, at byte {}", at.offset()));
  if (!at.is_at_end())
    return no_report(name, fmt::format("goes on behind its first JSON value, at byte {}", at.offset()));
  return {};
}

} // namespace

bool looks_like_report(std::string_view text) { return plain::Cursor(text).peek() == '{'; }

/// What says which report it is comes first, and is looked at before it is known that the rest is whole.
Result<plain::Object> top_level(const std::string& name, std::string_view text) {
  plain::Cursor at(text);
  if (!looks_like_report(text)) return no_report(name, "is no report, which would begin with {");
  std::string_view first;
  if (at.enter('{') && at.member(first) && first == "schema")
    if (const auto schema = plain::text_of(at.value()); schema && *schema != "single")
      return no_report(name, what_else(*schema));
  plain::Cursor whole(text);
  plain::Object top(whole);
  if (auto checked = check_end(name, text, whole); !checked) return std::unexpected(checked.error());
  if (const auto schema = top.text("schema"); schema && *schema != "single")
    return no_report(name, what_else(*schema));
  if (!top.find("schema").empty() && !top.text("schema"))
    return no_report(name, "has a schema that is no text, and so is no report");
  if (std::ranges::count(top.members(), "maps", &plain::Object::Member::name) > 1)
    return no_report(name, "has more than one list of maps, of which none can be told to be right");
  if (!top.find("maps").starts_with('['))
    return no_report(name, "is JSON without a list of maps, and so no report");
  return top;
}

} // namespace mapscope::saved
