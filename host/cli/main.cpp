// SPDX-License-Identifier: Apache-2.0
// The command line, word by word; each command's work is in a file of its own.
#include "host/base/ending.hpp"
#include "host/cli/dump_options.hpp"
#include "host/cli/help.hpp"
#include "host/cli/inputs.hpp"
#include "host/cli/message.hpp"
#include "host/cli/option_groups.hpp"
#include "host/cli/print.hpp"
#include "host/cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <new>
#include <sstream>
#include <unistd.h>

namespace mapscope::cli {

namespace {

void add_get(CLI::App& app, Words& words, std::function<int()>& run) {
  auto* get_command = app.add_subcommand("get", "one value of a map: of a key, a member of it, or all of it");
  GetOptions& options = words.get;
  // One each: CLI11 would take [1,2] apart where it fills a list.
  auto* said = get_command->add_option(
      "[SOURCE] MAP [KEY] [PATH]", options.words[0],
      "MAP: a name, id:N or kernel:NAME. KEY: a number, text, JSON, or the key's members separated by "
      "commas; of "
      "storage the pid of its task. PATH: members, such as stats.nr or list[3].next.pid, through pointers; "
      "of "
      "per-CPU values the CPU first. SOURCE: live or nothing: this machine; qmp:SOCKET; a file. For several "
      "entries: dump --where");
  said->required()->option_text(" ");
  for (std::size_t i = 1; i < options.words.size(); ++i)
    get_command->add_option(fmt::format("WORD{}", i), options.words[i])->group("");
  add_opening(*get_command, options, words), add_json(*get_command, words);
  get_command->callback([&] {
    run = [&] {
      options.json = json_form(words);
      return get(options);
    };
  });
}

/// CLI11's own lets through what is no number.
std::function<std::string(const std::string&)> seconds_up_to(double most) {
  return [=](const std::string& text) -> std::string {
    double seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, seconds);
    if (error == std::errc{} && rest == end && seconds >= 0 && seconds <= most) return "";
    return fmt::format("\"{}\" is no number of seconds from 0 to {}", text, most);
  };
}

void add_watch(CLI::App& app, Words& words, std::function<int()>& run) {
  auto* command = app.add_subcommand("watch", "the same report again and again, as what changed, and rates");
  WatchOptions& options = words.watch;
  add_source(*command, options, words);
  add_filter(*command, options,
             "only these maps: id:N, type:NAME, prog:NAME, else a glob on the name, and parts of the kernel: "
             "kernel:NAME; may be given again");
  command
      ->add_option("--interval", options.interval, "seconds from the begin of a report to that of the next")
      ->type_name("S")
      ->default_str("1")
      ->check(seconds_up_to(86400));
  command->add_option("--count", options.count, "end after so many reports beyond the first")
      ->type_name("N")
      ->default_str("until it is interrupted")
      ->check(number_from(1, std::numeric_limits<std::int64_t>::max()));
  auto* limit = command->add_option("--limit", options.limit, "entries compared per map; 0 = no limit")
                    ->type_name("N")
                    ->check(number_from(0, std::numeric_limits<std::int64_t>::max()));
  stands_for(limit, "report.limit");
  command->add_flag("-j,--json", options.json, "one JSON object per report, each on a line");
  command->callback([&] {
    run = [&] {
      options.opening.in_place = true;
      return watch(options);
    };
  });
}

void add_diff(CLI::App& app, Words& words, std::function<int()>& run) {
  auto* command = app.add_subcommand(
      "diff", "what two reports differ in, or two sources (exit 0: nothing, 1: something)");
  DiffOptions& options = words.diff;
  constexpr const char* what = "a report that dump -j or -p wrote (-: standard input), or any SOURCE";
  named(command->add_option("A", options.sides[0], what))->required();
  named(command->add_option("B", options.sides[1], "the same, which came after it"))->required();
  command->add_flag("-j,--json", options.json, "one JSON object");
  auto* limit = command->add_option("--limit", options.limit, "entries per map of a SOURCE; 0 = no limit")
                    ->type_name("N")
                    ->check(number_from(0, std::numeric_limits<std::int64_t>::max()));
  stands_for(limit, "report.limit");
  add_opening(*command, options, words);
  command->callback([&] { run = [&] { return diff(options); }; });
}

int run_maps(Words& words) {
  words.dump.opening.in_place = true;
  return maps(words.dump, json_form(words), words.verbose > 0);
}

int run_info(Words& words) {
  words.dump.opening.in_place = true;
  return info(words.dump, json_form(words));
}

void add_verify(CLI::App& plugins, Words& words, std::function<int()>& run) {
  auto* verify = plugins.add_subcommand("verify", "the verifier's log for one file; nothing is executed");
  named(verify->add_option("FILE", words.verify.file, "a plugin: a shared library with a manifest"))
      ->required();
  named(verify->add_option("SOURCE", words.verify.sources,
                           "also look for what it needs in this kernel (rule K1); without that it stands "
                           "aside there, and the exit code is 1"));
  verify->add_flag("--any-owner", words.verify.any_owner, "do not ask who owns the file, as in a build");
  add_common(*verify, words.verify, words);
  verify->callback([&] {
    run = [&] {
      words.verify.quiet = words.quiet;
      return plugins_verify(words.verify);
    };
  });
}

void add_check(CLI::App& plugins, Words& words, std::function<int()>& run) {
  auto* check = plugins.add_subcommand(
      "check", "the conformance suite every plugin must pass, with SOURCE also there; runs it");
  named(check->add_option("FILE", words.check.file, "a plugin: a shared library with a manifest"))
      ->required();
  auto* source = add_source(
      *check, words.check, words,
      "also on the maps, allocators and parts of the kernel that it would get of this kernel's memory, in "
      "worker processes (rules P13 to P17), as dump chooses with FILE beside the plugins that it finds; in "
      "any "
      "of the forms that dump reads");
  for (const char* option : {"--vmlinux", "--btf", "--symbols", "--vmcoreinfo", "--zero-excluded", "--layout",
                             "--force", "--kernel"})
    check->get_option(option)->needs(source);
  check->add_option("--seconds", words.check.seconds, "for each rule; then the plugin hangs")
      ->type_name("N")
      ->default_str(std::to_string(words.check.seconds))
      ->check(number_from(1, 3600));
  check->callback([&] { run = [&] { return plugins_check(words.check); }; });
}

/// Of decoders all that is given must hold; the others are no decoders.
void add_skeletons(CLI::App& create, PluginsNewOptions& options) {
  auto* value_type = named(create.add_option("--value-type", options.value_type,
                                             "a decoder of values of this type, such as \"struct task_ctx\""))
                         ->type_name("T");
  auto* map_type = named(create.add_option("--map-type", options.map_type,
                                           "a decoder of what is in maps of this type, such as hash"))
                       ->type_name("T");
  auto* map_name = named(create.add_option("--map-name", options.map_name,
                                           "a decoder of what is in maps whose name this glob fits"))
                       ->type_name("G")
                       ->default_str("NAME, if no option says what the plugin is for");
  auto* kernel =
      create.add_flag("--kernel", options.kernel, "a part of the kernel that is no map, called NAME");
  auto* allocator =
      create.add_flag("--allocator", options.allocator,
                      "an allocator in an arena: global variables of programs, of the type struct NAME");
  for (auto* other : {value_type, map_type, map_name}) kernel->excludes(other), allocator->excludes(other);
  kernel->excludes(allocator);
}

void add_new(CLI::App& plugins, Words& words, std::function<int()>& run) {
  auto* create = plugins.add_subcommand("new", "write a plugin's project, which builds and passes its test");
  create->add_option("NAME", words.create.name, "the plugin's, such as task_stats")->required();
  named(create->add_option("DIR", words.create.directory, "write it there"))->default_str("NAME");
  add_skeletons(*create, words.create);
  add_messages(*create, words);
  create->callback([&] { run = [&] { return plugins_new(words.create); }; });
}

/// Builds the commands; each leaves what to run in `run`.
void add_commands(CLI::App& app, Words& words, std::function<int()>& run) {
  auto* dump_command = app.add_subcommand("dump", "render every BPF map in SOURCE");
  add_dump(*dump_command, words);
  dump_command->callback([&] { run = [&] { return run_dump(words); }; });

  auto* maps_command =
      app.add_subcommand("maps", "one line per map or part of the kernel, and its renderer; -v: who else");
  add_source(*maps_command, words.dump, words), add_json(*maps_command, words);
  add_filter(*maps_command, words.dump,
             "only these maps: id:N, type:NAME, prog:NAME, else a glob on the name, and parts of the kernel: "
             "kernel:NAME; may be given again");
  maps_command->callback([&] { run = [&] { return run_maps(words); }; });

  add_get(app, words, run), add_watch(app, words, run), add_report(app, words, run);
  add_diff(app, words, run);

  auto* info_command = app.add_subcommand("info", "what SOURCE is");
  add_source(*info_command, words.dump, words), add_json(*info_command, words);
  info_command->callback([&] { run = [&] { return run_info(words); }; });

  auto* plugins = app.add_subcommand("plugins", "what plugins there are");
  plugins->require_subcommand(1);
  auto* list = plugins->add_subcommand(
      "list", "every plugin found; nothing is executed; JSON has all that manifests say");
  named(list->add_option("DIR", words.list.directories, "look here too"));
  add_common(*list, words.list, words), add_json(*list, words);
  list->callback([&] {
    run = [&] {
      words.list.json = json_form(words);
      return plugins_list(words.list);
    };
  });
  add_verify(*plugins, words, run), add_new(*plugins, words, run), add_check(*plugins, words, run);

  auto* config = app.add_subcommand("config", "the configuration");
  config->require_subcommand(1);
  auto* show = config->add_subcommand("show", "the configuration in force, and where each key came from");
  add_common(*show, words.list, words), add_json(*show, words);
  show->callback([&] { run = [&] { return config_show(words.list, json_form(words)); }; });
}

void add_version(CLI::App& app) {
  app.set_version_flag("-V,--version", "mapscope " MAPSCOPE_VERSION, "print the version");
  for (CLI::App* sub : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); }))
    add_version(*sub);
}

