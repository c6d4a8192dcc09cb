// SPDX-License-Identifier: Apache-2.0
#include "host/report/origin.hpp"

#include "host/report/writer.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

/// "an ELF core", "a kdump-compressed dump".
std::string with_article(const std::string& kind) {
  const bool is_vowel =
      !kind.empty() && std::string_view("AEIOUaeiou").find(kind.front()) != std::string_view::npos;
  return fmt::format("{} {}{}", is_vowel ? "an" : "a", kind, kind.ends_with("-compressed") ? " dump" : "");
}

std::string stopped_text(const Meta& meta) {
  if (!meta.stopped_ms) return "";
  return fmt::format("{} that stood still for {:.1f} ms", meta.source_kind == "guest" ? "" : " of a guest",
                     *meta.stopped_ms);
}

} // namespace

std::string origin_of(const Meta& meta) {
  if (meta.source_kind == "live" && !meta.is_running)
    return fmt::format("this machine as it runs ({}): what is shown was looked up while it changed",
                       meta.via);
  if (!meta.is_running) return with_article(meta.source_kind) + stopped_text(meta);
  return fmt::format("{} as it runs ({}): what is shown was read while it changed",
                     meta.source_kind == "live" ? "this machine" : "a guest", meta.via);
}

} // namespace mapscope::report
