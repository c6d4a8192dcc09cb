// SPDX-License-Identifier: Apache-2.0
// Numbers of the BPF interface to the words bpftool and libbpf use for them.
//
// Types come from the target's own enums, so a kernel newer than this program still has its names. Flags are
// bits of the system call interface (include/uapi/linux/bpf.h): their numbers never change.
#pragma once

#include "host/btf/types.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace mapscope::catalog {

/// Values of one kernel enum with a common prefix, lowercase and without it: "BPF_MAP_TYPE_HASH" -> "hash".
class EnumNames {
public:
  EnumNames(const btf::Types& types, const std::string& enum_name, std::string_view prefix);
  /// "type_36" when the enum has no such value.
  [[nodiscard]] std::string name(std::uint32_t value) const;

private:
  std::unordered_map<std::uint32_t, std::string> names_;
};

/// "BPF_F_NO_PREALLOC", ...; a bit without a name is given in hexadecimal ("0x100000").
std::vector<std::string> map_flag_names(std::uint32_t flags);

} // namespace mapscope::catalog
