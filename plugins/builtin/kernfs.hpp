// SPDX-License-Identifier: Apache-2.0
// Control groups by id and path. A cgroup's directory is a struct kernfs_node (fs/kernfs/dir.c); its path are
// the names from there up to the root, whose own name is empty.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Cgroups {
public:
  explicit Cgroups(Call& call) : call_(call) {
    const msc_type node = call.kernel_type("struct kernfs_node");
    directory_ = call.offset(call.kernel_type("struct cgroup"), "kn");
    id_ = call.offset(node, "id");
    name_ = call.offset(node, "name");
    const auto parent = call.offset_if(node, "__parent"); // since 6.15
    parent_ = parent ? *parent : call.offset(node, "parent");
  }

  /// Emits id and path; without the path where a part of it is missing. False when there is not even an id.
  [[nodiscard]] bool describe(std::uint64_t cgroup) {
    const auto node = cgroup != 0 ? follow(call_, cgroup + directory_) : std::nullopt;
    const auto id = node ? load<std::uint64_t>(call_, *node + id_) : std::nullopt;
    if (!id) return false;
    call_.number("id", *id);
    emit_name(call_, "path", path(*node));
    return true;
  }

  /// "/", "/system.slice/ssh.service".
  [[nodiscard]] std::optional<std::string> path(std::uint64_t node) {
    std::string path;
    for (int depth = 0; depth < deepest; ++depth) {
      const auto parent = load<std::uint64_t>(call_, node + parent_);
      if (!parent) return std::nullopt;
      if (*parent == 0) return path.empty() ? "/" : path;
      const auto name = follow(call_, node + name_);
      const auto text = name ? load_text(call_, *name, longest_name) : std::nullopt;
      if (!text) return std::nullopt;
      path.insert(0, "/" + *text);
      node = *parent;
    }
    return std::nullopt; // parents in a circle
  }

private:
  static constexpr int deepest = 256;
  static constexpr std::size_t longest_name = 256; ///< NAME_MAX and a NUL

  Call& call_;
  std::uint32_t directory_ = 0, id_ = 0, name_ = 0, parent_ = 0;
};

} // namespace mapscope::builtin
