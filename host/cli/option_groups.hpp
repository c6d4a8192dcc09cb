// SPDX-License-Identifier: Apache-2.0
// The options that several commands take, and where their words go.
//
// Thread rule: one thread, before any command runs.
#pragma once

#include "host/cli/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace mapscope::cli {

/// Everything the command line can fill, whichever command it names.
struct Words {
  DumpOptions dump;
  PluginsListOptions list;
  PluginsVerifyOptions verify;
  PluginsNewOptions create;
  PluginsCheckOptions check;
  GetOptions get;
  WatchOptions watch;
  ReportOptions report;
  DiffOptions diff;
  std::string format_word, log_level;
  bool json = false, verbose_twice = false;
  int verbose = 0;
  bool quiet = false;
};

/// CLI11 would take what is too large for the largest number, and speaks of others in words of its own.
std::function<std::string(const std::string&)> number_from(std::int64_t least, std::int64_t most);
/// A variable of a shell that is not set leaves a word that names nothing: that is refused.
CLI::Option* named(CLI::Option* option);

void add_messages(CLI::App& app, Words& words);
/// --config and --set.
void add_settings(CLI::App& app, CommonOptions& options);
/// Repeatable options take one word each time, or `--set a=1 vmcore` would swallow the source.
void add_common(CLI::App& app, CommonOptions& options, Words& words);
/// How a source is opened, without the source itself.
void add_opening(CLI::App& app, SourceOptions& options, Words& words);
/// Both; `text` says what is done with the source. "": what it may be.
CLI::Option* add_source(CLI::App& app, SourceOptions& options, Words& words, const char* text = "");
void add_json(CLI::App& app, Words& words);
JsonForm json_form(const Words& words);
void add_filter(CLI::App& app, DumpOptions& options, const char* text);

} // namespace mapscope::cli
