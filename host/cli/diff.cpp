// SPDX-License-Identifier: Apache-2.0
// What two reports differ in, or two sources.
#include "host/cli/diff_text.hpp"
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/opened.hpp"
#include "host/report/held_output.hpp"
#include "host/saved/report_text.hpp"
#include "host/saved/saved_file.hpp"
#include "host/saved/wrong_members.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <optional>
#include <set>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

constexpr int exit_different = 1, exit_not_compared = 2;

/// No kind of dump begins so.
bool is_report(const std::string& side) {
  if (side == "-") return true;
  std::array<char, 64> head{};
  std::error_code error;
  if (std::filesystem::is_fifo(side, error)) return true; // a dump cannot be read from one
  std::ifstream file(side, std::ios::binary);
  file.read(head.data(), head.size());
  return saved::looks_like_report({head.data(), static_cast<std::size_t>(file.gcount())});
}

/// One of the two, as a report: what is none yet becomes one.
class Side {
public:
  Side(const DiffOptions& options, std::string name) : options_(options), name_(std::move(name)) {}

  Result<void> open() {
    auto file = is_report(name_) ? saved::SavedFile::open(name_) : report_of_source();
    if (!file) return std::unexpected(std::move(file.error()));
    file_.emplace(std::move(*file));
    auto top = saved::top_level(file_->name(), file_->text());
    file_->forget(file_->text());
    if (!top) return std::unexpected(std::move(top.error()));
    named_ = plain::named_in(*top);
    is_narrowed_ = plain::Object(top->find("mapscope")).flag("narrowed").value_or(false);
    file_->forget(file_->text());
    return {};
  }

  [[nodiscard]] const std::string& name() const { return file_->name(); }
  [[nodiscard]] const std::vector<plain::Named>& named() const { return named_; }
  /// To some maps, by a choice: another may have been there. Programs are always told.
  [[nodiscard]] bool may_lack(const plain::Named& one) const {
    return is_narrowed_ && one.what != plain::Named::What::program;
  }
  void forget(const plain::Named* one) const {
    if (one != nullptr) file_->forget(one->text);
  }

private:
  Result<saved::SavedFile> report_of_source() {
    DiffOptions options = options_;
    options.sources = {name_};
    options.opening.in_place = true;
    std::vector<std::string> sets;
    if (options.limit) sets.push_back(fmt::format("report.limit={}", *options.limit));
    const auto setup = pipeline::Setup::open(options, sets);
    if (!setup) return std::unexpected(setup.error());
    auto source = pipeline::Opened::open(options, setup->loaded.config);
    if (!source) return std::unexpected(source.error());
    const auto held = report::HeldOutput::make();
    if (!held) return std::unexpected(held.error());
    pipeline::Request request;
    request.format = report::Format::json;
    request.jobs = options.jobs;
    const auto run = source->write(*setup, options, request, **held);
    source->tell_troubles();
    if (!run) return std::unexpected(run.error());
    return saved::SavedFile::of(name_, (*held)->fd());
  }

  const DiffOptions& options_;
  std::string name_;
  std::optional<saved::SavedFile> file_;
  std::vector<plain::Named> named_;
  bool is_narrowed_ = false;
};

/// Passes on what is found, and counts what differs.
class Counted final : public plain::DifferenceSink {
public:
  explicit Counted(DiffWriter& to) : to_(to) {}
  void alone(const plain::Pair& pair) override { differing_.insert(&pair), to_.alone(pair); }
  void added(const plain::Pair& pair, const std::string& key, const std::string& value) override {
    differing_.insert(&pair), to_.added(pair, key, value);
  }
  void gone(const plain::Pair& pair, const std::string& key, const std::string& value) override {
    differing_.insert(&pair), to_.gone(pair, key, value);
  }
  void changed(const plain::Pair& pair, const std::vector<plain::Change>& changes) override {
    differing_.insert(&pair), to_.changed(pair, changes);
  }
  /// Of which nobody knows.
  void not_compared(const plain::Pair& pair, std::uint64_t entries) override {
    to_.not_compared(pair, entries);
  }
  [[nodiscard]] std::size_t differing() const { return differing_.size(); }

private:
  DiffWriter& to_;
  std::set<const plain::Pair*> differing_;
};

/// Of those that one side alone shows, those which the other was not asked for.
std::size_t leave_out_unasked(const Side& before, const Side& after, std::vector<plain::Pair>& pairs) {
  return std::erase_if(pairs, [&](const plain::Pair& pair) {
    if (pair.before != nullptr && pair.after != nullptr) return false;
    return (pair.before == nullptr ? before : after).may_lack(pair.either());
  });
}

/// Says so of a map whose members have another form than any report gives them.
bool is_damaged(const Side& side, const plain::Named& map) {
  const auto wrong = saved::wrong_members(map.text);
  if (!wrong.empty())
    spdlog::warn("{}: map {} {} is damaged here, and not compared: {}", side.name(), map.id, map.name,
                 fmt::join(wrong, ", "));
  return !wrong.empty();
}

std::size_t leave_out_damaged(const Side& before, const Side& after, std::vector<plain::Pair>& pairs) {
  return std::erase_if(pairs, [&](const plain::Pair& pair) {
    if (pair.either().what != plain::Named::What::map) return false;
    const bool was = pair.before != nullptr && is_damaged(before, *pair.before);
    const bool is = pair.after != nullptr && is_damaged(after, *pair.after);
    return was || is;
  });
}

/// Each pair's text is looked at in turn, and let go.
Result<bool> compare(const Side& before, const Side& after, DiffWriter& writer) {
  auto pairs = plain::pairs_of(before.named(), after.named());
  const std::size_t unasked = leave_out_unasked(before, after, pairs);
  const std::size_t damaged = leave_out_damaged(before, after, pairs);
  Counted counted(writer);
  writer.begin(before.name(), after.name());
  for (const plain::Pair& pair : pairs) {
    const bool is_part =
        pair.before != nullptr && pair.after != nullptr && pair.either().what == plain::Named::What::part;
    if (is_part) writer.scheduler(pair, plain::scheduler_difference(pair.before->text, pair.after->text));
    if (auto told = plain::compare(pair, counted); !told)
      return std::unexpected(std::move(told.error()).within(pair.either().name));
    before.forget(pair.before), after.forget(pair.after);
  }
  writer.end({pairs.size(), counted.differing(), unasked, damaged});
  if (damaged != 0 && counted.differing() == 0)
    return fail(Errc::corrupt, "nothing else differs, but a damaged map could not be compared");
  return counted.differing() != 0;
}

/// Whatever it was, nothing can be said of whether they are equal.
int not_compared(const Error& error) {
  (void)complain(error);
  return exit_not_compared;
}

} // namespace

int diff(const DiffOptions& options) {
  Side before(options, options.sides[0]), after(options, options.sides[1]);
  if (options.sides[0] == "-" && options.sides[1] == "-")
    return not_compared({Errc::usage, "standard input can be one of the two; name a file for the other", {}});
  if (auto loaded = config::load(options.configs, options.sets); !loaded) return not_compared(loaded.error());
  for (Side* side : {&before, &after})
    if (auto opened = side->open(); !opened) return not_compared(opened.error());
  StdoutStream out;
  const auto writer = options.json ? diff_json(out) : diff_lines(out);
  const auto differ = compare(before, after, *writer);
  const int written = out.finish();
  if (!differ) return not_compared(differ.error());
  if (written != exit_ok) return exit_not_compared;
  return *differ ? exit_different : exit_ok;
}

} // namespace mapscope::cli
