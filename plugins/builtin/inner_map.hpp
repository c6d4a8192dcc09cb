// SPDX-License-Identifier: Apache-2.0
// What is said of a map (struct bpf_map) that another map refers to.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class InnerMaps {
public:
  explicit InnerMaps(Call& call) : call_(call) {
    const msc_type map = call.kernel_type("struct bpf_map");
    id_ = call.offset(map, "id");
    name_ = call.offset(map, "name");
  }

  /// Emits id and name. The id is 0 when the map is being freed.
  [[nodiscard]] bool describe(std::uint64_t map) {
    const auto id = load<std::uint32_t>(call_, map + id_);
    if (map == 0 || !id) return false;
    call_.number("id", *id);
    emit_name(call_, "name", load_name<16>(call_, map + name_)); // BPF_OBJ_NAME_LEN
    return true;
  }

private:
  Call& call_;
  std::uint32_t id_ = 0, name_ = 0;
};

} // namespace mapscope::builtin
