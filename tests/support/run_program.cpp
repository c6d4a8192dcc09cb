// SPDX-License-Identifier: Apache-2.0
#include "tests/support/run_program.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace mapscope::test {

namespace fs = std::filesystem;

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "mapscope-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Scratch::file(const std::string& name, const std::string& content) const {
  const fs::path path = folder_ / name;
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
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

/// Not freopen: it would write what this process still has buffered once more.
bool set_up(const Streams& streams, const std::string& out, const std::string& err) {
  if (!redirect(STDERR_FILENO, err)) return false;
  return streams.out_closed ? ::close(STDOUT_FILENO) == 0 : redirect(STDOUT_FILENO, out);
}

} // namespace

Ran run_program(const std::string& program, const std::vector<std::string>& words, const Streams& streams) {
  const Scratch scratch;
  const std::string err = scratch / "err",
                    out = streams.out.empty() ? (scratch / "out").string() : streams.out;
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(streams.seconds); // outlives exec
    if (!set_up(streams, out, err)) ::_exit(126);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, streams.out.empty() && !streams.out_closed ? read_file(out) : "", read_file(err)};
}

} // namespace mapscope::test
