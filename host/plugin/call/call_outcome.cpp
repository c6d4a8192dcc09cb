// SPDX-License-Identifier: Apache-2.0
// How a render ended: from what render() returned and what happened on the way.
#include "host/plugin/call/call.hpp"
#include "host/plugin/call/spent_text.hpp"
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

report::Status msc_call::status_after(int rc) const {
  using Kind = plugin::Budget::Kind;
  using report::Status;
  if (task_.budget.spent() == Kind::time) return Status::timed_out;
  if (task_.budget.spent() != Kind::none) return has_gaps(rc) ? Status::partial : Status::truncated;
  if (words_.has_bug() || other_thread_ || fails() || (rc < MSC_OK && rc != MSC_EFAULT))
    return Status::failed;
  const bool lists_slots = task_.allocator != nullptr && task_.allocator->has_pool;
  if (has_gaps(rc)) return shows_something() || lists_slots ? Status::partial : Status::unreadable;
  if (!cuts(rc).empty()) return Status::truncated;
  return Status::complete;
}

bool msc_call::lacks_memory() const {
  return memory_.lacks() || decoders_.lacks_memory() ||
         (decoders_.special() != nullptr && decoders_.special()->lacks_memory());
}

/// It did not come to its end, nor to the number of rows that is shown: there may be more of the map.
bool msc_call::gave_up(int rc) const {
  if (words_.has_bug() || other_thread_ || fails() || rc < MSC_OK) return true;
  if (task_.budget.spent() != plugin::Budget::Kind::none) return true;
  return rc > MSC_OK && shows_another() && hidden() == 0;
}

bool msc_call::shows() const {
  return rows_ != 0 || has_value_ || has_fields_ || (task_.allocator != nullptr && task_.allocator->has_pool);
}

/// A plugin may leave out silently what it could not read, or go on where it said that it fails; the report
/// never does.
bool msc_call::has_gaps(int rc) const {
  return words_.has_gaps() || (words_.fails() && rc == MSC_OK) || lacks_memory() || unreadable_ != 0 ||
         rc == MSC_EFAULT;
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

bool msc_call::says_why(int rc) const { return words_.has_bug() || (rc == MSC_EFAIL && words_.says_why()); }

std::string msc_call::why_memory_lacks() const {
  const std::string what = "memory that its content lies in is not in the dump";
  const auto& source = task_.environment.target->source();
  if (source.left_out_bytes() == 0 || source.leaves_out_more_than_zeros()) return what;
  return what + "; what was left out of the dump may have been zeros (--zero-excluded)";
}

/// What the plugin said with codes of errors; its gaps, why it gave up, and what it did wrong.
std::vector<std::string> msc_call::problems(int rc, report::Status status) const {
  std::vector<std::string> list;
  if (task_.budget.spent() == plugin::Budget::Kind::time) list.push_back(plugin::spent_text(task_.budget));
  if (status == report::Status::failed && rc < MSC_OK && !says_why(rc))
    list.push_back(fmt::format("the plugin gave up ({})", plugin::code_text(rc)));
  if (other_thread_) list.emplace_back("plugin bug: a helper called from another thread");
  if (rc == MSC_ENOENT && types_.has_missed()) list.push_back(valid_utf8(types_.missing_text()));
  std::ranges::move(words_.problems(), std::back_inserter(list));
  if (unreadable_ != 0) list.push_back(counted(unreadable_, "value") + " could not be read");
  if (lacks_memory() && !words_.has_gaps() && unreadable_ == 0 && rc != MSC_EFAULT)
    list.push_back(why_memory_lacks());
  const auto& fault = memory_.first_fault();
  if (rc == MSC_EFAULT && list.empty() && !fault)
    list.emplace_back("the plugin gave up (MSC_EFAULT: memory cannot be read), without having read any");
  if (has_gaps(rc) && fault)
    list.push_back(fmt::format("{} {:#x}: {}", list.empty() ? "the plugin read" : "first at", fault->first,
                               target::fault_text(fault->second, memory_.space(), fault->first)));
  return list;
}

/// What is left out though it could be shown. Each says what of it is shown, and what raises the limit.
std::vector<std::string> msc_call::cuts(int rc) const {
  using Kind = plugin::Budget::Kind;
  std::vector<std::string> list;
  const Kind spent = task_.budget.spent();
  if (spent != Kind::none && spent != Kind::time) list.push_back(plugin::spent_text(task_.budget));
  if (cut_values_ == 1)
    list.push_back(fmt::format("the first {} of {} bytes are shown", first_cut_, first_whole_));
  if (cut_values_ > 1)
    list.push_back(fmt::format("{} values are shown without their end, the first up to byte {} of {}",
                               cut_values_, first_cut_, first_whole_));
  if (rc > MSC_OK && spent == Kind::none) list.emplace_back("the plugin stopped early");
  if (hidden() != 0)
    list.push_back(fmt::format("{} of {} entries shown; --limit 0 shows all", rows_ + counted_ - hidden(),
                               rows_ + counted_));
  std::ranges::move(report::cut_reasons(writer_.cuts(), task_.environment.limits), std::back_inserter(list));
  std::ranges::move(words_.limits(), std::back_inserter(list));
  if (decoders_.special() != nullptr)
    std::ranges::move(decoders_.special()->pointers().cuts(), std::back_inserter(list));
  return list;
}

void msc_call::tell_misses() {
  if (plugin().built_in || !types_.has_missed()) return;
  (void)words_.debug(fmt::format("asked in vain, last for: {}", types_.missing_text()).c_str());
}

/// What the rows of a local storage lead to by their chains, and no row has.
void msc_call::show_waiting() {
  if (task_.delivery != nullptr || task_.allocator != nullptr || decoders_.special() == nullptr) return;
  const auto decoder = decoders_.special()->pointers().waiting();
  constexpr std::byte anything[1] = {};
  if (decoder)
    writer_.field({.kind = report::FieldKind::typed,
                   .name = "linked",
                   .number = 0,
                   .real = 0,
                   .text = {},
                   .value = {decoder.get(), anything}});
}

report::Outcome msc_call::finish(int rc) {
  const bool is_open = row_open_ || !fields_.empty();
  if (is_open && rc == MSC_OK && task_.budget.spent() == plugin::Budget::Kind::none)
    (void)words_.misuse("render() that leaves an object, a list or a row open");
  close_all();
  release();
  show_waiting();
  // The keys of its slots are members, and say nothing of what they lack.
  if (task_.map.type == BPF_MAP_TYPE_HASH_OF_MAPS && counted_ != 0 && !task_.map.types)
    decoders_.tell_untyped_keys();
  report::Outcome outcome;
  outcome.renderer = task_.choice().plugin->tag();
  outcome.status = status_after(rc);
  if (!task_.is_kernel_target() && task_.allocator == nullptr) outcome.entry_count = entry_count(rc);
  outcome.findings = words_.take_findings();
  outcome.lost_payloads = payloads_.lost();
  outcome.no_payload = payloads_.why_lost();
  outcome.gave_up = gave_up(rc);
  outcome.error = fmt::format("{}", fmt::join(problems(rc, outcome.status), "; "));
  outcome.limits = cuts(rc);
  outcome.notes = words_.remarks();
  return outcome;
}
