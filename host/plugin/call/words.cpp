// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/words.hpp"

#include "host/plugin/call/budget.hpp"
#include "host/plugin/call/environment.hpp"

#include "host/base/utf8.hpp"
#include "host/plugin/call/decoded_rows.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <mapscope/contract.hpp>

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::size_t longest_note = 400, most_notes = 8;
constexpr std::size_t longest_finding = 1000, most_findings = 64;
constexpr unsigned most_debug_lines = 1000;
constexpr const char* no_word = "its plugin does not say why";

std::string_view cut(const char* text, std::size_t most) { return {text, ::strnlen(text, most)}; }

} // namespace

int Words::misuse(const std::string& what) {
  bug_ = true;
  (void)note(MSC_EINVAL, ("plugin bug: " + what).c_str());
  return MSC_EINVAL;
}

int Words::use_for_note(const char* text) {
  return task_.budget.emit(1 + (text == nullptr ? 0 : ::strnlen(text, longest_note))) ? MSC_OK : MSC_STOP;
}

bool Words::keep(std::string said, Notes& notes) {
  if (notes.has_more || std::ranges::find(notes.texts, said) != notes.texts.end()) return false;
  if (notes.texts.size() < most_notes)
    notes.texts.push_back(std::move(said));
  else
    notes.has_more = true;
  return true;
}

/// One without a word is as good as none where nothing went wrong.
int Words::note(int rc, const char* text) {
  if (const auto problem = contract::note_problem(rc); !problem.empty()) return misuse(problem);
  const std::string_view spelled = cut(text, longest_note);
  std::string said = valid_utf8(spelled);
  if (rows_ != nullptr && rows_->is_in_each() && rc == MSC_EFAIL) return rows_->failed_because(said), MSC_OK;
  const bool is_first_gap = rc == MSC_EFAULT && !gaps_, is_first_failure = rc == MSC_EFAIL && !fails_;
  gaps_ = gaps_ || rc == MSC_EFAULT, fails_ = fails_ || rc == MSC_EFAIL;
  Notes& notes = rc < MSC_OK ? problems_ : rc > MSC_OK ? limits_ : remarks_;
  const bool is_empty = said.find_first_not_of(" \t\r\n") == said.npos;
  const bool is_kept = (!is_empty || rc < MSC_OK) && keep(is_empty ? no_word : std::move(said), notes);
  if (task_.delivery != nullptr && (is_kept || is_first_gap || is_first_failure))
    task_.delivery->note(rc, spelled);
  return MSC_OK;
}

int Words::finding(std::uint32_t severity, const char* text) {
  constexpr const char* names[] = {"error", "warning", "info"}; // enum msc_severity
  if (severity >= std::size(names)) return misuse(fmt::format("finding() of unknown severity {}", severity));
  if (findings_.size() == most_findings) return MSC_OK;
  if (task_.delivery != nullptr) task_.delivery->finding(severity, cut(text, longest_finding));
  const auto map = task_.is_kernel_target() ? std::nullopt : std::optional(task_.map.id);
  findings_.push_back({names[severity], map, valid_utf8(cut(text, longest_finding))});
  return MSC_OK;
}

/// For the plugin's author, on the way that messages go.
int Words::debug(const char* text) {
  if (++debug_lines_ > most_debug_lines) return MSC_OK;
  const std::string_view said = cut(text, longest_note);
  if (task_.delivery != nullptr) return task_.delivery->debug(said), MSC_OK;
  if (task_.environment.tell_author == nullptr) return MSC_OK;
  const std::string about =
      task_.is_kernel_target() ? task_.choice().why : fmt::format("map {}", task_.map.id);
  task_.environment.tell_author(
      fmt::format("{}, {}: {}", task_.choice().plugin->tag(), about, printable(said, longest_note)));
  return MSC_OK;
}

bool Words::says_why() const { return !problems_.texts.empty() && problems_.texts.front() != no_word; }

std::vector<std::string> Words::said(const Notes& notes) {
  auto list = notes.texts;
  if (notes.has_more) list.emplace_back("more notes of its plugin are left out");
  return list;
}

} // namespace mapscope::plugin
