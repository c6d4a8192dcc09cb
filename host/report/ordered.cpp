// SPDX-License-Identifier: Apache-2.0
#include "host/report/ordered.hpp"

#include "host/base/waiting.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mapscope::report {

namespace {

/// Shared by the worker threads and the one that writes.
struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> waiting; ///< text of each piece that has not gone out
  std::vector<bool> done;
  std::size_t next_job = 0, turn = 0;
  bool failed = false; ///< nobody listens any more
  std::exception_ptr thrown;

  /// With the lock held.
  void fail(std::size_t count) {
    failed = true;
    next_job = count;
    changed.notify_all();
  }
};

class Piece final : public Stream {
public:
  Piece(Board& board, std::size_t index, std::size_t limit) : board_(board), index_(index), limit_(limit) {}

  void append(std::string_view text) override {
    std::unique_lock lock(board_.mutex);
    std::string& waiting = board_.waiting[index_];
    const auto may_go_on = [&] { return board_.failed || waiting.size() < limit_; };
    if (!may_go_on()) {
      const Waiting for_its_turn;
      board_.changed.wait(lock, may_go_on);
    }
    if (board_.failed) return;
    waiting += text;
    if (board_.turn == index_) board_.changed.notify_all();
  }

private:
  Board& board_;
  std::size_t index_, limit_;
};

void work_off(Board& board, const Ordered& work) {
  while (true) {
    std::size_t index = 0;
    {
      const std::scoped_lock lock(board.mutex);
      if (board.next_job >= work.count) return;
      index = board.next_job++;
    }
    Piece piece(board, index, work.buffer);
    work.make(index, piece);
    const std::scoped_lock lock(board.mutex);
    board.done[index] = true;
    board.changed.notify_all();
  }
}

/// On a thread of its own, which an exception would end the program in.
void work_off_and_tell(Board& board, const Ordered& work) noexcept {
  try {
    work_off(board, work);
  } catch (...) {
    const std::scoped_lock lock(board.mutex);
    if (!board.thrown) board.thrown = std::current_exception();
    board.fail(work.count);
  }
}

/// Writes the piece whose turn it is until its job is done.
Result<void> put_out(Board& board, Output& out, std::size_t index) {
  std::string text;
  while (true) {
    bool last = false;
    {
      std::unique_lock lock(board.mutex);
      board.changed.wait(lock,
                         [&] { return board.done[index] || !board.waiting[index].empty() || board.thrown; });
      last = board.done[index] || board.thrown;
      text.clear();
      std::swap(text, board.waiting[index]);
      board.changed.notify_all();
    }
    if (auto written = out.write(text); !written) return written;
    if (last) return {};
  }
}

Result<void> write_in_order(Board& board, Output& out, const Ordered& work) {
  for (std::size_t index = 0; index < work.count; ++index) {
    {
      const std::scoped_lock lock(board.mutex);
      if (board.thrown) return {};
      board.turn = index;
    }
    work.before(index);
    if (auto written = put_out(board, out, index); !written) return written;
  }
  return {};
}

/// Goes straight out; after an error nothing does.
class Direct final : public Stream {
public:
  explicit Direct(Output& out) : out_(out) {}
  void append(std::string_view text) override {
    if (written_) written_ = out_.write(text);
  }
  [[nodiscard]] const Result<void>& written() const { return written_; }

private:
  Output& out_;
  Result<void> written_;
};

/// Where no thread can be had.
Result<void> run_alone(Output& out, const Ordered& work) {
  Direct direct(out);
  for (std::size_t index = 0; index < work.count && direct.written(); ++index) {
    work.before(index);
    work.make(index, direct);
  }
  return direct.written();
}

/// As many as can be had.
std::vector<std::jthread> start_threads(std::size_t wanted, const std::function<void()>& body) {
  std::vector<std::jthread> threads;
  while (threads.size() < wanted) try {
      threads.emplace_back(body);
    } catch (const std::exception&) { // a limit of the user's, or of memory
      break;
    }
  return threads;
}

} // namespace

Result<void> run_ordered(Output& out, const Ordered& work) {
  Board board;
  board.waiting.resize(work.count);
  board.done.resize(work.count);
  auto threads = start_threads(std::min<std::size_t>(std::max(1U, work.threads), work.count),
                               [&] { work_off_and_tell(board, work); });
  if (threads.empty()) return run_alone(out, work);
  Result<void> written;
  try {
    written = write_in_order(board, out, work);
  } catch (...) {
    const std::scoped_lock lock(board.mutex);
    if (!board.thrown) board.thrown = std::current_exception();
  }
  {
    const std::scoped_lock lock(board.mutex);
    if (!written || board.thrown) board.fail(work.count);
  }
  threads.clear(); // when each is done
  if (board.thrown) std::rethrow_exception(board.thrown);
  return written;
}

} // namespace mapscope::report
