// SPDX-License-Identifier: Apache-2.0
// BTF objects of the running kernel by id, each fetched and parsed once, and the kernel's own.
//
// Refuses: nothing that is gone is an error; its types are not known then. Thread rule: one thread.
#pragma once

#include "host/catalog/catalog.hpp"

#include <unordered_map>

namespace mapscope::lookup {

class ObjectTypes {
public:
  ObjectTypes();

  /// Of /sys/kernel/btf/vmlinux; null where the kernel shows none.
  [[nodiscard]] const std::shared_ptr<const btf::Types>& kernel() const { return kernel_; }
  /// Null for 0, and for what cannot be had.
  std::shared_ptr<const btf::Types> of(std::uint32_t id);
  /// Those that there are, ascending.
  static std::vector<catalog::BtfObject> list();

private:
  std::shared_ptr<const btf::Types> fetch(std::uint32_t id);

  std::shared_ptr<const btf::Types> kernel_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const btf::Types>> known_;
};

} // namespace mapscope::lookup
