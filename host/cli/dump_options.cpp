// SPDX-License-Identifier: Apache-2.0
#include "host/cli/dump_options.hpp"

#include "host/cli/help.hpp"
#include "host/cli/option_groups.hpp"
#include "host/cli/usage.hpp"

#include <limits>

namespace mapscope::cli {

namespace {

/// In which format, and where to.
void add_writing(CLI::App& app, DumpOptions& options, Words& words) {
  auto* json = app.add_flag("-j,--json", words.json, "JSON on one line");
  auto* pretty = app.add_flag("-p,--pretty", options.pretty, "JSON, indented");
  auto* format =
      app.add_option(
             "--format", words.format_word,
             "the same choice spelled out; ndjson: a line of JSON per element, plain names "
             "and values; bpftool: as `bpftool -j map dump` prints each map, all of it; html: one page "
             "that any browser opens")
          ->default_str("text")
          ->check(one_of({"text", "json", "ndjson", "bpftool", "html"}));
  json->excludes(format), pretty->excludes(format);
  named(app.add_option("-o,--output", options.output,
                       "write there; a partial file never replaces a complete one, and no report replaces "
                       "what was given to read"))
      ->type_name("FILE")
      ->default_str("-, standard output");
  app.add_option("--color", options.color, "text in colours; auto: on a terminal, unless NO_COLOR is set")
      ->default_str("auto")
      ->check(one_of({"auto", "always", "never"}));
  app.add_flag(
      "--full", options.full,
      "text leaves nothing out: long runs of bytes, format strings, empty maps that are alike, and what is "
      "told in two places");
  app.add_flag("--zeros", options.zeros, "text also shows members and counters that are zero");
  app.add_flag("--no-pager", options.no_pager,
               "text on a terminal goes straight out, and not through $MAPSCOPE_PAGER, $PAGER or less");
}

void add_choice(CLI::App& app, pipeline::WantedEntries& wanted) {
  named(app.add_option("--where", wanted.where,
                       "only entries of maps, and records of ring buffers, stacks and slots, that satisfy "
                       "this: pid == 12 && (stats.hits > 1000 || comm ~ "
                       "\"kworker*\") && !dead. Members by path, through pointers, as get takes it: of the "
                       "value, else of what stands beside it (owner.pid), else of the key (or key.pid, key); "
                       "of per-CPU values on any CPU ([3].hits: on CPU 3). Numbers in decimal or 0x, text in "
                       "quotes, enumerators by name; == != < <= > >=, and ~ for globs. Exit code 2 where it "
                       "is no condition and where no "
                       "entry has such a member"))
      ->type_name("EXPR");
  named(app.add_option("--key", wanted.key,
                       "only entries with this key, as get takes it: a number, text, JSON, the key's members "
                       "separated by commas; of storage the pid of its task"))
      ->type_name("K");
  named(app.add_option("--sort", wanted.sort,
                       "entries (records, stacks, slots) in the order of this member, the largest first; of "
                       "per-CPU values by the sum "
                       "of all CPUs"))
      ->type_name("MEMBER");
  app.add_option("--top", wanted.top, "only the first N entries of each map; with --sort the largest")
      ->type_name("N")
      ->check(number_from(1, std::numeric_limits<std::int64_t>::max()));
}

/// A flag that may have a value: what follows it is SOURCE.
void add_fold(CLI::App& app, Words& words) {
  auto* fold = app.add_flag("--fold", words.dump.fold,
                            "of one map (--map) that holds ids of stacks: the stacks, as flame graphs are "
                            "drawn from, and the number "
                            "that its value has for each; --fold=MEMBER says which where there are several; "
                            "refused of maps without such ids or without a number that counts");
  for (const char* option :
       {"--json", "--pretty", "--format", "--full", "--zeros", "--limit", "--strict", "--task", "--only"})
    fold->excludes(app.get_option(option));
}

/// Of what add_writing() has taken.
void take_writing(DumpOptions& options, const Words& words) {
  if (options.output == "-" || options.output == "/dev/stdout") options.output.clear();
  if (words.json || options.pretty || words.format_word == "json") options.format = report::Format::json;
  if (words.format_word == "ndjson") options.format = report::Format::ndjson;
  if (words.format_word == "bpftool") options.format = report::Format::bpftool;
  if (words.format_word == "html") options.format = report::Format::html;
}

} // namespace

void add_dump(CLI::App& app, Words& words) {
  DumpOptions& options = words.dump;
  add_source(app, options, words);
  add_filter(app, options,
             "only these maps: id:N, type:NAME, prog:NAME, else a glob on the name, and parts of the kernel: "
             "kernel:NAME; may be given again. Of the programs text lists those that use them, JSON all");
  named(app.add_option("--task", options.task,
                       "only what belongs to this task: its rows of maps, and what the kernel has of it"))
      ->type_name("PID");
  add_choice(app, options.entries);
  named(app.add_option(
            "--only", options.only,
            "only what this plugin is the first choice for: maps, allocators and parts of the kernel; "
            "with --map, of those"))
      ->type_name("ID");
  add_writing(app, options, words);
  auto* isolate = app.add_option("--isolate", options.isolate, "which plugins run in worker processes")
                      ->check(one_of({"out-of-tree", "all", "none"}));
  stands_for(isolate, "plugins.isolate");
  auto* limit = app.add_option("--limit", options.limit,
                               "entries shown per map, whatever [map] rules say, and N things (at least 16) "
                               "inside each; 0 = no limit")
                    ->type_name("N")
                    ->check(number_from(0, std::numeric_limits<std::int64_t>::max()));
  stands_for(limit, "report.limit");
  app.add_option("--jobs", options.jobs, "maps rendered at the same time")
      ->type_name("N")
      ->default_str("the CPUs available")
      ->check(number_from(1, 1024));
  app.add_flag(
      "--strict", options.strict,
      "exit 3, and say why, when any map, allocator or part of the kernel in the report is less than "
      "complete, or part of the table of maps is lost");
  add_fold(app, words); // which asks for those above
}

int run_dump(Words& words) {
  DumpOptions& options = words.dump;
  take_writing(options, words);
  options.opening.threads = options.jobs, options.opening.in_place = true;
  return !options.fold.empty() ? fold(options) : dump(options);
}

void add_report(CLI::App& app, Words& words, std::function<int()>& run) {
  auto* command = app.add_subcommand("report", "a report that dump -j or -p wrote, in another format");
  ReportOptions& options = words.report;
  named(command->add_option("FILE", options.file, "the report; -: standard input"))->required();
  add_filter(*command, options,
             "only these maps: id:N, type:NAME, prog:NAME, else a glob on the name, and parts of the kernel: "
             "kernel:NAME; may be given again");
  add_writing(*command, options, words);
  command->add_option("--jobs", options.jobs, "maps written at the same time")
      ->type_name("N")
      ->default_str("the CPUs available")
      ->check(number_from(1, 1024));
  add_settings(*command, options), add_messages(*command, words);
  command->callback([&] {
    run = [&] {
      take_writing(options, words);
      return report(options);
    };
  });
}

} // namespace mapscope::cli
