// SPDX-License-Identifier: Apache-2.0
// Decides from a file's bytes whether it may be loaded, rule by rule, with a log in the manner of the BPF
// verifier.
//
// Works on a sealed copy (memfd), so what was verified is what is loaded. Establishes shape, identity and
// intent, not that the machine code is safe. Executes nothing of the file. Thread rule: functions are pure
// but for reading the file; results are plain values.
#pragma once

#include "host/base/result.hpp"
#include "host/plugin/verify/manifest.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::plugin {

/// An immutable copy of a file in memory, and the descriptor that names it for the loader. The descriptor
/// stays open for the life of the process: the dynamic loader identifies a library by the path
/// /proc/self/fd/N, and a reused N would return the wrong library.
class SealedFile {
public:
  /// The error's text is a clause about the file that leaves naming it to the caller.
  static Result<SealedFile> copy(const std::string& path);
  /// For a file that was refused: no loader has seen the descriptor, so its number may be used again.
  void discard();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

private:
  SealedFile(int fd, std::span<const std::byte> bytes) : fd_(fd), bytes_(bytes) {}
  int fd_;
  std::span<const std::byte> bytes_;
};

struct RuleResult {
  std::string rule; ///< "V4"
  enum class Verdict : std::uint8_t { pass, warning, fail } verdict = Verdict::pass;
  std::string text; ///< what was looked at and what was found
};

struct Verification {
  std::vector<RuleResult> log;      ///< in rule order, up to and including the first failure
  std::optional<Manifest> manifest; ///< present when the note could be parsed, also when a later rule fails
  std::string called;               ///< "ID VERSION", also where another line of the note is what is wrong
  [[nodiscard]] bool passed() const { return log.empty() || log.back().verdict != RuleResult::Verdict::fail; }
  /// The failing rule and its text as one clause, "" when it passed.
  [[nodiscard]] std::string reason() const;
};

struct Policy {
  std::vector<std::string> libraries; ///< DT_NEEDED allowed beyond the built-in list
  bool privileged = false;            ///< V1's ownership rules apply
};
/// privileged = the process runs with effective uid 0 or has elevated capabilities.
Policy default_policy();

/// V1 needs the path; the rest looks at the sealed bytes alone.
Verification verify(const std::string& path, std::span<const std::byte> bytes, const Policy& policy);
/// V2 to V11, for a library that is in no file.
Verification verify_bytes(std::span<const std::byte> bytes, const Policy& policy);

} // namespace mapscope::plugin
