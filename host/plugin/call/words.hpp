// SPDX-License-Identifier: Apache-2.0
// What a plugin says of its render, and what it does against the contract: note(), finding(), debug().
//
// Refuses: more than a few notes of each sort, and text that is no UTF-8. Thread rule: belongs to the thread
// that renders.
#pragma once

#include "host/plugin/call/task.hpp"
#include "host/report/writer.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mapscope::plugin {

class DecodedRows;

class Words {
public:
  explicit Words(const Task& task) : task_(task) {}

  int note(int rc, const char* text);
  /// What a note of the plugin's own costs.
  int use_for_note(const char* text);
  int finding(std::uint32_t severity, const char* text);
  int debug(const char* text);
  /// A helper was used against the contract: remembered for the report, MSC_EINVAL for the plugin.
  int misuse(const std::string& what);

  /// While these are walked, a failure told inside each() is of one element. Null: no more.
  void are_of(DecodedRows* rows) { rows_ = rows; }
  /// Part of the map is missing, though nobody said so.
  void mark_gap() { gaps_ = true; }
  void mark_bug() { bug_ = true; }

  [[nodiscard]] bool has_gaps() const { return gaps_; }
  /// The plugin has said why it fails, whatever it returns.
  [[nodiscard]] bool fails() const { return fails_; }
  [[nodiscard]] bool has_bug() const { return bug_; }
  /// One of its notes with a code of an error says more than the code.
  [[nodiscard]] bool says_why() const;
  [[nodiscard]] std::vector<std::string> problems() const { return said(problems_); }
  [[nodiscard]] std::vector<std::string> limits() const { return said(limits_); }
  [[nodiscard]] std::vector<std::string> remarks() const { return said(remarks_); }
  [[nodiscard]] std::vector<report::Finding> take_findings() { return std::move(findings_); }

private:
  /// Of either sort the first `most_notes`.
  struct Notes {
    std::vector<std::string> texts;
    bool has_more = false;
  };
  /// True when it is kept.
  static bool keep(std::string said, Notes& notes);
  static std::vector<std::string> said(const Notes& notes);

  const Task& task_;
  DecodedRows* rows_ = nullptr;
  Notes problems_, limits_, remarks_; ///< with a code of an error, MSC_STOP, MSC_OK
  std::vector<report::Finding> findings_;
  unsigned debug_lines_ = 0;
  bool gaps_ = false, fails_ = false, bug_ = false;
};

} // namespace mapscope::plugin
