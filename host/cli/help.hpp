// SPDX-License-Identifier: Apache-2.0
// How --help shows an option: what it takes, and what holds without it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace mapscope::cli {

/// Defaults that are configuration keys are looked up there when help is asked for, and not before.
/// Lines fit a terminal of 80 columns.
class Help final : public CLI::Formatter {
public:
  /// Without CLI11's dots behind an option that takes one value each time, and the like.
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_usage(const CLI::Option* option) const override;
  std::string make_usage(const CLI::App* command, std::string name) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

/// The option is the configuration key `key` by another name.
void stands_for(CLI::Option* option, const std::string& key);

} // namespace mapscope::cli