/// --help and --version: what they show goes to standard output, and whether it got there is told.
int show(const CLI::Success& asked, const CLI::App& app) {
  std::ostringstream text, nothing;
  app.exit(asked, text, nothing);
  StdoutStream stream;
  stream.append(text.str());
  return stream.finish();
}

/// A standard descriptor that is closed would be taken by the first file that is opened, and a report go
/// there. In its place comes one on which reading (or writing) fails as it would have.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); // the lowest free number is fd
}

/// Of whichever command it is; a file that was redirected to by mistake is not read as a dump either.
Result<void> check_standard_output(const Words& words) {
  if (!words.dump.output.empty() || !words.report.output.empty()) return {}; // their own check
  std::vector<Input> inputs = inputs_of(words.dump);
  std::ranges::copy(inputs_of(words.list), std::back_inserter(inputs));
  for (const SourceOptions* options :
       {static_cast<const SourceOptions*>(&words.verify), static_cast<const SourceOptions*>(&words.check),
        static_cast<const SourceOptions*>(&words.watch)})
    std::ranges::copy(inputs_of(*options), std::back_inserter(inputs));
  for (const std::string& file :
       {words.verify.file, words.check.file, words.report.file, words.diff.sides[0], words.diff.sides[1]})
    if (!file.empty()) inputs.push_back({"FILE", file});
  return check_output("", inputs);
}

