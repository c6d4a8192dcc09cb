// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"

#include "host/cli/options.hpp"

#include <algorithm>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

void set_up_messages(int verbosity, const std::string& level) {
  auto logger = spdlog::stderr_color_mt("mapscope");
  logger->set_pattern("mapscope: %v");
  spdlog::set_default_logger(std::move(logger));
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::err, spdlog::level::warn,
                                                  spdlog::level::info, spdlog::level::debug};
  spdlog::set_level(level.empty() ? levels[std::clamp(verbosity, -1, 2) + 1]
                                  : spdlog::level::from_str(level));
}

int complain(const Error& error) {
  spdlog::error("{}", error.text);
  return error.code == Errc::usage ? exit_usage : exit_no_report;
}

} // namespace mapscope::cli
