// SPDX-License-Identifier: Apache-2.0
#include <mapscope/testing/conformance.hpp>

#include <mapscope/contract.hpp>

#include <algorithm>
#include <cmath>
#include <dirent.h>
#include <exception>
#include <thread>

namespace mapscope::testing {

namespace {

/// After MSC_STOP: enough to close what is open.
constexpr std::uint64_t most_after_stop = 16;
constexpr std::uint64_t small_budget = 4000, small_byte_budget = 2ULL << 20;
/// Calls of one host that fail in turn; of many hosts together they are bounded.
constexpr std::size_t most_calls = 160, least_calls = 24, calls_of_all = 1600;

using contract::code_name;

/// Renders and judges; the first thing found ends a rule.
class Trial {
public:
  explicit Trial(const Subject& subject) : subject_(subject) {}

  Report render(const FakeHost& host, const std::string& where, std::optional<Failure> failure = {}) {
    const std::string how = failure ? where + ", helper call number " + std::to_string(failure->call + 1) +
                                          " answers " + code_name(failure->rc)
                                    : where;
    subject_.about_to(how);
    ++renders_;
    const Report report = host.render(*subject_.plugin, failure);
    judge(report, failure, how);
    return report;
  }

  void find(const std::string& what, const std::string& where) {
    if (finding_.kept) finding_ = {false, what + " (" + where + ")", what};
  }
  [[nodiscard]] bool goes_on() const { return finding_.kept; }
  [[nodiscard]] Finding finding(const std::string& what) const {
    return finding_.kept ? Finding{true, what + ": " + std::to_string(renders_) + " renders", ""} : finding_;
  }

private:
  /// Who says why it fails, and fails, need not look at what the note is answered.
  static bool is_end_with_a_note(const Report& report) { return report.stopped_last && report.rc < MSC_OK; }

  void judge(const Report& report, const std::optional<Failure>& failure, const std::string& how) {
    if (!report.misuse.empty()) return find(report.misuse.front(), how);
    if (report.after_stop > most_after_stop)
      return find("after MSC_STOP it called " + std::to_string(report.after_stop) + " more helpers", how);
    if (report.stopped && report.rc != MSC_STOP && !is_end_with_a_note(report))
      return find("after MSC_STOP it returned " + code_name(report.rc), how);
    // Memory and types may well be missing; what else a helper refuses is no success.
    const bool must_fail = failure && failure->rc != MSC_EFAULT && failure->rc != MSC_ENOENT;
    const bool is_told = report.rc != MSC_OK || report.lost_rows != 0;
    if (must_fail && failure->call < report.calls && !is_told)
      return find("a helper failed, and it returned MSC_OK", how);
    if (report.rc == MSC_STOP && !report.stopped) return find("it returned MSC_STOP, and no helper had", how);
    if (!contract::is_code(report.rc) && !(failure && failure->rc == report.rc))
      return find("it returned " + std::to_string(report.rc) + ", which is no code of the interface", how);
    if (report.rc == MSC_EINVAL && !(failure && failure->rc == MSC_EINVAL))
      find("it returned MSC_EINVAL, which means that it misused a helper", how);
  }

