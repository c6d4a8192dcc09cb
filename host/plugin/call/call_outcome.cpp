// SPDX-License-Identifier: Apache-2.0
// How a render ended: from what render() returned and what happened on the way.
#include "host/plugin/call/call.hpp"
#include "host/report/special_fields.hpp"
#include "host/target/target.hpp"

#include "host/base/counted.hpp"
#include "host/base/utf8.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/report/cut_reasons.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <linux/bpf.h>

using namespace mapscope;

std::string plugin::code_text(int rc) {
  switch (rc) {
  case MSC_EFAULT:
    return "MSC_EFAULT: memory that it reads cannot be read";
  case MSC_ENOENT:
    return "MSC_ENOENT: a type, member, key or CPU that it asks for is not there";
  case MSC_EINVAL:
    return "MSC_EINVAL: it misused a helper";
  case MSC_EFAIL:
    return "MSC_EFAIL: it cannot decode this";
  default:
    return fmt::format("it returned {}, which is no code of the interface", rc);
  }
}

std::string msc_call::spent_text() const {
  using Kind = plugin::Budget::Kind;
  const auto& limits = budget_.limits();
  const auto& all = budget_.all_limits();
  const auto key = [](bool of_report, std::string_view name) {
    return fmt::format("budget.{}{}", of_report ? "report_" : "", name);
  };
  switch (budget_.spent()) {
  case Kind::time:
    return fmt::format("stopped after {} ms ({})", limits.ms, key(all.ms_of_report, "ms"));
  case Kind::entries:
    return fmt::format("stopped after {} entries ({})", limits.entries,
                       key(all.entries_of_report, "entries"));
  case Kind::read_bytes:
    return fmt::format("stopped after reading {} bytes ({})", limits.read_bytes,
                       key(all.read_of_report, "read_bytes"));
  case Kind::emit_bytes:
    return fmt::format("stopped after {} bytes of keys and values ({})", limits.emit_bytes,
                       key(all.emit_of_report, "bytes"));
  case Kind::nesting:
    return fmt::format("stopped at content nested deeper than {} (budget.nesting)", limits.nesting);
  case Kind::none:
    break;
  }
  return "";
}

report::Status msc_call::status_after(int rc) const {
  using Kind = plugin::Budget::Kind;
  using report::Status;
  if (budget_.spent() == Kind::time) return Status::timed_out;
  if (budget_.spent() != Kind::none) return has_gaps(rc) ? Status::partial : Status::truncated;
  if (bug_ || other_thread_ || fails() || (rc < MSC_OK && rc != MSC_EFAULT)) return Status::failed;
  const bool lists_slots = allocator_ != nullptr && allocator_->has_pool;
  if (has_gaps(rc)) return shows_something() || lists_slots ? Status::partial : Status::unreadable;
  if (!cuts(rc).empty()) return Status::truncated;
  return Status::complete;
}

bool msc_call::lacks_memory() const { return lacks_memory_ || (special_ && special_->lacks_memory()); }

/// It did not come to its end, nor to the number of rows that is shown: there may be more of the map.
bool msc_call::gave_up(int rc) const {
  if (bug_ || other_thread_ || fails() || rc < MSC_OK) return true;
  if (budget_.spent() != plugin::Budget::Kind::none) return true;
  return rc > MSC_OK && shows_another() && hidden() == 0;
}

bool msc_call::shows() const {
  return rows_ != 0 || has_value_ || has_fields_ || (allocator_ != nullptr && allocator_->has_pool);
}

/// A plugin may leave out silently what it could not read, or go on where it said that it fails; the report
/// never does.
bool msc_call::has_gaps(int rc) const {
  return gaps_ || (fails_ && rc == MSC_OK) || lacks_memory() || unreadable_ != 0 || rc == MSC_EFAULT;
}

/// Where none was seen and not all could be looked at, nobody knows whether there are any.
std::optional<std::uint64_t> msc_call::entry_count(int rc) const {
  if (rows_ + counted_ + left_out_ != 0) return rows_ + counted_ + left_out_;
  if (has_value_ && unreadable_ == 0 && !counts_) return 1; // the one value
  if (has_gaps(rc) || gave_up(rc)) return std::nullopt;
  if (counts_) return 0;
  if (has_value_ || has_fields_)
    return std::nullopt; // of members alone nobody said how many entries they are
  return 0;
}

