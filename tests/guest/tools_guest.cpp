// SPDX-License-Identifier: Apache-2.0
#include "tools_guest.hpp"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sstream>

namespace mapscope::guest {

namespace {

/// What follows the first word, if that is it.
std::optional<std::string> behind(const std::string& word, const std::string& line) {
  if (!line.starts_with(word + " ")) return std::nullopt;
  return line.substr(word.size() + 1);
}

/// bpftool -j batch: a list of commands and what each put out.
void take_dumps(rapidjson::Document& text, std::map<unsigned, rapidjson::Value>& dumps) {
  ASSERT_TRUE(text.IsArray());
  for (auto& one : text.GetArray()) {
    const auto& words = one["command"];
    if (words.Size() == 4 && one.HasMember("output") && one["output"].IsArray())
      dumps[static_cast<unsigned>(std::stoul(words[3].GetString()))] = one["output"].Move();
  }
}

/// A tool's name, and ids.
void take_maps(const std::string& line, std::map<unsigned, std::string>& holders) {
  std::istringstream words(line);
  std::string tool;
  words >> tool;
  for (unsigned id = 0; words >> id;) holders.emplace(id, tool);
}

void take(ToolsGuest& guest, const std::string& line) {
  if (const auto name = behind("runs", line)) guest.running.push_back(*name);
  if (const auto name = behind("ended", line)) guest.ended.push_back(*name);
  if (const auto text = behind("holds", line)) take_maps(*text, guest.holders);
  if (const auto text = behind("maps", line)) guest.maps = parse(*text);
  if (const auto text = behind("before", line)) guest.before_text = parse(*text);
  if (const auto text = behind("after", line)) guest.after_text = parse(*text);
  if (const auto text = behind("symbol", line)) guest.symbols.add(*text);
}

std::unique_ptr<ToolsGuest> read_guest() {
  const char* const folder = std::getenv("MAPSCOPE_TOOLS");
  if (folder == nullptr) return nullptr;
  auto guest = std::make_unique<ToolsGuest>();
  guest->folder = folder;
  std::istringstream lines(read_file(guest->folder / "statement"));
  for (std::string line; std::getline(lines, line);) take(*guest, line);
  guest->symbols.settle();
  take_dumps(guest->before_text, guest->before);
  take_dumps(guest->after_text, guest->after);
  return guest;
}

} // namespace

void Symbols::add(const std::string& line) {
  std::istringstream words(line);
  std::uint64_t address = 0;
  std::string type, name;
  if (words >> std::hex >> address >> type >> name && address != 0) all_.emplace_back(address, name);
}

void Symbols::settle() {
  for (const auto& [address, name] : all_) {
    std::string& first = names_[address];
    if (first.empty() || name < first) first = name;
  }
  for (const auto& [address, name] : all_) {
    const auto [found, is_new] = alike_.emplace(name, names_[address]);
    if (!is_new) found->second = std::min(found->second, names_[address]);
  }
}

std::string Symbols::at(std::uint64_t address) const {
  const auto next = names_.upper_bound(address);
  const bool is_known = next != names_.begin() && next != names_.end();
  return is_known ? alike(std::prev(next)->second) : "";
}

std::string Symbols::alike(const std::string& name) const {
  const auto found = alike_.find(name);
  return found != alike_.end() ? found->second : name;
}

std::string ToolsGuest::tool_of(const rapidjson::Value& map) const {
  const auto holder = holders.find(map["id"].GetUint());
  return holder != holders.end() ? holder->second : "(nobody)";
}

const rapidjson::Value* ToolsGuest::find(const std::string& tool, const std::string& name,
                                         const std::string& type) const {
  for (const auto& map : maps.GetArray())
    if (tool_of(map) == tool && (name.empty() || name == map["name"].GetString()) &&
        (type.empty() || type == map["type"].GetString()))
      return &map;
  return nullptr;
}

const ToolsGuest* tools_guest() {
  static const std::unique_ptr<ToolsGuest> guest = read_guest();
  EXPECT_NE(guest, nullptr) << "MAPSCOPE_TOOLS names no guest; ./dev test boots it";
  return guest.get();
}

std::optional<std::string> raw_bytes(const rapidjson::Value& list) {
  if (!list.IsArray()) return std::nullopt;
  std::string bytes;
  for (const auto& byte : list.GetArray()) {
    if (!byte.IsString()) return std::nullopt;
    bytes += static_cast<char>(std::stoul(byte.GetString(), nullptr, 16));
  }
  return bytes;
}

std::string json_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

} // namespace mapscope::guest