  const Subject& subject_;
  Finding finding_;
  std::uint64_t renders_ = 0;
};

std::string place(const Subject& subject, std::size_t host) {
  const std::string& about = subject.hosts[host].about;
  return "on " + (about.empty() ? "image " + std::to_string(host + 1) : about);
}

/// Calls body(host, "on what") for each host, with small budgets, until something is found.
template <class Body> void for_each_host(const Subject& subject, Trial& trial, Body body) {
  for (std::size_t i = 0; i < subject.hosts.size() && trial.goes_on(); ++i) {
    FakeHost host = subject.hosts[i];
    host.budget = std::min(host.budget, small_budget);
    host.byte_budget = std::min(host.byte_budget, small_byte_budget);
    body(host, place(subject, i));
  }
}

/// Of the variations of many hosts every so many-th; none is left out on all hosts, as their numbers per host
/// (below: 25 and 6) share no divisor with these.
class Some {
public:
  explicit Some(std::size_t hosts) {
    constexpr std::size_t enough = 6;
    for (const std::size_t every : {1, 7, 11, 13, 17, 19, 23})
      if (every_ * enough < hosts) every_ = every;
  }
  bool next() { return at_++ % every_ == 0; }

private:
  std::size_t every_ = 1, at_ = 0;
};

Finding renders(const Subject& subject) {
  Trial trial(subject);
  for_each_host(subject, trial,
                [&](const FakeHost& host, const std::string& where) { trial.render(host, where); });
  return trial.finding("small maps keep the contract");
}

/// Which of a host's calls fail in turn: all, or the first one by one and then ever fewer up to the last.
std::vector<std::uint64_t> chosen_calls(std::uint64_t calls, std::size_t hosts) {
  const std::size_t most = std::clamp(calls_of_all / hosts, least_calls, most_calls), first = most / 2;
  std::vector<std::uint64_t> chosen;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(calls, most); ++i) {
    const bool goes_far = calls > most && i >= first;
    const double step = static_cast<double>(i - first + 1) / static_cast<double>(most - first);
    const double ratio = static_cast<double>(calls) / static_cast<double>(first);
    chosen.push_back(
        goes_far ? static_cast<std::uint64_t>(static_cast<double>(first) * std::pow(ratio, step)) - 1 : i);
  }
  return chosen;
}

template <class Body> void for_each_call(const Subject& subject, std::uint64_t calls, Body body) {
  std::uint64_t next = 0;
  for (const std::uint64_t call : chosen_calls(calls, subject.hosts.size()))
    if (call >= next) body(call), next = call + 1;
}

Finding fails_cleanly(const Subject& subject) {
  Trial trial(subject);
  for_each_host(subject, trial, [&](const FakeHost& host, const std::string& where) {
    const std::uint64_t calls = trial.render(host, where).calls;
    for_each_call(subject, calls, [&](std::uint64_t call) {
      for (const int rc : {int{MSC_EFAULT}, int{MSC_ENOENT}, int{MSC_EINVAL}, int{MSC_EFAIL}, -77})
        if (trial.goes_on()) trial.render(host, where, Failure{call, rc});
    });
  });
  return trial.finding("each helper failing in turn, with each code");
}

Finding stops(const Subject& subject) {
  Trial trial(subject);
  for_each_host(subject, trial, [&](const FakeHost& host, const std::string& where) {
    const std::uint64_t calls = trial.render(host, where).calls;
    for_each_call(subject, calls, [&](std::uint64_t call) {
      if (trial.goes_on()) trial.render(host, where, Failure{call, MSC_STOP});
    });
  });
  return trial.finding("MSC_STOP at each call");
}

/// What a decoder meets where its map's elements lack something; made-up hosts have all of it among theirs.
void render_poor_elements(Trial& trial, const FakeHost& whole, const std::string& where) {
  if (whole.elements.all.empty()) return;
  const auto render = [&](const char* what, auto change) {
    FakeHost host = whole;
    change(host);
    trial.render(host, where + what);
  };
  render(", no elements", [](FakeHost& host) { host.elements.all.clear(); });
  render(", some elements missing", [](FakeHost& host) { host.elements.lost = true; });
  render(", no other maps", [](FakeHost& host) { host.others.clear(); });
  render(", no value readable", [](FakeHost& host) {
    for (FakeHost::Element& element : host.elements.all) {
      element.value.reset();
      for (FakeHost::Copy& copy : element.copies) copy.bytes.reset();
    }
  });
  render(", no CPU's copy there", [](FakeHost& host) {
    for (FakeHost::Element& element : host.elements.all) element.copies.clear();
  });
  render(", no types of keys and values", [](FakeHost& host) {
    host.key_type.clear(), host.value_type.clear();
    for (FakeHost::Map& other : host.others) other.key_type.clear(), other.value_type.clear();
  });
}

Finding empty_targets(const Subject& subject) {
  Trial trial(subject);
  for_each_host(subject, trial, [&](FakeHost host, const std::string& where) {
    const FakeHost whole = host;
    for (std::uint32_t msc_target::* field :
         {&msc_target::key_size, &msc_target::value_size, &msc_target::max_entries}) {
      host.target = whole.target;
      host.target.*field = 0;
      trial.render(host, where + ", one of its sizes 0");
    }
    host.target.key_size = host.target.value_size = host.target.max_entries = 0;
    trial.render(host, where + ", all sizes 0");
    host = whole;
    host.memory.clear();
    if (host.beyond) host.beyond->without_memory = true;
    trial.render(host, where + ", no memory readable");
    host.types.clear(), host.beyond.reset();
    trial.render(host, where + ", no memory and no types");
    render_poor_elements(trial, whole, where);
  });
  return trial.finding("empty maps, no memory, no types");
}

Finding enormous_targets(const Subject& subject) {
  Trial trial(subject);
  Some some(subject.hosts.size());
  for_each_host(subject, trial, [&](const FakeHost& whole, const std::string& where) {
    for (std::uint32_t msc_target::* field :
         {&msc_target::key_size, &msc_target::value_size, &msc_target::max_entries, &msc_target::row_limit})
      for (const std::uint32_t size : {1U, 7U, 4097U, 1U << 20, 1U << 31, ~0U}) {
        FakeHost host = whole;
        host.target.*field = size;
        if (trial.goes_on() && some.next())
          trial.render(host, where + ", one of its sizes " + std::to_string(size));
      }
    FakeHost host = whole;
    host.target.key_size = host.target.value_size = host.target.max_entries = ~0U;
    if (trial.goes_on() && some.next()) trial.render(host, where + ", all sizes at their largest");
  });
  return trial.finding("odd and enormous sizes");
}

Finding any_cpus(const Subject& subject) {
  Trial trial(subject);
  Some some(subject.hosts.size());
  for_each_host(subject, trial, [&](FakeHost host, const std::string& where) {
    for (const std::vector<std::uint32_t>& cpus :
         {std::vector<std::uint32_t>{}, {0}, {0, 1, 2}, {1, 5}, {64}, {0, 4095}}) {
      host.cpus.clear();
      for (const std::uint32_t cpu : cpus) host.cpus[cpu] = 0x100000;
      const std::string many = cpus.empty() ? ", no CPU" : ", " + std::to_string(cpus.back() + 1) + " CPUs";
      if (trial.goes_on() && some.next()) trial.render(host, where + many);
    }
  });
  return trial.finding("0, 1, 3, 6, 65 and 4096 CPUs");
}

Finding two_threads(const Subject& subject) {
  Trial trial(subject);
  for_each_host(subject, trial, [&](const FakeHost& host, const std::string& where) {
    const Report alone = trial.render(host, where);
    Report reports[2];
    {
      const auto render_into = [&](Report& report) { report = host.render(*subject.plugin); };
      const std::jthread one(render_into, std::ref(reports[0])), other(render_into, std::ref(reports[1]));
    }
    if (reports[0] != alone || reports[1] != alone)
      trial.find("two threads on two calls do not give what one gives alone", where);
  });
  return trial.finding("two threads on two calls");
}

Finding twice_the_same(const Subject& subject) {
  Trial trial(subject);
  std::vector<Report> runs[2];
  for (auto& reports : runs) // all once, then all again: what one host leaves behind meets the others
    for_each_host(subject, trial, [&](const FakeHost& host, const std::string& where) {
      reports.push_back(trial.render(host, where));
    });
  for (std::size_t i = 0; trial.goes_on() && i < runs[0].size(); ++i)
    if (runs[0][i] != runs[1][i]) trial.find("two runs on the same map differ", place(subject, i));
  return trial.finding("two runs are equal");
}

std::size_t entries_of(const char* folder) {
  std::size_t count = 0;
  DIR* const open = ::opendir(folder);
  while (open != nullptr && ::readdir(open) != nullptr) ++count;
  if (open != nullptr) ::closedir(open);
  return count;
}

Finding leaves_nothing(const Subject& subject) {
  const auto descriptors = [] { return entries_of("/proc/self/fd"); };
  const auto threads = [] { return entries_of("/proc/self/task"); };
  Trial trial(subject);
  const std::size_t open_before = descriptors(), running_before = threads();
  for_each_host(subject, trial, [&](const FakeHost& host, const std::string& where) {
    trial.render(host, where);
    if (descriptors() != open_before) trial.find("it leaves a file or socket open", where);
    if (threads() != running_before) trial.find("it leaves a thread running", where);
  });
  return trial.finding("no descriptor and no thread is left behind");
}

constexpr Rule all_rules[] = {{"P2", renders},       {"P3", fails_cleanly},    {"P4", stops},
                              {"P5", empty_targets}, {"P6", enormous_targets}, {"P7", any_cpus},
                              {"P8", two_threads},   {"P9", twice_the_same},   {"P10", leaves_nothing}};

} // namespace

