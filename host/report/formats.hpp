// SPDX-License-Identifier: Apache-2.0
// One writer per output format. Private to this folder; writer.hpp is the face.
#pragma once

#include "host/report/writer.hpp"

#include <memory>

namespace mapscope::report {

std::unique_ptr<MapWriter> make_json_map_writer(const Options& options, Stream& stream);
std::unique_ptr<MapWriter> make_json_extension_writer(const Options& options, std::string title,
                                                      Stream& stream);
std::unique_ptr<ReportWriter> make_json_report_writer(const Options& options, Stream& stream);

std::unique_ptr<MapWriter> make_ndjson_map_writer(const Options& options, Stream& stream);
std::unique_ptr<MapWriter> make_ndjson_extension_writer(const Options& options, Stream& stream);
std::unique_ptr<ReportWriter> make_ndjson_report_writer(const Options& options, Stream& stream);

std::unique_ptr<MapWriter> make_bpftool_map_writer(const Options& options, Stream& stream);
std::unique_ptr<MapWriter> make_bpftool_extension_writer(const Options& options, Stream& stream);
std::unique_ptr<ReportWriter> make_bpftool_report_writer(const Options& options, Stream& stream);

std::unique_ptr<MapWriter> make_text_map_writer(const Options& options, Stream& stream);
std::unique_ptr<MapWriter> make_text_extension_writer(const Options& options, std::string title,
                                                      Stream& stream);

std::unique_ptr<MapWriter> make_html_map_writer(const Options& options, Stream& stream);
std::unique_ptr<MapWriter> make_html_extension_writer(const Options& options, std::string title,
                                                      Stream& stream);
std::unique_ptr<ReportWriter> make_html_report_writer(const Options& options, Stream& stream);
std::unique_ptr<ReportWriter> make_text_report_writer(const Options& options, Stream& stream);

} // namespace mapscope::report