int run(int argc, char** argv) {
  hold_standard_descriptors();
  set_up_endings();
  Words words;
  std::function<int()> command;
  CLI::App app("Shows every BPF map in a kernel's memory, with names and types.", "mapscope");
  app.formatter(std::make_shared<Help>());
  app.require_subcommand(1);
  add_commands(app, words, command);
  add_version(app);
  try {
    auto said = words_of(argc, argv);
    std::ranges::reverse(said); // as CLI11 takes them
    app.parse(std::move(said));
  } catch (const CLI::Success& shown) { // --help, --version
    set_up_messages(0, "");
    return show(shown, app);
  } catch (const CLI::ParseError& error) {
    set_up_messages(0, "");
    return usage_error(error, app);
  }
  set_up_messages(words.quiet ? -1 : words.verbose, words.log_level == "error" ? "err" : words.log_level);
  if (auto checked = check_standard_output(words); !checked) return complain(checked.error());
  return command();
}

} // namespace

} // namespace mapscope::cli

int main(int argc, char** argv) {
  try {
    return mapscope::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "mapscope: not enough memory, so there is no report; fewer --jobs take less\n");
    return mapscope::cli::exit_no_report;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mapscope: {}\n", error.what());
    return mapscope::cli::exit_no_report;
  }
}