std::span<const Rule> rules() { return all_rules; }

std::vector<FakeHost> made_up_hosts(const msc_target& target,
                                    const std::map<std::string, std::string, std::less<>>& config,
                                    std::size_t count) {
  using Memory = Beyond::Memory;
  // The likeliest to lead a plugin somewhere first: 0 is zeros, 1 noise, all others are pointers.
  constexpr std::uint64_t first_seeds[] = {2, 0, 3, 1};
  std::vector<FakeHost> hosts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t seed = i < std::size(first_seeds) ? first_seeds[i] : i;
    FakeHost& host = hosts.emplace_back("");
    host.budget = small_budget, host.byte_budget = small_byte_budget;
    host.target = target;
    host.config = config;
    host.cpus = {{0, 0x100000}, {1, 0x200000}, {3, 0x300000}};
    if (seed % 2 == 0) host.arena = 0x100000000;
    host.beyond =
        Beyond{.memory = seed == 0   ? Memory::zeros
                         : seed == 1 ? Memory::noise
                                     : Memory::pointers,
               .seed = seed,
               .types = {},
               .numbers = {target.value_size, target.key_size, target.max_entries, target.max_entries + 1}};
    host.about = seed == 0   ? "memory all zeros"
                 : seed == 1 ? "random memory"
                             : "memory full of pointers, number " + std::to_string(seed - 1);
  }
  return hosts;
}

} // namespace mapscope::testing
