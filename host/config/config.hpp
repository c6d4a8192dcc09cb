// SPDX-License-Identifier: Apache-2.0
// The configuration in force as one typed, validated record. TOML in, plain values out.
//
// Refuses: unknown keys and wrong types (an error names file, line and the nearest valid key), and to guess
// units. Thread rule: plain values after load().
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mapscope::config {

/// Where a value was set, for messages: "configs/x.toml:12", "--set", "default".
using Origin = std::string;

struct Budget {
  /// Of all maps together; what is left of it limits the next.
  struct Report {
    std::uint64_t ms = 3'600'000;
    std::uint64_t entries = 1'000'000'000;
    std::uint64_t read_bytes = 1ULL << 40;
    std::uint64_t emit_bytes = 1ULL << 40;
  };

  std::uint64_t ms = 10'000;             ///< wall time per map, without waiting for whoever reads the report
  std::uint64_t entries = 10'000'000;    ///< rows a plugin may emit per map
  std::uint64_t read_bytes = 4ULL << 30; ///< bytes a plugin may read per map
  std::uint64_t emit_bytes = 1ULL << 30; ///< bytes of keys and values a plugin may emit per map
  std::uint64_t memory = 512ULL << 20;   ///< bytes a worker process may take beyond what it begins with
  std::uint32_t nesting = 16;            ///< objects and lists a plugin may have open at a time
  Report report;
};

/// A budget where only what was written is set.
struct PartialBudget {
  std::optional<std::uint64_t> ms, entries, read_bytes, emit_bytes;
};

/// An option for a plugin; checked against the plugin's manifest by the plugin module.
struct PluginOption {
  std::variant<bool, std::int64_t, std::string> value;
  Origin origin;
};
using PluginOptions = std::map<std::string, PluginOption>;

/// [map."GLOB"]: what a person decided about maps by name. The first matching rule of the last file wins.
struct MapRule {
  std::string glob;
  std::optional<std::string> use; ///< plugin id
  PartialBudget budget;
  PluginOptions options;
  std::optional<std::uint64_t> limit;
  std::optional<std::string> key_type, value_type; ///< "struct key", before what the map itself declares
  Origin origin;                                   ///< of the rule: where its last key was set
  std::map<std::string, Origin> origins;           ///< of each key: "use", "budget.ms"
  [[nodiscard]] const Origin& origin_of(const std::string& key) const {
    const auto found = origins.find(key);
    return found != origins.end() ? found->second : origin;
  }
};

struct Plugins {
  std::vector<std::string> search; ///< directories; $ORIGIN = where the program is
  std::string isolate = "out-of-tree";
  std::vector<std::string> allow, deny; ///< ids (globs); allow empty = all
  std::vector<std::string> prefer;      ///< ids; settles ties, earlier wins
  std::vector<std::string> libraries;   ///< DT_NEEDED names allowed beyond the built-in list
  bool newest_wins = false; ///< the same id twice: take the newer version first instead of refusing both
};

struct Report {
  std::uint64_t limit = 4096; ///< entries shown per map, 0 = all
  static constexpr std::uint32_t deepest = 32;
  std::uint32_t array_elements = 4096; ///< 0 = all
  std::uint32_t depth = deepest;
  std::uint64_t nodes = 1'000'000; ///< values shown per map entry
  std::uint64_t inside = 0;        ///< objects behind the pointers of one entry, elements of a list; 0 = all
  std::string arena_bytes = "array";
  std::string big_numbers = "number";
  std::string kernel_pointers = "safe"; ///< which are followed: "safe" or "typed"
};

/// Of sources that must be unpacked.
struct Memory {
  std::uint64_t resident = 256ULL << 20; ///< unpacked bytes that lie in memory at a time
};

struct Config {
  std::vector<std::string> types; ///< files; those that a file names beside itself are found from anywhere
  Memory memory;
  Plugins plugins;
  Report report;
  Budget budget;
  std::vector<MapRule> maps;                    ///< in order of decreasing precedence
  std::map<std::string, PluginOptions> options; ///< [plugin."ID"]
};

/// One line of `mapscope config show`: a dotted key, its value as TOML, and where it was set. A value is a
/// number, true or false, a string, or a list of strings, which JSON spells alike (config::quoted()).
struct Setting {
  std::string key, value;
  Origin origin;
};

struct Loaded {
  Config config;
  std::vector<Setting> settings; ///< every key, in the order of configs/default.toml
};

/// Built-in defaults, then `files` in order (later wins), then `sets` ("KEY=VALUE", TOML values; a bare word
/// is a string). Errors are of code usage, one sentence with file and line.
Result<Loaded> load(std::span<const std::string> files, std::span<const std::string> sets);

} // namespace mapscope::config
