// SPDX-License-Identifier: Apache-2.0
// What an allocator's slots hold. Their memory does not say, so: what the configuration says; else the struct
// that has the allocator's name; else the only struct of the payload's size, or the one of several that is
// named like a context, or that nothing else has inside of it.
//
// Refuses: to choose between structs that are alike in all of that; the reason names them.
#pragma once

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::sdt_alloc {

struct PayloadType {
  msc_type type = MSC_BYTES;
  std::string reason; ///< why it is not known; "" when it is
};

class PayloadTypes {
public:
  PayloadTypes(Call& call, std::uint64_t bytes) : call_(call), bytes_(bytes) {}

  PayloadType find() {
    const std::string configured(call_.config("payload_type"));
    if (!configured.empty()) return by_configuration(configured);
    if (const auto named = by_name()) return {*named, ""};
    return by_size();
  }

private:
  struct Candidate {
    msc_type type;
    std::string name;
    bool is_embedded;
  };

  /// The allocator rounds up to eight bytes.
  [[nodiscard]] bool fits(msc_type type) { return (call_.size(type) + 7) / 8 * 8 == bytes_; }

  PayloadType by_configuration(const std::string& name) {
    const auto type = call_.find_type(MSC_MAP_BTF, name.c_str());
    if (!type) return {MSC_BYTES, "the program has no type " + name + ", which the configuration names"};
    if (call_.size(*type) <= bytes_) return {*type, ""};
    return {MSC_BYTES, name + ", which the configuration names, has " + std::to_string(call_.size(*type)) +
                           " bytes, and a payload " + std::to_string(bytes_)};
  }

  static bool is_allocators(std::string_view name) {
    return name == "scx_allocator" || name == "sdt_pool" || name == "sdt_desc" || name == "sdt_chunk" ||
           name == "sdt_data";
  }

  /// "scx_task_allocator": struct scx_task, or struct task.
  std::optional<msc_type> by_name() {
    constexpr std::string_view suffix = "_allocator", prefix = "scx_";
    std::string_view stem = call_.target.root_name != nullptr ? call_.target.root_name : "";
    if (stem.ends_with(suffix)) stem.remove_suffix(suffix.size());
    for (const bool shorter : {false, true}) {
      if (shorter && !stem.starts_with(prefix)) break;
      const std::string name = "struct " + std::string(stem.substr(shorter ? prefix.size() : 0));
      const auto type = call_.find_type(MSC_MAP_BTF, name.c_str());
      if (type && fits(*type)) return type;
    }
    return std::nullopt;
  }

  std::vector<Candidate> candidates() {
    constexpr std::size_t most = 1024;
    std::vector<Candidate> list;
    msc_member_info found{};
    while (list.size() < most &&
           call_.next_sized(bytes_ - std::min<std::uint64_t>(bytes_, 7), bytes_, found)) {
      const std::string name = found.name;
      if (fits(found.member.type) && !is_allocators(name) &&
          !call_.find_type(MSC_KERNEL_BTF, ("struct " + name).c_str()))
        list.push_back({found.member.type, name, found.kind == MSC_KIND_EMBEDDED});
    }
    return list;
  }

  PayloadType by_size() {
    const auto all = candidates();
    const auto is = [&](auto test) { return only(all, test); };
    const auto ends = [](std::string_view end) {
      return [end](const Candidate& candidate) { return candidate.name.ends_with(end); };
    };
    for (const auto& chosen :
         {is([](const Candidate& c) { return c.name == "task_ctx"; }), is(ends("_arena_ctx")),
          is(ends("_task_ctx")), is(ends("_ctx")), is([](const Candidate& c) { return !c.is_embedded; })})
      if (chosen) return {*chosen, ""};
    return {MSC_BYTES, ambiguity(all, std::to_string(bytes_) + " bytes")};
  }

  template <class Test> static std::optional<msc_type> only(const std::vector<Candidate>& all, Test test) {
    std::optional<msc_type> found;
    for (const Candidate& candidate : all) {
      if (!test(candidate)) continue;
      if (found) return std::nullopt;
      found = candidate.type;
    }
    return found;
  }

  static std::string ambiguity(const std::vector<Candidate>& all, const std::string& size) {
    constexpr std::size_t most_named = 4;
    if (all.empty()) return "no struct of the program's own has the payload's " + size;
    std::string names;
    for (std::size_t i = 0; i < all.size() && i < most_named; ++i)
      names += (i == 0 ? "" : ", ") + all[i].name;
    if (all.size() == 1)
      return "the only struct of the payload's " + size + ", " + names +
             ", is a variable's or a member's; payload_type decides";
    return std::to_string(all.size()) + " structs have the payload's " + size + " (" + names +
           (all.size() > most_named ? ", ..." : "") + "); payload_type decides";
  }

  Call& call_;
  std::uint64_t bytes_;
};

inline PayloadType find_payload_type(Call& call, std::uint64_t bytes) {
  return PayloadTypes(call, bytes).find();
}

} // namespace mapscope::sdt_alloc
