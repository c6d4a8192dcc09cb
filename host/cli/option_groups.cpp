// SPDX-License-Identifier: Apache-2.0
#include "host/cli/option_groups.hpp"

#include "host/cli/usage.hpp"

#include <charconv>
#include <fmt/format.h>

namespace mapscope::cli {

void add_messages(CLI::App& app, Words& words) {
  // A function: several commands share the count, and CLI11 2.4 lets those that are not given set it to 0.
  app.add_flag_function(
      "-v,--verbose", [&](std::int64_t times) { words.verbose += static_cast<int>(times); },
      "say what is done (twice: everything)");
  app.add_flag("-q,--quiet", words.quiet, "say errors only");
  app.add_option("--log-level", words.log_level, "how much is said on stderr")
      ->default_str("warn")
      ->check(one_of({"off", "error", "warn", "info", "debug"}));
}

std::function<std::string(const std::string&)> number_from(std::int64_t least, std::int64_t most) {
  return [=](const std::string& text) -> std::string {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && rest == end && number >= least && number <= most) return "";
    return fmt::format("\"{}\" is no number from {} to {}", text, least, most);
  };
}

CLI::Option* named(CLI::Option* option) {
  return option->check([](const std::string& word) {
    return word.empty() ? "is empty; name what is meant, or leave it away" : "";
  });
}

void add_settings(CLI::App& app, CommonOptions& options) {
  named(app.add_option("--config", options.configs,
                       "TOML configuration; may be given again, later files override earlier ones"))
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", options.sets, "override one configuration key; may be given again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_common(CLI::App& app, CommonOptions& options, Words& words) {
  add_settings(app, options);
  named(app.add_option("--plugin-dir", options.plugin_dirs, "look for plugins here too; may be given again"))
      ->type_name("DIR")
      ->allow_extra_args(false);
  add_messages(app, words);
}

namespace {
constexpr const char* source_text =
    "live or nothing: this machine as it runs; qmp:SOCKET: a running QEMU guest; else a file with a "
    "kernel's memory: an ELF core, a kdump-compressed dump, a raw image of RAM, LiME or AVML; its format is "
    "found from its content; several "
    "files are the parts of one split dump";
} // namespace

CLI::Option* add_source(CLI::App& app, SourceOptions& options, Words& words, const char* text) {
  auto* source = named(app.add_option("SOURCE", options.sources, *text != 0 ? text : source_text));
  add_opening(app, options, words);
  return source;
}

void add_opening(CLI::App& app, SourceOptions& options, Words& words) {
  named(app.add_option("--vmlinux", options.overrides.vmlinux,
                       "ELF kernel: its symbols and BTF instead of the memory's"))
      ->type_name("FILE");
  named(app.add_option("--btf", options.overrides.btf, "BTF of the kernel, raw or in an ELF file"))
      ->type_name("FILE");
  named(app.add_option("--symbols", options.overrides.symbols, "System.map or a copy of /proc/kallsyms"))
      ->type_name("FILE");
  named(app.add_option("--vmcoreinfo", options.overrides.vmcoreinfo, "VMCOREINFO text instead of the dump's"))
      ->type_name("FILE");
  named(app.add_option("--types", options.types,
                       "types that programs do not carry, for key_type, value_type, payload_type and "
                       "record_type: an ELF object with .BTF, or raw BTF; may be given again"))
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--zero-excluded", options.opening.zero_excluded,
               "pages that the dump left out are zeros (for dumps made at level 1)");
  named(app.add_option(
            "--layout", options.opening.layout,
            "where the pieces of a raw image lie, in the order of the file, as 0-0xbfffffff,0x100000000-; "
            "without it the kernel in the image says"))
      ->type_name("RANGES");
  app.add_option("--via", options.opening.via,
                 "how this machine is looked into: its memory (peek, kcore), or look-ups "
                 "alone (bpf); the first that works")
      ->check(one_of({"peek", "kcore", "bpf"}));
  app.add_flag("--running", options.opening.running,
               "a guest (qmp:SOCKET) is not stopped while its memory is read, which takes shared RAM");
  app.add_flag("--force", options.overrides.force, "take these files though they are of another build");
  app.add_option("--kernel", options.overrides.kernel,
                 "of several kernels in one dump, the N-th that info lists")
      ->type_name("N")
      ->check(number_from(1, 256));
  add_common(app, options, words);
}

void add_json(CLI::App& app, Words& words) {
  app.add_flag("-j,--json", words.json, "JSON on one line");
  app.add_flag("-p,--pretty", words.dump.pretty, "JSON, indented");
}

JsonForm json_form(const Words& words) {
  if (words.dump.pretty) return JsonForm::pretty;
  return words.json ? JsonForm::line : JsonForm::none;
}

void add_filter(CLI::App& app, DumpOptions& options, const char* text) {
  app.add_option("--map", options.maps, text)->type_name("SPEC")->allow_extra_args(false);
  app.add_option("--not-map", options.not_maps, "not these, named in the same way; may be given again")
      ->type_name("SPEC")
      ->allow_extra_args(false);
}

} // namespace mapscope::cli
