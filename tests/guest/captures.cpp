// SPDX-License-Identifier: Apache-2.0
#include "captures.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <rapidjson/error/en.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::guest {

namespace fs = std::filesystem;

std::vector<Capture> captures() {
  std::vector<Capture> list;
  const char* text = std::getenv("MAPSCOPE_CAPTURES");
  std::istringstream words(text != nullptr ? text : "");
  for (std::string word; std::getline(words, word, ',');)
    if (const std::size_t equal = word.find('='); equal != std::string::npos)
      list.push_back({word.substr(0, equal), word.substr(equal + 1)});
  return list;
}

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "mapscope-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

namespace {

bool redirect(int descriptor, const std::string& file) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return opened >= 0 && ::dup2(opened, descriptor) == descriptor;
}

} // namespace

Ran run(const std::vector<std::string>& words, const std::string& program) {
  const Scratch scratch;
  const std::string out = scratch / "out", err = scratch / "err";
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    // Not freopen: it would write what this process still has buffered once more.
    if (!redirect(STDOUT_FILENO, out) || !redirect(STDERR_FILENO, err)) ::_exit(126);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
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

const rapidjson::Value* map_by_id(const rapidjson::Document& report, unsigned id) {
  for (const auto& map : report["maps"].GetArray())
    if (map["id"].GetUint() == id) return &map;
  return nullptr;
}

std::string without_blanks(const char* hex) {
  std::string text = hex;
  std::erase(text, ' ');
  return text;
}

} // namespace mapscope::guest
