// SPDX-License-Identifier: Apache-2.0
// Running a program as a person would, and what it said.
//
// Knows nothing of the host's code: tests of the built program link this and not what they test. Refuses to
// wait for ever: a program that is not done in time is ended by a signal. Thread rule: any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mapscope::test {

/// A folder that goes away with the object.
class Scratch {
public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
  /// Writes a file into the folder; its path.
  std::string file(const std::string& name, const std::string& content) const;

private:
  std::filesystem::path folder_;
};

struct Ran {
  int exit_code = -1; ///< 128 + N when signal N ended it
  std::string out, err;
};

struct Streams {
  std::string out = "";    ///< standard output goes to this file, such as /dev/full; "" = Ran::out
  bool out_closed = false; ///< there is no standard output
  unsigned seconds = 600;  ///< then the program is ended
};

/// Runs the program with these words and waits.
Ran run_program(const std::string& program, const std::vector<std::string>& words,
                const Streams& streams = {});

std::string read_file(const std::filesystem::path& path);

} // namespace mapscope::test
