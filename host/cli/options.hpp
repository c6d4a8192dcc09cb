// SPDX-License-Identifier: Apache-2.0
// What the command line said, as plain records.
#pragma once

#include "host/pipeline/setup.hpp"
#include "host/pipeline/source_input.hpp"
#include "host/pipeline/wanted_entries.hpp"
#include "host/report/writer.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::cli {

/// What every command that reads configuration takes.
using CommonOptions = pipeline::SetupInput;

/// Of commands that write text, or JSON on one line, or indented.
enum class JsonForm : std::uint8_t { none, line, pretty };

struct SourceOptions : CommonOptions, pipeline::SourceInput {};

struct DumpOptions : SourceOptions {
  std::vector<std::string> maps;     ///< --map SPEC
  std::vector<std::string> not_maps; ///< --not-map SPEC
  std::optional<std::uint32_t> task; ///< --task PID
  pipeline::WantedEntries entries;   ///< --where, --key, --sort, --top
  std::string fold;                  ///< --fold[=MEMBER]; "true": the only one, "": not asked for
  std::string only;                  ///< --only ID, a plugin's; "" = any
  report::Format format = report::Format::text;
  bool pretty = false;
  std::string color = "auto";        ///< "auto", "always" or "never"
  std::string output;                ///< "" = standard output
  std::optional<std::int64_t> limit; ///< not negative; TOML's numbers are signed
  std::optional<std::string> isolate;
  unsigned jobs = 0; ///< 0 = the CPUs available
  bool strict = false;
  bool full = false, zeros = false, no_pager = false; ///< text
};

struct GetOptions : DumpOptions {
  std::array<std::optional<std::string>, 4> words; ///< [SOURCE] MAP [KEY] [PATH]
  JsonForm json = JsonForm::none;
};

struct WatchOptions : DumpOptions {
  double interval = 1;     ///< seconds
  std::uint64_t count = 0; ///< reports after the first; 0: until it is ended
  bool json = false;
};

struct ReportOptions : DumpOptions {
  std::string file; ///< "-" = standard input
};

struct DiffOptions : DumpOptions {
  std::array<std::string, 2> sides;
  bool json = false;
};

struct PluginsListOptions : CommonOptions {
  std::vector<std::string> directories;
  JsonForm json = JsonForm::none;
};

struct PluginsVerifyOptions : SourceOptions {
  PluginsVerifyOptions() { sources.clear(); } // only if one is named
  std::string file;
  bool any_owner = false; ///< who owns the file does not matter: it is looked at where it was built
  bool quiet = false;     ///< nothing is said of a file that may be loaded
};

struct PluginsCheckOptions : SourceOptions {
  PluginsCheckOptions() { sources.clear(); } // only if one is named
  std::string file;
  unsigned seconds = 20; ///< for each rule
};

struct PluginsNewOptions {
  std::string name, directory; ///< directory "": one called like the plugin
  /// Of a decoder: which values it is for, patterns as in an attach line; all "": maps called like the
  /// plugin.
  std::string value_type, map_type, map_name;
  bool kernel = false, allocator = false; ///< no decoder, but one of these
};

/// Exit codes, a contract of the command line.
enum ExitCode : int { exit_ok = 0, exit_no_report = 1, exit_usage = 2, exit_strict = 3 };

int dump(const DumpOptions& options);
/// Of `options` source and filter. explain: also who else claims each map, and who was passed over.
int maps(const DumpOptions& options, JsonForm json, bool explain);
int fold(const DumpOptions& options);
int get(const GetOptions& options);
int watch(const WatchOptions& options);
int report(const ReportOptions& options);
int diff(const DiffOptions& options);
int info(const SourceOptions& options, JsonForm json);
int plugins_list(const PluginsListOptions& options);
int plugins_verify(const PluginsVerifyOptions& options);
int plugins_check(const PluginsCheckOptions& options);
int plugins_new(const PluginsNewOptions& options);
int config_show(const CommonOptions& options, JsonForm json);

} // namespace mapscope::cli
