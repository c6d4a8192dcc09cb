// SPDX-License-Identifier: Apache-2.0
// A guest in which Debian's tools run, and what bpftool and /proc/kallsyms said inside: tests/guest/tools.
#pragma once

#include "captures.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <rapidjson/document.h>
#include <string>
#include <vector>

namespace mapscope::guest {

/// /proc/kallsyms; of several names of one address the first in the alphabet stands for all.
class Symbols {
public:
  void add(const std::string& line);
  void settle();
  [[nodiscard]] std::string at(std::uint64_t address) const;
  /// The one that stands for it.
  [[nodiscard]] std::string alike(const std::string& name) const;

private:
  std::map<std::uint64_t, std::string> names_;
  std::vector<std::pair<std::uint64_t, std::string>> all_;
  std::map<std::string, std::string> alike_;
};

struct ToolsGuest {
  std::filesystem::path folder;
  std::vector<std::string> running, ended; ///< command lines, and what those said that ended
  std::map<unsigned, std::string> holders; ///< what has a map open, by its id: "opensnoop"
  rapidjson::Document maps;                ///< bpftool -j map show
  /// bpftool -j map dump, by id: before the memory was saved, and behind it.
  std::map<unsigned, rapidjson::Value> before, after;
  Symbols symbols;

  [[nodiscard]] std::filesystem::path vmcore() const { return folder / "vmcore"; }
  /// "(nobody)": a tool keeps it by a program alone, or it is bpftool's own.
  [[nodiscard]] std::string tool_of(const rapidjson::Value& map) const;
  /// The map of that name that the tool has, or of that type.
  [[nodiscard]] const rapidjson::Value* find(const std::string& tool, const std::string& name,
                                             const std::string& type = "") const;

  rapidjson::Document before_text, after_text; ///< which the elements are in
};

/// From MAPSCOPE_TOOLS; fails the test where there is none.
const ToolsGuest* tools_guest();

/// ["0x01","0x02"] as bpftool has it; nothing for all else, as the errors of look-ups.
std::optional<std::string> raw_bytes(const rapidjson::Value& list);
std::string json_of(const rapidjson::Value& value);

} // namespace mapscope::guest
