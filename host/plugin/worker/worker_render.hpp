// SPDX-License-Identifier: Apache-2.0
// One render in a worker process, seen from the host: its frames become the rows of a call of the host's own.
//
// What comes from the worker is judged as what comes from a plugin is, by the same functions. Thread rule:
// belongs to the thread that renders.
#pragma once

#include "host/plugin/call/call.hpp"
#include "host/plugin/worker/frames.hpp"
#include "host/plugin/worker/workers.hpp"

namespace mapscope::plugin {

class WorkerRender {
public:
  WorkerRender(Workers& workers, const Environment& environment, const catalog::Map& map,
               std::span<const Choice> choices, const Limits& limits, report::MapWriter& writer,
               AllocatorCall* allocator, const LeftOut& left_out);
  Attempt run();

private:
  enum class State : std::uint8_t { going_on, done, failed, stopped };

  [[nodiscard]] bool send_request() const;
  State receive();
  State take_frames();
  State take_frame(const Frame& frame);
  State repeat(int rc);
  State take_end(std::span<const std::byte> content);
  State take_crash(std::span<const std::byte> content);
  State bring_in(std::span<const std::byte> content);
  State ask_where_it_is();
  [[nodiscard]] const Plugin& who(const CrashFrame& crash) const;
  State fail_with(report::Status status, std::string text);
  State breach(const std::string& text);
  Attempt ended();
  Attempt failed();

  Workers& workers_;
  const memory::Source& source_;
  const catalog::Map& map_;
  std::span<const Choice> choices_;
  const Choice& choice_; ///< the first
  AllocatorCall* allocator_;
  LeftOut left_out_;
  msc_call call_;
  using Clock = std::chrono::steady_clock;
  Clock::duration patience_; ///< left for waiting; what the host itself takes does not count
  Clock::time_point end_;    ///< whatever it asks for meanwhile
  Workers::Child child_;
  FrameReader reader_;
  int rc_ = MSC_OK;
  bool is_reusable_ = false;
  report::Status status_ = report::Status::failed;
  std::string failure_;
  bool is_asked_ = false; ///< its time is up, and it may still say where it is
  const Plugin* culprit_ = nullptr;
  RowFrame row_;
  FieldFrame field_;
};

} // namespace mapscope::plugin
