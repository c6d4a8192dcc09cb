// SPDX-License-Identifier: Apache-2.0
// What is said of a network device (struct net_device) that a map refers to.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Devices {
public:
  explicit Devices(Call& call) : call_(call) {
    const msc_type device = call.kernel_type("struct net_device");
    ifindex_ = call.offset(device, "ifindex");
    name_ = call.offset(device, "name");
  }

  [[nodiscard]] std::optional<std::int32_t> ifindex(std::uint64_t device) {
    return load<std::int32_t>(call_, device + ifindex_);
  }
  [[nodiscard]] std::optional<std::string> name(std::uint64_t device) {
    return load_name<16>(call_, device + name_); // IFNAMSIZ
  }

private:
  Call& call_;
  std::uint32_t ifindex_ = 0, name_ = 0;
};

} // namespace mapscope::builtin
