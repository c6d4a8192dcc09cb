// SPDX-License-Identifier: Apache-2.0
#include "host/cli/message.hpp"

#include "host/cli/options.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <memory>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

/// The message with everything escaped that a terminal acts on: names come from dumps and from file systems.
/// One message stays one line.
class Printable final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& to) override {
    const std::string text = report::printable({message.payload.data(), message.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<Printable>();
  }
};

} // namespace

void set_up_messages(int verbosity, const std::string& level) {
  auto logger = spdlog::stderr_color_mt("mapscope");
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<Printable>('*').set_pattern("mapscope: %*");
  logger->set_formatter(std::move(formatter));
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
