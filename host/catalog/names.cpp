// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/names.hpp"

#include "host/btf/info.hpp"

#include <array>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

/// Bit numbers of enum { BPF_F_NO_PREALLOC = 1U << 0, ... } in include/uapi/linux/bpf.h, as of 7.3.
constexpr std::array<std::string_view, 20> flag_by_bit = {
    "BPF_F_NO_PREALLOC", "BPF_F_NO_COMMON_LRU",  "BPF_F_NUMA_NODE",    "BPF_F_RDONLY",
    "BPF_F_WRONLY",      "BPF_F_STACK_BUILD_ID", "BPF_F_ZERO_SEED",    "BPF_F_RDONLY_PROG",
    "BPF_F_WRONLY_PROG", "BPF_F_CLONE",          "BPF_F_MMAPABLE",     "BPF_F_PRESERVE_ELEMS",
    "BPF_F_INNER_MAP",   "BPF_F_LINK",           "BPF_F_PATH_FD",      "BPF_F_VTYPE_BTF_OBJ_FD",
    "BPF_F_TOKEN_FD",    "BPF_F_SEGV_ON_FAULT",  "BPF_F_NO_USER_CONV", "BPF_F_RB_OVERWRITE"};

std::string lowercase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// Old spellings kept for source compatibility; the value has a better name beside them.
bool is_alias(std::string_view name) { return name.ends_with("_DEPRECATED"); }

} // namespace

EnumNames::EnumNames(const btf::Types& types, const std::string& enum_name, std::string_view prefix) {
  const auto id = types.find("enum " + enum_name);
  const btf_type* type = id ? types.type(*id) : nullptr;
  if (type == nullptr || !btf_is_enum(type)) return;
  const struct btf_enum* values = btf_enum(type);
  for (unsigned i = 0; i < btf::vlen_of(type); ++i) {
    const std::string_view name = types.string(values[i].name_off);
    if (!name.starts_with(prefix)) continue; // __MAX_BPF_MAP_TYPE
    const auto value = static_cast<std::uint32_t>(values[i].val);
    if (is_alias(name)) {
      const std::string_view current = name.substr(0, name.size() - std::string_view("_DEPRECATED").size());
      names_.try_emplace(value, lowercase(current.substr(prefix.size())));
    } else {
      names_[value] = lowercase(name.substr(prefix.size()));
    }
  }
}

std::string EnumNames::name(std::uint32_t value) const {
  const auto found = names_.find(value);
  return found != names_.end() ? found->second : fmt::format("type_{}", value);
}

std::vector<std::string> map_flag_names(std::uint32_t flags) {
  std::vector<std::string> names;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    names.push_back(bit < flag_by_bit.size() ? std::string(flag_by_bit[bit])
                                             : fmt::format("{:#x}", 1U << bit));
  }
  return names;
}

} // namespace mapscope::catalog
