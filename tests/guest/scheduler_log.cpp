// SPDX-License-Identifier: Apache-2.0
#include "scheduler_log.hpp"

#include <regex>
#include <sstream>

namespace mapscope::guest {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// "0x2" as "2"; "(n/a)" as "".
std::string decimal(const std::string& dsq) {
  return dsq.starts_with("0x") ? std::to_string(std::stoull(dsq, nullptr, 16)) : "";
}

} // namespace

Exit exit_in(const std::string& log) {
  static const std::regex head("sched_ext: BPF scheduler \"(.*)\" disabled \\((.*)\\)$"),
      frame(R"(\]    (\w+)\+0x[0-9a-f]+/0x[0-9a-f]+$)");
  Exit exit;
  std::smatch match;
  for (const std::string& line : lines_of(log)) {
    const std::string mark = "sched_ext: " + exit.scheduler + ": ";
    if (std::regex_search(line, match, head))
      exit = {match[1], match[2], "", {}};
    else if (const std::size_t at = line.find(mark); !exit.scheduler.empty() && at != line.npos)
      exit.message = line.substr(at + mark.size());
    else if (!exit.message.empty() && std::regex_search(line, match, frame))
      exit.backtrace.push_back(match[1]);
  }
  return exit;
}

std::int64_t kind_in(const std::string& dump) {
  std::smatch match;
  return std::regex_search(dump, match, std::regex(R"(triggered exit kind (\d+))")) ? std::stoll(match[1])
                                                                                    : -1;
}

std::vector<Waiter> waiters_in(const std::string& dump) {
  static const std::regex cpu(R"(^CPU (\d+) *: nr_run=)"), task(R"(^  \S (.+)\[(\d+)\] \*?\S+ ([+-]\d+)ms$)"),
      queue(R"( dsq_id=(\S+)$)");
  std::vector<Waiter> waiters;
  unsigned number = 0;
  bool in_task = false;
  for (const std::string& line : lines_of(dump)) {
    std::smatch match;
    if (std::regex_search(line, match, cpu)) {
      number = static_cast<unsigned>(std::stoul(match[1]));
    } else if (std::regex_search(line, match, task)) {
      waiters.push_back({std::stoll(match[2]), -std::stoll(match[3]), number, match[1], ""});
      in_task = true;
    } else if (in_task && std::regex_search(line, match, queue)) {
      waiters.back().dsq = decimal(match[1]);
      in_task = false;
    }
  }
  return waiters;
}

std::map<std::string, std::int64_t> events_in(const std::string& text) {
  std::map<std::string, std::int64_t> events;
  std::istringstream in(text);
  std::string name;
  for (std::int64_t count = 0; in >> name >> count;) events[name] = count;
  return events;
}

} // namespace mapscope::guest
