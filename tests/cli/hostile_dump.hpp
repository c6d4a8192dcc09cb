// SPDX-License-Identifier: Apache-2.0
// A report of a small kernel with the plugins of hostile/ and no others.
#pragma once

#include "tests/cli/mapscope.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <rapidjson/document.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace mapscope::cli_test {

namespace fs = std::filesystem;
using rapidjson::Document;
using rapidjson::Value;

/// A kernel with maps of the same shape, some of them victims by name. `torn` stands where one more would be,
/// and `program` where the first program would. `max_entries` is all of theirs.
inline std::string tiny_core(const std::vector<std::string>& names, const std::string& torn = "0",
                             const std::string& program = "0", unsigned max_entries = 100) {
  test::BtfBuilder types;
  test::add_kernel_types(types);
  std::vector<std::pair<unsigned, std::string>> slots;
  std::string objects;
  for (const std::string& name : names) {
    const auto id = static_cast<unsigned>(slots.size()) + 1;
    slots.emplace_back(id, name + "+0xffff888000000000");
    objects +=
        fmt::format("{0}: u32 1 4 8 {3} 0 {1} u64 0 text \"{0}\" zero {2} u64 0 u32 0 0 0 0 u64 1 1 0\n",
                    name, id, 16 - name.size(), max_entries);
  }
  slots.emplace_back(15, torn);
  const test::TextImage image(test::tiny_kernel_text(
      types, "maps: " + test::xa_node_text(slots) + "programs: " + test::xa_node_text({{1, program}}) +
                 "btfs: " + test::xa_node_text({}) + objects));
  return test::core_of(image).bytes();
}

/// Somebody who looks at the first page for that long.
inline Ran run_for_slow_reader(const Words& words, unsigned seconds) {
  Words all = {"-c", fmt::format(R"("$@" | (sleep {}; cat))", seconds), "sh", MAPSCOPE_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return test::run_program("/bin/sh", all, {.seconds = 60});
}

/// A report of that kernel with some of the plugins of hostile/.
class Dump {
public:
  explicit Dump(const std::vector<std::string>& plugins, const Words& more = {},
                const std::vector<std::string>& maps = {"first", "victim", "last"},
                unsigned reader_seconds = 0) {
    const Scratch scratch;
    const std::string core = scratch.file("core", tiny_core(maps));
    fs::create_directory(scratch / "plugins");
    for (const std::string& plugin : plugins) {
      const bool is_elsewhere = plugin.starts_with('/'); // made by the test
      const fs::path file = is_elsewhere ? fs::path(plugin) : fs::path(HOSTILE_PLUGINS) / (plugin + ".so");
      fs::copy_file(file, scratch / "plugins" / file.filename());
    }
    Words words = {"dump",
                   core,
                   "-j",
                   "--plugin-dir",
                   (scratch / "plugins").string(),
                   "--set",
                   "plugins.deny=[\"mapscope.builtin.*\"]"};
    words.insert(words.end(), more.begin(), more.end());
    ::prctl(PR_SET_CHILD_SUBREAPER, 1); // what the program leaves behind becomes a child of this one
    while (::waitpid(-1, nullptr, WNOHANG) > 0) { // another test's, ended together with its parent
    }
    const Ran ran = reader_seconds == 0 ? run(words) : run_for_slow_reader(words, reader_seconds);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
    EXPECT_EQ(errno, ECHILD);
    report_.Parse(ran.out.c_str());
    EXPECT_FALSE(report_.HasParseError()) << ran.out;
    err_ = ran.err;
  }

  [[nodiscard]] const Value& map(const std::string& name) const {
    static const Value none;
    if (!report_.IsObject()) return none;
    for (const auto& map : report_["maps"].GetArray())
      if (map["name"].GetString() == name) return map;
    ADD_FAILURE() << "no map " << name;
    return none;
  }
  [[nodiscard]] const std::string& err() const { return err_; }

private:
  Document report_;
  std::string err_;
};

inline const Dump& undisturbed() {
  static const Dump dump({"steady"});
  return dump;
}

inline Words mode_is(const std::string& mode, unsigned rows = 0) {
  const std::string option = "plugin.\"org.example.hostile\".";
  return {"--set", option + "mode=" + mode, "--set", fmt::format("{}rows={}", option, rows),
          "--set", "budget.ms=400",         "--set", "budget.memory=64M"};
}

inline std::string text_of(const Value& map, const char* key) {
  return map.HasMember(key) ? map[key].GetString() : "";
}

/// The first thing that is said of a map that lacks nothing.
inline std::string note_of(const Value& map) {
  return map.HasMember("notes") ? map["notes"][0].GetString() : "";
}

inline Words and_also(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

} // namespace mapscope::cli_test
