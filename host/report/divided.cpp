// SPDX-License-Identifier: Apache-2.0
#include "host/report/divided.hpp"

#include "host/btf/decoder.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace mapscope::report {

namespace {

constexpr unsigned small_map = 1024; ///< rows; of one that has no more, none is worth a thread's while

bool is_plain(const Typed& typed) {
  return typed.decoder == nullptr || typed.decoder->asks_nothing(typed.bytes);
}

/// Whether any thread may make it into text.
bool is_plain(const Row& row) {
  return !row.open && !row.payload && row.shape != Shape::value && row.shape != Shape::slot &&
         is_plain(row.key) && is_plain(row.value) &&
         std::ranges::all_of(row.copies, [](const auto& copy) { return !copy || is_plain(*copy); });
}

/// The rows of one map that are with others.
class Away {
public:
  Away(MapWriter& to, RowPool& pool) : to_(to), pool_(pool), most_(std::size_t{2} * pool.threads() + 2) {}
  ~Away() { give_up(); }
  Away(const Away&) = delete;
  Away& operator=(const Away&) = delete;

  void add(const Row& row) {
    if (!open_) open_ = std::make_shared<RowPool::Job>([this](Stream& text) { return to_.helper(text); });
    open_->batch.add(row);
    if (open_->batch.is_full()) hand_out();
  }

  /// All of them are text, and have gone on.
  void come_back() {
    if (open_) do_now(std::exchange(open_, nullptr));
    while (!jobs_.empty()) take_first();
  }

private:
  using Job = std::shared_ptr<RowPool::Job>;

  void hand_out() {
    jobs_.push_back(std::exchange(open_, nullptr));
    pool_.put(jobs_.back());
    while (!jobs_.empty() && pool_.is_done(*jobs_.front())) take_first();
    if (jobs_.size() > most_ && !help()) take_first();
  }

  /// In place of waiting: the first that nobody has begun.
  bool help() {
    const auto free = std::ranges::find_if(jobs_, [&](const Job& job) { return pool_.take_back(job); });
    if (free == jobs_.end()) return false;
    (*free)->batch.write();
    (*free)->is_done = true;
    return true;
  }

  void do_now(Job job) {
    job->batch.write();
    job->is_done = true;
    jobs_.push_back(std::move(job));
  }

  void take_first() {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (pool_.take_back(job))
      job->batch.write();
    else
      pool_.wait(*job);
    job->batch.hand_on(to_);
  }

  /// Nobody may be at what is going to be gone.
  void give_up() {
    for (const Job& job : jobs_)
      if (!pool_.take_back(job)) pool_.wait(*job);
  }

  MapWriter& to_;
  RowPool& pool_;
  std::size_t most_;     ///< that are away at once
  Job open_;             ///< takes rows
  std::deque<Job> jobs_; ///< in their order
};

class Divided final : public MapWriter {
public:
  Divided(std::unique_ptr<MapWriter> to, RowPool& pool)
      : to_(std::move(to)), away_(std::make_unique<Away>(*to_, pool)) {}

  void begin(const catalog::Map& map) override { to_->begin(map); }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    to_->begin_allocator(name, section);
  }
  void row(const Row& row) override;
  void field(const Field& field) override {
    stay();
    to_->field(field);
  }
  void end(const Outcome& outcome) override {
    stay();
    to_->end(outcome);
  }
  [[nodiscard]] Cuts cuts() const override {
    away_->come_back();
    return to_->cuts();
  }

private:
  void stay() {
    away_->come_back();
    plain_rows_ = 0;
  }

  std::unique_ptr<MapWriter> to_;
  std::unique_ptr<Away> away_;
  std::optional<Shape> shape_; ///< of the last row
  unsigned plain_rows_ = 0;    ///< of that shape, one behind the other, up to small_map
};

/// What asks for something in memory begins anew: the order in which it is asked for is part of the answer.
void Divided::row(const Row& row) {
  const bool is_any_ones = is_plain(row);
  if (shape_ != row.shape || !is_any_ones) stay();
  shape_ = row.shape;
  if (plain_rows_ == small_map) return away_->add(row);
  to_->row(row);
  if (is_any_ones) ++plain_rows_;
}

} // namespace

std::unique_ptr<MapWriter> divided(std::unique_ptr<MapWriter> to, RowPool* pool) {
  if (pool == nullptr || pool->threads() == 0 || !to->has_helpers()) return to;
  return std::make_unique<Divided>(std::move(to), *pool);
}

} // namespace mapscope::report
