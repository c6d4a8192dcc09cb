// SPDX-License-Identifier: Apache-2.0
// The maps that a plugin may see beside its own: those of the same programs, or, as its manifest says, all.
//
// Refuses: maps whose record could not be read. Thread rule: any thread.
#pragma once

#include "host/plugin/call/task.hpp"
#include "host/plugin/call/type_handles.hpp"

#include <mapscope/plugin.h>

#include <string_view>

namespace mapscope::plugin {

class VisibleMaps {
public:
  explicit VisibleMaps(const Task& task) : task_(task) {}

  /// Null where a part of the kernel is rendered.
  [[nodiscard]] const catalog::Map* own() const { return task_.is_kernel_target() ? nullptr : &task_.map; }
  // Null where there is none that the plugin may see.
  [[nodiscard]] const catalog::Map* at(std::uint64_t kva) const;
  [[nodiscard]] const catalog::Map* with(std::uint32_t id) const;
  /// By its name, or "id:N".
  [[nodiscard]] const catalog::Map* called(std::string_view name) const;
  /// Why called() finds nothing.
  [[nodiscard]] std::string absence(std::string_view name) const;

  [[nodiscard]] TypeHandles handles(const catalog::Map& map) const {
    return handles_of(map, &map == &task_.map, task_.environment);
  }
  /// What is true of any map.
  [[nodiscard]] msc_target target_of(const catalog::Map& map) const;
  /// Of a handle with `other_tag` in its upper half: the BTF object it is of.
  [[nodiscard]] std::shared_ptr<const btf::Types> types_of(std::uint64_t tag) const;

private:
  [[nodiscard]] bool may_see(const catalog::Map& map) const;
  [[nodiscard]] std::uint32_t object_of(const catalog::Map& map) const;
  void add_globals(msc_target& target, const catalog::Map& map) const;

  const Task& task_;
};

} // namespace mapscope::plugin
