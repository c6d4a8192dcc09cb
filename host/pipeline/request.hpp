// SPDX-License-Identifier: Apache-2.0
// What a report is to be about, and how it is written: all that a front end says of it.
//
// Thread rule: plain values; `first_done` may be called on any thread, `before_map` on the caller's.
#pragma once

#include "host/report/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::pipeline {

struct Request {
  std::vector<std::string> maps;          ///< SPECs, see scope.hpp; none: everything
  std::vector<std::string> not_maps = {}; ///< SPECs of what is left out of that
  std::string only; ///< of that what the plugin of this id renders, see only.hpp; "": all
  report::Format format = report::Format::text;
  report::Options writing;
  /// Stands between what is found in a map and the writer; may leave out rows. "": nothing does.
  std::function<std::unique_ptr<report::MapWriter>(std::unique_ptr<report::MapWriter>)> around = {};
  /// The same for the slots of allocators.
  std::function<std::unique_ptr<report::MapWriter>(std::unique_ptr<report::MapWriter>)> around_slots = {};
  /// The same for what is no map.
  std::function<std::unique_ptr<report::MapWriter>(std::unique_ptr<report::MapWriter>)> around_kernel = {};
  /// Which allocators are listed, by the map they lie in and their name; nothing: those in maps that are
  /// shown.
  std::function<bool(std::uint32_t section, std::string_view name)> lists_slots = {};
  /// Which findings of what is no map are told; nothing: all.
  std::function<bool(const report::Finding&)> tells = {};
  /// What lies behind a pointer is shown in each row that leads there: one of them is all that is wanted.
  bool rows_stand_alone = false;
  unsigned jobs = 0; ///< maps rendered at the same time; 0 = the CPUs available

  [[nodiscard]] bool is_for_all() const { return maps.empty() && not_maps.empty() && only.empty(); }
};

/// For who wants to follow the work.
struct Hooks {
  /// The index-th of so many maps begins to go out.
  std::function<void(std::size_t index, std::size_t count)> before_map = [](std::size_t, std::size_t) {};
  /// A map has been rendered, whichever it is; called once.
  std::function<void()> first_done = [] {};
};

} // namespace mapscope::pipeline
