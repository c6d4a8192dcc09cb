// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/check/check.hpp"

#include "host/plugin/check/check_reach.hpp"
#include "host/plugin/check/check_worker.hpp"
#include "host/plugin/check/targets.hpp"
#include "host/plugin/select/library.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <mapscope/testing/conformance.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;
using Say = std::function<void(const RuleResult&)>;
using Work = std::function<CheckAnswer(const CheckProgress&)>;

// In the process of a rule.

CheckAnswer loads(const Plugin& plugin, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  return {true, fmt::format("it loads, and its entry is of interface {}.{}", (*entry)->abi_major,
                            (*entry)->abi_minor)};
}

CheckAnswer keeps(const Plugin& plugin, const testing::Rule& rule, const CheckProgress& progress) {
  progress("loading it");
  const auto entry = load(plugin);
  if (!entry) return {false, entry.error().text};
  auto finding = rule.run({*entry, made_up_hosts_of(plugin.manifest()), progress});
  return {finding.kept, std::move(finding.text), std::move(finding.what)};
}

struct NamedWork {
  std::string rule;
  Work work;
};

/// Behind P1, in their order.
std::vector<NamedWork> rules_for(const Plugin& plugin, const CheckLimits& limits) {
  std::vector<NamedWork> rules;
  for (const testing::Rule& rule : testing::rules())
    rules.push_back(
        {rule.name, [&](const CheckProgress& progress) { return keeps(plugin, rule, progress); }});
  rules.push_back({"P11", [&](const CheckProgress& progress) {
                     return same_in_worker(plugin, made_up_hosts_of(plugin.manifest()), limits, progress);
                   }});
  for (std::uint32_t at = 0; at < plugin.manifest().attaches.size(); ++at)
    rules.push_back(
        {"P12", [&plugin, at](const CheckProgress& progress) { return reach(plugin, at, progress); }});
  return rules;
}

/// Runs rules one after the other, and tells one cause once.
class Log {
public:
  Log(const CheckLimits& limits, const Say& say) : limits_(limits), say_(say) {}

  CheckAnswer run(const NamedWork& rule) {
    CheckAnswer answer = in_own_process(limits_, rule.work);
    if (!answer.kept) all_kept_ = false;
    if (!answer.kept && is_known(rule.rule, answer.what)) return answer;
    tell_same();
    if (!answer.kept) found_.push_back({rule.rule, answer.what});
    const Verdict verdict = !answer.kept        ? Verdict::fail
                            : answer.is_warning ? Verdict::warning
                                                : Verdict::pass;
    say_({rule.rule, verdict, printable(answer.text, 512)});
    return answer;
  }

  /// Rules that found what one before them did.
  void tell_same() {
    if (first_same_.empty()) return;
    say_({range(first_same_, last_same_), Verdict::fail,
          fmt::format("as {}: {}", same_.rule, printable(same_.what, 512))});
    first_same_.clear();
  }

  void leave_out(const std::string& first, const std::string& last, const std::string& why) {
    tell_same();
    say_({range(first, last), Verdict::warning,
          fmt::format("not run: {}, as {} says", why, found_.back().rule)});
  }

  [[nodiscard]] bool all_kept() const { return all_kept_; }

private:
  static std::string range(const std::string& first, const std::string& last) {
    return first == last ? first : first + "-" + last;
  }

  struct Found {
    std::string rule, what;
  };

  /// Two findings that differ in numbers alone, as maps of other sizes make them, have one cause.
  static std::string without_numbers(std::string what) {
    std::erase_if(what, [](char c) { return c >= '0' && c <= '9'; });
    return what;
  }

  /// True when a rule before found it too, and it will be told with others.
  bool is_known(const std::string& rule, const std::string& what) {
    const auto before = std::ranges::find_if(
        found_, [&](const Found& found) { return without_numbers(found.what) == without_numbers(what); });
    if (what.empty() || before == found_.end()) return false;
    if (same_.rule != before->rule) tell_same();
    same_ = *before;
    if (first_same_.empty()) first_same_ = rule;
    last_same_ = rule;
    return true;
  }

  const CheckLimits& limits_;
  const Say& say_;
  bool all_kept_ = true;
  std::vector<Found> found_;           ///< what is without where, each once
  Found same_;                         ///< that rules found which are not told yet
  std::string first_same_, last_same_; ///< these
};

/// Why no other rule is worth its time: the first render of each is one of P2's, or two hung already.
std::string why_end(const NamedWork& rule, const CheckAnswer& answer, unsigned hung) {
  using End = CheckAnswer::End;
  if (answer.end == End::hung && (rule.rule == "P2" || hung > 1)) return "it hangs";
  if (answer.end == End::gone && rule.rule == "P2") return "it does not come back from render()";
  return "";
}

} // namespace

bool check(const Plugin& plugin, const CheckLimits& limits, const Say& say) {
  Log log(limits, say);
  const auto loading = [&](const CheckProgress& progress) { return loads(plugin, progress); };
  if (!log.run({"P1", loading}).kept) return false;
  const auto rules = rules_for(plugin, limits);
  unsigned hung = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const CheckAnswer answer = log.run(rules[i]);
    hung += answer.end == CheckAnswer::End::hung ? 1 : 0;
    const std::string why = why_end(rules[i], answer, hung);
    if (why.empty() || i + 1 == rules.size()) continue;
    log.leave_out(rules[i + 1].rule, rules.back().rule, why);
    break;
  }
  log.tell_same();
  return log.all_kept();
}

} // namespace mapscope::plugin