bool msc_call::says_why(int rc) const {
  const auto& texts = problem_notes_.texts;
  return bug_ || (rc == MSC_EFAIL && !texts.empty() && texts.front() != no_word);
}

/// What the plugin said with codes of errors; its gaps, why it gave up, and what it did wrong.
std::vector<std::string> msc_call::problems(int rc, report::Status status) const {
  std::vector<std::string> list;
  if (budget_.spent() == plugin::Budget::Kind::time) list.push_back(spent_text());
  if (status == report::Status::failed && rc < MSC_OK && !says_why(rc))
    list.push_back(fmt::format("the plugin gave up ({})", plugin::code_text(rc)));
  if (other_thread_) list.emplace_back("plugin bug: a helper called from another thread");
  if (rc == MSC_ENOENT && !missing_.empty()) list.push_back(valid_utf8(missing_text()));
  std::ranges::copy(said(problem_notes_), std::back_inserter(list));
  if (unreadable_ != 0) list.push_back(counted(unreadable_, "value") + " could not be read");
  if (lacks_memory() && !gaps_ && unreadable_ == 0 && rc != MSC_EFAULT)
    list.emplace_back(environment_.target->source().left_out_bytes() == 0 ||
                              environment_.target->source().leaves_out_more_than_zeros()
                          ? "memory that its content lies in is not in the dump"
                          : "memory that its content lies in is not in the dump; what was left out of the "
                            "dump may have been "
                            "zeros (--zero-excluded)");
  if (rc == MSC_EFAULT && list.empty() && !first_fault_)
    list.emplace_back("the plugin gave up (MSC_EFAULT: memory cannot be read), without having read any");
  if (has_gaps(rc) && first_fault_)
    list.push_back(
        fmt::format("{} {:#x}: {}", list.empty() ? "the plugin read" : "first at", first_fault_->first,
                    target::fault_text(first_fault_->second, reader_.space(), first_fault_->first)));
  return list;
}

/// What is left out though it could be shown. Each says what of it is shown, and what raises the limit.
std::vector<std::string> msc_call::cuts(int rc) const {
  using Kind = plugin::Budget::Kind;
  std::vector<std::string> list;
  const Kind spent = budget_.spent();
  if (spent != Kind::none && spent != Kind::time) list.push_back(spent_text());
  if (cut_values_ == 1)
    list.push_back(fmt::format("the first {} of {} bytes are shown", first_cut_, first_whole_));
  if (cut_values_ > 1)
    list.push_back(fmt::format("{} values are shown without their end, the first up to byte {} of {}",
                               cut_values_, first_cut_, first_whole_));
  if (rc > MSC_OK && spent == Kind::none) list.emplace_back("the plugin stopped early");
  if (hidden() != 0)
    list.push_back(fmt::format("{} of {} entries shown; --limit 0 shows all", rows_ + counted_ - hidden(),
                               rows_ + counted_));
  std::ranges::move(report::cut_reasons(writer_.cuts(), environment_.limits), std::back_inserter(list));
  std::ranges::copy(said(limit_notes_), std::back_inserter(list));
  if (special_) std::ranges::move(special_->pointers().cuts(), std::back_inserter(list));
  return list;
}

std::vector<std::string> msc_call::said(const Notes& notes) {
  auto list = notes.texts;
  if (notes.has_more) list.emplace_back("more notes of its plugin are left out");
  return list;
}

report::Outcome msc_call::finish(int rc) {
  const bool is_open = row_open_ || !fields_.empty();
  if (is_open && rc == MSC_OK && budget_.spent() == plugin::Budget::Kind::none)
    (void)misuse("render() that leaves an object, a list or a row open");
  close_all();
  // The keys of its slots are members, and say nothing of what they lack.
  if (map_.type == BPF_MAP_TYPE_HASH_OF_MAPS && counted_ != 0 && !map_.types) (void)declared_decoder(true);
  report::Outcome outcome;
  outcome.renderer = choice_.plugin->tag();
  outcome.status = status_after(rc);
  if (!is_kernel_target() && allocator_ == nullptr) outcome.entry_count = entry_count(rc);
  outcome.findings = std::move(findings_);
  outcome.lost_payloads = lost_payloads_;
  outcome.no_payload = no_payload_;
  outcome.gave_up = gave_up(rc);
  outcome.error = fmt::format("{}", fmt::join(problems(rc, outcome.status), "; "));
  outcome.limits = cuts(rc);
  outcome.notes = said(notes_);
  return outcome;
}
