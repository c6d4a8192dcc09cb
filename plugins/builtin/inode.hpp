// SPDX-License-Identifier: Apache-2.0
// What is said of an inode (struct inode) that a map refers to. Its path is the one inside its file system
// (include/linux/dcache.h): where that is mounted depends on who looks.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Inodes {
public:
  explicit Inodes(Call& call) : call_(call) {
    const msc_type inode = call.kernel_type("struct inode"), super = call.kernel_type("struct super_block");
    number_ = call.offset(inode, "i_ino");
    links_ = call.offset(inode, "i_nlink");
    super_ = call.offset(inode, "i_sb");
    first_name_ = call.offset(inode, "i_dentry.first");
    device_ = call.offset(super, "s_dev");
    root_ = call.offset(super, "s_root");
    type_ = call.offset(super, "s_type");
    type_name_ = call.offset(call.kernel_type("struct file_system_type"), "name");
    const msc_type name = call.kernel_type("struct dentry");
    parent_ = call.offset(name, "d_parent");
    text_ = call.offset(name, "d_name.name");
    alias_ = call.offset_if(name, "d_u.d_alias");
    if (!alias_) alias_ = call.offset_if(name, "d_alias");
  }

  /// Opens an object called `field` with ino, dev, fs, path and state; nothing where the inode cannot be
  /// read.
  [[nodiscard]] bool emit(const char* field, std::uint64_t inode) {
    const auto number = load<std::uint64_t>(call_, inode + number_);
    if (!number) return false;
    call_.object(field);
    call_.number("ino", *number);
    if (const auto super = follow(call_, inode + super_)) emit_file_system(*super, inode);
    if (load<std::uint32_t>(call_, inode + links_) == 0U) call_.text("state", "deleted"); // but still open
    call_.end();
    return true;
  }

private:
  static constexpr int deepest = 256;
  static constexpr std::size_t longest_name = 256; ///< NAME_MAX and a NUL

  /// dev as /proc/self/mountinfo writes it.
  void emit_file_system(std::uint64_t super, std::uint64_t inode) {
    constexpr unsigned minor_bits = 20; // of the kernel's own dev_t
    if (const auto device = load<std::uint32_t>(call_, super + device_))
      call_.text("dev", std::to_string(*device >> minor_bits) + ":" +
                            std::to_string(*device & ((1U << minor_bits) - 1)));
    const auto type = follow(call_, super + type_), name = type ? follow(call_, *type + type_name_) : type;
    if (name) emit_name(call_, "fs", load_text(call_, *name, longest_name));
    const auto root = follow(call_, super + root_), alias = follow(call_, inode + first_name_);
    if (root && alias && alias_) emit_name(call_, "path", path(*alias - *alias_, *root));
  }

  /// The first of its names. Nothing for what is in no directory, as pipes and sockets are.
  std::optional<std::string> path(std::uint64_t dentry, std::uint64_t root) {
    std::string path;
    for (int depth = 0; depth < deepest; ++depth) {
      if (dentry == root) return path.empty() ? "/" : path;
      const auto parent = follow(call_, dentry + parent_), name = follow(call_, dentry + text_);
      const auto text = name && parent != dentry ? load_text(call_, *name, longest_name) : std::nullopt;
      if (!parent || !text) return std::nullopt;
      path.insert(0, "/" + *text);
      dentry = *parent;
    }
    return std::nullopt; // parents in a circle
  }

  Call& call_;
  std::uint32_t number_ = 0, links_ = 0, super_ = 0, first_name_ = 0, device_ = 0, root_ = 0, type_ = 0;
  std::uint32_t type_name_ = 0, parent_ = 0, text_ = 0;
  std::optional<std::uint32_t> alias_; ///< in struct dentry; how it is wrapped differs
};

} // namespace mapscope::builtin
