// SPDX-License-Identifier: Apache-2.0
#include "host/cli/diff_text.hpp"
#include "host/report/json_text.hpp"

#include <utility>

namespace mapscope::cli {

namespace {

using plain::Named;
using plain::Pair;

const char* word_of(Named::What what) {
  switch (what) {
  case Named::What::map:
    return "map";
  case Named::What::allocator:
    return "allocator";
  case Named::What::part:
    return "extension";
  case Named::What::program:
    return "program";
  }
  return "";
}

/// Text that is JSON already, as a member.
void put_json(report::JsonText& out, const char* name, const std::string& json) {
  if (!json.empty()) out.key(name), out.begin_value(json);
}

class DiffJson final : public DiffWriter {
public:
  explicit DiffJson(report::Stream& to) : out_(to, false, false) {}

  void begin(const std::string& before, const std::string& after) override {
    out_.begin_object();
    out_.key("schema"), out_.string("mapscope-diff");
    out_.key("version"), out_.number(std::uint64_t{1});
    out_.key("from"), out_.string(before);
    out_.key("to"), out_.string(after);
    out_.key("differences"), out_.begin_array();
  }
  void alone(const Pair& pair) override {
    begin_part(pair);
    out_.key(pair.before == nullptr ? "new" : "gone"), out_.boolean(true);
  }
  void added(const Pair& pair, const std::string& key, const std::string& value) override {
    begin_change(pair, "added", key);
    put_json(out_, "value", value);
    out_.end_object();
  }
  void gone(const Pair& pair, const std::string& key, const std::string& value) override {
    begin_change(pair, "gone", key);
    put_json(out_, "value", value);
    out_.end_object();
  }
  void changed(const Pair& pair, const std::vector<plain::Change>& changes) override {
    for (const plain::Change& change : changes) {
      begin_change(pair, "changed", change.key);
      out_.key("path"), out_.string(change.path);
      put_json(out_, "from", change.from), put_json(out_, "to", change.to);
      if (change.by) out_.key("by"), put(*change.by);
      out_.end_object();
    }
  }
  void not_compared(const Pair& pair, std::uint64_t entries) override {
    begin_part(pair), end_changes();
    out_.key("not_compared"), out_.number(entries);
  }
  void scheduler(const Pair& part, const plain::SchedulerDifference& difference) override {
    if (difference.is_none()) return;
    begin_part(part), end_changes();
    out_.key("elapsed_ms"), out_.number(difference.elapsed_ms);
    out_.key("stalled"), tasks(difference.stalled);
    out_.key("moved"), tasks(difference.moved);
  }
  void end(const DiffCounts& counts) override {
    end_part();
    out_.end_array();
    out_.key("compared"), out_.number(std::uint64_t{counts.compared});
    out_.key("differing"), out_.number(std::uint64_t{counts.differing});
    if (counts.not_compared != 0) out_.key("not_compared"), out_.number(std::uint64_t{counts.not_compared});
    if (counts.damaged != 0) out_.key("damaged"), out_.number(std::uint64_t{counts.damaged});
    out_.key("equal"), out_.boolean(counts.differing == 0 && counts.damaged == 0);
    out_.end_object();
    out_.raw('\n');
    out_.flush();
  }

private:
  void put(const plain::Distance& distance) {
    if (const auto* const whole = std::get_if<std::int64_t>(&distance))
      out_.number(*whole);
    else
      out_.real(plain::real(distance));
  }
  void begin_part(const Pair& pair) {
    if (&pair == last_) return;
    end_part();
    last_ = &pair;
    const Named& one = pair.either();
    out_.begin_object();
    out_.key("what"), out_.string(word_of(one.what));
    if (one.id != 0) out_.key("id"), out_.number(std::uint64_t{one.id});
    if (pair.before != nullptr && pair.before->id != one.id)
      out_.key("id_before"), out_.number(std::uint64_t{pair.before->id});
    out_.key("name"), out_.string(one.name);
    out_.key("type_name"), out_.string(one.type);
  }
  void begin_change(const Pair& pair, const char* kind, const std::string& key) {
    begin_part(pair);
    if (!std::exchange(in_changes_, true)) out_.key("changes"), out_.begin_array();
    out_.begin_object();
    out_.key("change"), out_.string(kind);
    if (!key.empty()) out_.key("key"), out_.string(key);
  }
  void end_changes() {
    if (std::exchange(in_changes_, false)) out_.end_array();
  }
  void end_part() {
    end_changes();
    if (last_ != nullptr) out_.end_object();
    last_ = nullptr;
  }
  void tasks(const std::vector<plain::TaskDifference>& tasks) {
    out_.begin_array();
    for (const auto& task : tasks) {
      out_.begin_object();
      out_.key("pid"), out_.number(std::uint64_t{task.pid});
      out_.key("comm"), out_.string(task.comm);
      out_.key("from"), out_.string(task.from);
      out_.key("to"), out_.string(task.to);
      out_.key("waited_ms_before"), out_.number(task.waited_before);
      out_.key("waited_ms"), out_.number(task.waited_after);
      out_.end_object();
    }
    out_.end_array();
  }

  report::JsonText out_;
  const Pair* last_ = nullptr;
  bool in_changes_ = false;
};

} // namespace

std::unique_ptr<DiffWriter> diff_json(report::Stream& to) { return std::make_unique<DiffJson>(to); }

} // namespace mapscope::cli
