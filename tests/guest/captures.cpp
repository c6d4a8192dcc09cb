// SPDX-License-Identifier: Apache-2.0
#include "captures.hpp"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <rapidjson/error/en.h>
#include <sstream>

namespace mapscope::guest {

namespace fs = std::filesystem;

namespace {

/** A folder without a memory fails the test by its own name, and the tests of the others still run. */
bool lacks_memory(const Capture& capture) {
  if (fs::exists(capture.folder / "vmcore") || fs::exists(capture.folder / "after")) return false;
  ADD_FAILURE() << capture.name << ": there is no memory in '" << capture.folder.string() << "'";
  return true;
}

std::vector<Capture> captures_in(const char* variable) {
  std::vector<Capture> list;
  const char* text = std::getenv(variable);
  std::istringstream words(text != nullptr ? text : "");
  for (std::string word; std::getline(words, word, ',');)
    if (const std::size_t equal = word.find('='); equal != std::string::npos)
      list.push_back({word.substr(0, equal), word.substr(equal + 1)});
  std::erase_if(list, lacks_memory);
  return list;
}

} // namespace

std::vector<Capture> captures() { return captures_in("MAPSCOPE_CAPTURES"); }

std::vector<Capture> scheduler_captures() { return captures_in("MAPSCOPE_SCHEDULERS"); }

std::vector<Capture> live_guests() { return captures_in("MAPSCOPE_LIVE"); }

std::vector<Capture> twice_captured() { return captures_in("MAPSCOPE_TWICE"); }

Ran run(const std::vector<std::string>& words, const std::string& program) {
  return test::run_program(program, words);
}

rapidjson::Document parse(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  if (!document.HasParseError()) return document;
  ADD_FAILURE() << rapidjson::GetParseError_En(document.GetParseError()) << " at "
                << document.GetErrorOffset() << " near " << json.substr(document.GetErrorOffset(), 80);
  document.SetObject();
  return document;
}

rapidjson::Document dump(const fs::path& source, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"dump", source.string(), "-j"};
  words.insert(words.end(), more.begin(), more.end());
  const Ran done = run(words);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return parse(done.out);
}

bool knows_map_type(const Capture& capture, const std::string& type) {
  const auto guest = parse(read_file(capture.folder / "guest.json"));
  return std::ranges::none_of(guest["unknown_types"].GetArray(),
                              [&](const auto& unknown) { return unknown.GetString() == type; });
}

const rapidjson::Value* map_by_id(const rapidjson::Document& report, unsigned id) {
  for (const auto& map : report["maps"].GetArray())
    if (map["id"].GetUint() == id) return &map;
  return nullptr;
}

const rapidjson::Value* map_by_name(const rapidjson::Document& report, const std::string& name) {
  for (const auto& map : report["maps"].GetArray())
    if (map["name"].GetString() == name) return &map;
  return nullptr;
}

std::string without_blanks(const char* hex) {
  std::string text = hex;
  std::erase(text, ' ');
  return text;
}

} // namespace mapscope::guest
