// SPDX-License-Identifier: Apache-2.0
#include "host/report/writer.hpp"

#include "host/btf/decoder.hpp"

#include "host/report/formats.hpp"

#include <algorithm>

namespace mapscope::report {

std::string_view status_name(Status status) {
  switch (status) {
  case Status::complete:
    return "complete";
  case Status::truncated:
    return "truncated";
  case Status::partial:
    return "partial";
  case Status::unreadable:
    return "unreadable";
  case Status::failed:
    return "failed";
  case Status::crashed:
    return "crashed";
  case Status::timed_out:
    return "timed-out";
  case Status::skipped:
    return "skipped";
  }
  return "";
}

std::string words_of(const Outcome& outcome) {
  std::string words = outcome.error;
  const auto add = [&](const std::string& text) { words += (words.empty() ? "" : "; ") + text; };
  std::ranges::for_each(outcome.limits, add);
  std::ranges::for_each(outcome.notes, add);
  return words;
}

std::string_view list_name(Shape shape) {
  switch (shape) {
  case Shape::value:
    return "";
  case Shape::entry:
    return "entries";
  case Shape::element:
    return "array_entries";
  case Shape::percpu_element:
    return "percpu_entries";
  case Shape::percpu_entry:
    return "percpu_hash_entries";
  case Shape::queued:
    return "elements";
  case Shape::slot:
    return "entries";
  }
  return "";
}

std::unique_ptr<MapWriter> make_map_writer(Format format, const Options& options, Stream& stream) {
  switch (format) {
  case Format::json:
    return make_json_map_writer(options, stream);
  case Format::ndjson:
    return make_ndjson_map_writer(options, stream);
  case Format::bpftool:
    return make_bpftool_map_writer(options, stream);
  case Format::html:
    return make_html_map_writer(options, stream);
  case Format::text:
    break;
  }
  return make_text_map_writer(options, stream);
}

std::unique_ptr<MapWriter> make_extension_writer(Format format, const Options& options, std::string title,
                                                 Stream& stream) {
  switch (format) {
  case Format::json:
    return make_json_extension_writer(options, std::move(title), stream);
  case Format::ndjson:
    return make_ndjson_extension_writer(options, stream);
  case Format::bpftool:
    return make_bpftool_extension_writer(options, stream);
  case Format::html:
    return make_html_extension_writer(options, std::move(title), stream);
  case Format::text:
    break;
  }
  return make_text_extension_writer(options, std::move(title), stream);
}

std::unique_ptr<ReportWriter> make_report_writer(Format format, const Options& options, Stream& stream) {
  switch (format) {
  case Format::json:
    return make_json_report_writer(options, stream);
  case Format::ndjson:
    return make_ndjson_report_writer(options, stream);
  case Format::bpftool:
    return make_bpftool_report_writer(options, stream);
  case Format::html:
    return make_html_report_writer(options, stream);
  case Format::text:
    break;
  }
  return make_text_report_writer(options, stream);
}

void MapWriter::decode(const Typed& typed, btf::ValueVisitor& into) {
  cuts_.add(typed.decoder->decode(typed.bytes, into));
}

} // namespace mapscope::report
