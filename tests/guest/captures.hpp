// SPDX-License-Identifier: Apache-2.0
// The captured guests, and running mapscope on them as a person would.
#pragma once

#include "tests/support/run_program.hpp"

#include <filesystem>
#include <rapidjson/document.h>
#include <string>
#include <vector>

namespace mapscope::guest {

struct Capture {
  std::string name; ///< "6.12-noinfo"
  std::filesystem::path folder;
  [[nodiscard]] std::filesystem::path vmcore() const { return folder / "vmcore"; }
};

/// From MAPSCOPE_CAPTURES (NAME=DIR,...). Empty when it is not set, which every test must treat as a failure.
std::vector<Capture> captures();
/// Of guests that run a scheduler, from MAPSCOPE_SCHEDULERS; these have none of the other guests' maps.
std::vector<Capture> scheduler_captures();

/// In which mapscope has looked at the running kernel, from MAPSCOPE_LIVE; what it wrote lies beside the
/// rest.
std::vector<Capture> live_guests();
/// Of guests that were saved twice, as `before` and `after`, from MAPSCOPE_TWICE.
std::vector<Capture> twice_captured();

using test::Ran;
using test::read_file;
using test::Scratch;

/// Runs mapscope (or `program`) with these words and waits.
Ran run(const std::vector<std::string>& words, const std::string& program = MAPSCOPE_PROGRAM);

/// Parses or fails the test; an empty document then.
rapidjson::Document parse(const std::string& json);
/// `mapscope dump SOURCE -j` with more words, parsed.
rapidjson::Document dump(const std::filesystem::path& source, const std::vector<std::string>& more = {});

/// Whether the guest's kernel has maps of that type, as "arena".
bool knows_map_type(const Capture& capture, const std::string& type);
/// The map with that id, or null.
const rapidjson::Value* map_by_id(const rapidjson::Document& report, unsigned id);
/// The first map with that name, or null.
const rapidjson::Value* map_by_name(const rapidjson::Document& report, const std::string& name);
/// "de ad" -> "dead"
std::string without_blanks(const char* hex);

} // namespace mapscope::guest
