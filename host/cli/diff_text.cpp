// SPDX-License-Identifier: Apache-2.0
#include "host/cli/diff_text.hpp"

#include "host/base/counted.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>

namespace mapscope::cli {

namespace {

using plain::Named;
using plain::Pair;
using report::printable;

std::string signed_text(std::int64_t number) { return fmt::format("{:+}", number); }
std::string signed_text(double number) { return fmt::format("{:+.15g}", number); }

/// A text for a line: what is longer is told by -j.
std::string short_text(const std::string& json) {
  constexpr std::size_t longest = 200;
  if (json.empty()) return "nothing";
  if (json.size() <= longest) return printable(json);
  return fmt::format("{}... ({} characters)", printable(json.substr(0, longest)), json.size());
}

std::string signed_text(const plain::Distance& by) {
  return std::visit([](auto number) { return signed_text(number); }, by);
}

/// Of a page of an arena the key is all.
std::string entry_text(const std::string& key, const std::string& value) {
  return value.empty() ? printable(key) : fmt::format("{}: {}", printable(key), short_text(value));
}

std::string title_of(const Pair& pair) {
  const Named& one = pair.either();
  const bool moved = pair.before != nullptr && pair.after != nullptr && pair.before->id != pair.after->id;
  const std::string id =
      moved ? fmt::format("{} -> {}", pair.before->id, pair.after->id) : fmt::format("{}", one.id);
  switch (one.what) {
  case Named::What::map:
    return fmt::format("map {} {} ({})", id, printable(one.name), printable(one.type));
  case Named::What::program:
    return fmt::format("program {} {} ({})", id, printable(one.name), printable(one.type));
  case Named::What::allocator:
  case Named::What::part:
    return fmt::format("{} {}", printable(one.type), printable(one.name));
  }
  return "";
}

class DiffLines final : public DiffWriter {
public:
  explicit DiffLines(report::Stream& to) : to_(to) {}

  void begin(const std::string& before, const std::string& after) override {
    to_.append(fmt::format("from {} to {}\n", printable(before), printable(after)));
  }
  void alone(const Pair& pair) override {
    to_.append(fmt::format("{} is {}\n", title_of(pair), pair.before == nullptr ? "new" : "gone"));
  }
  void added(const Pair& pair, const std::string& key, const std::string& value) override {
    line(pair, "+ " + entry_text(key, value));
  }
  void gone(const Pair& pair, const std::string& key, const std::string& value) override {
    line(pair, "- " + entry_text(key, value));
  }
  void changed(const Pair& pair, const std::vector<plain::Change>& changes) override {
    for (const plain::Change& change : changes) {
      const std::string key = change.key.empty() ? "" : printable(change.key) + ": ";
      const std::string path = change.path.empty() ? "" : printable(change.path) + " ";
      const std::string by = change.by ? fmt::format(" ({})", signed_text(*change.by)) : "";
      line(pair,
           fmt::format("~ {}{}{} -> {}{}", key, path, short_text(change.from), short_text(change.to), by));
    }
  }
  void not_compared(const Pair& pair, std::uint64_t entries) override {
    line(pair, fmt::format("{} listed on one side alone; not all of the map is shown there, so {} be new or "
                           "gone",
                           counted(entries, "entry"), entries == 1 ? "it need not" : "they need not"));
  }
  void scheduler(const Pair& part, const plain::SchedulerDifference& difference) override {
    if (difference.is_none()) return;
    line(part, fmt::format("in the {} ms between the two", difference.elapsed_ms));
    for (const auto& task : difference.stalled)
      line(part, fmt::format("! {}[{}] could run and did not: it had waited {} ms, and has now {} ms, on {}",
                             printable(task.comm), task.pid, task.waited_before, task.waited_after,
                             task.from == task.to ? task.to : task.from + ", then " + task.to));
    for (const auto& task : difference.moved)
      line(part,
           fmt::format("> {}[{}] moved from {} to {}", printable(task.comm), task.pid, task.from, task.to));
  }
  void end(const DiffCounts& counts) override {
    if (counts.not_compared != 0)
      to_.append(fmt::format("{} shown on one side alone; the other was narrowed to some maps, so {} be new "
                             "or gone\n",
                             counted(counts.not_compared, "thing"),
                             counts.not_compared == 1 ? "it need not" : "they need not"));
    if (counts.differing == 0)
      to_.append(fmt::format("nothing differs in {}\n", counted(counts.compared, "thing")));
    else
      to_.append(fmt::format("{} of {} differ\n", counts.differing, counted(counts.compared, "thing")));
  }

private:
  void line(const Pair& pair, const std::string& text) {
    if (&pair != last_) to_.append(title_of(pair) + "\n");
    last_ = &pair;
    to_.append("  " + text + "\n");
  }

  report::Stream& to_;
  const Pair* last_ = nullptr;
};

} // namespace

std::unique_ptr<DiffWriter> diff_lines(report::Stream& to) { return std::make_unique<DiffLines>(to); }

} // namespace mapscope::cli
