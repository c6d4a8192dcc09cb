// SPDX-License-Identifier: Apache-2.0
// Control groups by id and path. A cgroup's directory is a struct kernfs_node (fs/kernfs/dir.c); its path are
// the names from there up to the root, whose own name is empty.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Cgroups {
public:
  explicit Cgroups(Call& call) : call_(call) {
    const msc_type node = call.kernel_type("struct kernfs_node"), cgroup = call.kernel_type("struct cgroup");
    directory_ = call.offset(cgroup, "kn");
    flags_ = call.offset_if(cgroup, "self.flags");
    id_ = call.offset(node, "id");
    name_ = call.offset(node, "name");
    const auto parent = call.offset_if(node, "__parent"); // since 6.15
    parent_ = parent ? *parent : call.offset(node, "parent");
  }

  /// Emits id, path and, once it was removed, its state; without the path where a part of it is missing.
  /// False when there is not even an id.
  [[nodiscard]] bool describe(std::uint64_t cgroup) {
    const auto number = id(cgroup);
    if (!number) return false;
    call_.number("id", *number);
    if (const auto node = follow(call_, cgroup + directory_)) emit_name(call_, "path", path(*node));
    if (is_dying(cgroup)) call_.text("state", "dying");
    return true;
  }
  /// The same in an object called `field`.
  [[nodiscard]] bool emit(const char* field, std::uint64_t cgroup) {
    if (!id(cgroup)) return false;
    call_.object(field);
    const bool described = describe(cgroup);
    call_.end();
    return described;
  }

  [[nodiscard]] std::optional<std::uint64_t> id(std::uint64_t cgroup) {
    const auto node = cgroup != 0 ? follow(call_, cgroup + directory_) : std::nullopt;
    return node ? load<std::uint64_t>(call_, *node + id_) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> path_of(std::uint64_t cgroup) {
    const auto node = cgroup != 0 ? follow(call_, cgroup + directory_) : std::nullopt;
    return node ? path(*node) : std::nullopt;
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
  /// Its directory was removed; who still refers to it keeps it.
  bool is_dying(std::uint64_t cgroup) {
    constexpr std::uint32_t online = 2; // CSS_ONLINE
    const auto flags = flags_ ? load<std::uint32_t>(call_, cgroup + *flags_) : std::nullopt;
    return flags && (*flags & online) == 0;
  }

  static constexpr int deepest = 256;
  static constexpr std::size_t longest_name = 256; ///< NAME_MAX and a NUL

  Call& call_;
  std::uint32_t directory_ = 0, id_ = 0, name_ = 0, parent_ = 0;
  std::optional<std::uint32_t> flags_;
};

} // namespace mapscope::builtin
