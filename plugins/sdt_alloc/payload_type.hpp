// SPDX-License-Identifier: Apache-2.0
// What an allocator's slots hold. Their memory does not say, so: what the configuration says; else the struct
// that has the allocator's name; else the only struct of the payload's size, or the one of several that is
// named like a context, or that nothing else has inside of it. Of sizes alone it is a guess, and marked.
//
// Refuses: to choose between structs that are alike in all of that; the reason names them. And to take a
// stranger for its size where a struct has the allocator's name.
#pragma once

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::sdt_alloc {

struct PayloadType {
  msc_type type = MSC_BYTES;
  std::string reason; ///< why it is not known; "" when it is
  std::string guess;  ///< what it rests on when neither configuration nor name and size say it
};

/// What a slot has for its payload.
struct Room {
  std::uint64_t bytes = 0;
  std::uint32_t header = 0; ///< the rest of the slot
  /// The element is a multiple of it: scx_alloc_init(alloc, data_size, align) of releases whose header is
  /// behind the payload, 8 bytes before (lib/sdt_alloc.bpf.c of sched-ext/scx, pull request 3770).
  std::uint64_t most_aligned = 8;
};

class PayloadTypes {
public:
  PayloadTypes(Call& call, const Room& room) : call_(call), room_(room) {}

  PayloadType find() {
    const std::string configured(call_.config("payload_type"));
    if (!configured.empty()) return by_configuration(configured);
    if (auto named = by_name()) return *std::move(named);
    return by_size();
  }

private:
  struct Candidate {
    msc_type type;
    std::string name;
    bool is_embedded;
  };

  /// The allocator rounds up, header included.
  [[nodiscard]] bool fits(std::uint64_t size) const {
    const std::uint64_t element = room_.bytes + room_.header;
    for (std::uint64_t align = 8; size <= room_.bytes && align <= room_.most_aligned; align *= 2)
      if ((size + room_.header + align - 1) / align * align == element) return true;
    return false;
  }

  [[nodiscard]] std::string bytes_text() const { return std::to_string(room_.bytes) + " bytes"; }

  PayloadType by_configuration(const std::string& name) {
    const auto type = call_.find_type(MSC_MAP_BTF, name.c_str());
    if (!type) return {MSC_BYTES, "the program has no type " + name + ", which the configuration names", ""};
    if (call_.size(*type) <= room_.bytes) return {*type, "", ""};
    return {MSC_BYTES,
            name + ", which the configuration names, has " + std::to_string(call_.size(*type)) +
                " bytes, and a payload " + std::to_string(room_.bytes),
            ""};
  }

  static bool is_allocators(std::string_view name) {
    return name == "scx_allocator" || name == "sdt_allocator" || name == "sdt_pool" || name == "sdt_desc" ||
           name == "sdt_chunk" || name == "sdt_data" || name == "scx_urcu";
  }

  [[nodiscard]] bool is_kernels(const std::string& type) {
    return call_.find_type(MSC_KERNEL_BTF, type.c_str()).has_value();
  }

  /// "scx_task_allocator": struct scx_task, or struct task.
  [[nodiscard]] std::vector<std::string> names() const {
    constexpr std::string_view suffix = "_allocator";
    std::string_view stem = call_.target.root_name != nullptr ? call_.target.root_name : "";
    if (stem.ends_with(suffix)) stem.remove_suffix(suffix.size());
    std::vector<std::string> names = {"struct " + std::string(stem)};
    for (const std::string_view prefix : {"scx_", "sdt_"})
      if (stem.starts_with(prefix)) names.push_back("struct " + std::string(stem.substr(prefix.size())));
    return names;
  }

  /// One that has the name and another size is meant all the same; what it then has to say is why.
  std::optional<PayloadType> by_name() {
    std::optional<PayloadType> other;
    for (const std::string& name : names()) {
      const auto type = call_.find_type(MSC_MAP_BTF, name.c_str());
      const std::uint64_t size = type ? call_.size(*type) : 0;
      if (type && fits(size)) return PayloadType{*type, "", ""};
      if (size != 0 && !other && !is_kernels(name)) other = of_another_size(name, *type, size);
    }
    return other;
  }

  PayloadType of_another_size(const std::string& name, msc_type type, std::uint64_t size) {
    const std::string has = name + ", which the allocator is named after, has " + std::to_string(size) +
                            " bytes, and a payload " + std::to_string(room_.bytes);
    const auto last = size > room_.bytes ? last_member(type) : std::nullopt;
    const bool is_cut = last && last->member.bit_size == 0 && last->member.bit_offset / 8 < room_.bytes;
    if (!is_cut) return {MSC_BYTES, has, ""};
    return {type, "", has + ": its last member, " + last->name + ", is taken to be as long as there is room"};
  }

  /// A struct may be allocated without the end of an array that is declared for the largest machine: as much
  /// of scx_bitmap.bits as there are CPUs (scx_bitmap_init() in lib/bitmap.bpf.c of sched-ext/scx).
  std::optional<msc_member_info> last_member(msc_type type) {
    constexpr std::uint32_t most = 1024;
    std::optional<msc_member_info> last;
    msc_member_info found{};
    for (std::uint32_t i = 0; i < most && call_.member_at(type, i, found); ++i)
      if (!last || found.member.bit_offset >= last->member.bit_offset) last = found;
    return last;
  }

  std::vector<Candidate> candidates() {
    constexpr std::size_t most = 1024;
    std::vector<Candidate> list;
    msc_member_info found{};
    const std::uint64_t least = room_.bytes - std::min(room_.bytes, room_.most_aligned - 1);
    while (list.size() < most && call_.next_sized(least, room_.bytes, found)) {
      const std::string name = found.name;
      if (fits(call_.size(found.member.type)) && !is_allocators(name) && !is_kernels("struct " + name))
        list.push_back({found.member.type, name, found.kind == MSC_KIND_EMBEDDED});
    }
    return list;
  }

  PayloadType by_size() {
    const auto all = candidates();
    const auto ends = [](std::string_view end) {
      return [end](const Candidate& candidate) { return candidate.name.ends_with(end); };
    };
    for (const Candidate* chosen :
         {only(all, [](const Candidate& c) { return c.name == "task_ctx"; }), only(all, ends("_arena_ctx")),
          only(all, ends("_task_ctx")), only(all, ends("_ctx")),
          only(all, [](const Candidate& c) { return !c.is_embedded; })})
      if (chosen != nullptr) return {chosen->type, "", guess(all)};
    return {MSC_BYTES, ambiguity(all), ""};
  }

  template <class Test> static const Candidate* only(const std::vector<Candidate>& all, Test test) {
    const Candidate* found = nullptr;
    for (const Candidate& candidate : all) {
      if (!test(candidate)) continue;
      if (found != nullptr) return nullptr;
      found = &candidate;
    }
    return found;
  }

  [[nodiscard]] std::string guess(const std::vector<Candidate>& all) const {
    if (all.size() == 1) return "by its size: the only struct of the payload's " + bytes_text();
    return "by its size, and of " + std::to_string(all.size()) + " structs of the payload's " + bytes_text() +
           " by its name and use";
  }

  [[nodiscard]] std::string ambiguity(const std::vector<Candidate>& all) const {
    constexpr std::size_t most_named = 4;
    if (all.empty()) return "no struct of the program's own has the payload's " + bytes_text();
    std::string names;
    for (std::size_t i = 0; i < all.size() && i < most_named; ++i)
      names += (i == 0 ? "" : ", ") + all[i].name;
    if (all.size() == 1)
      return "the only struct of the payload's " + bytes_text() + ", " + names +
             ", is a variable's or a member's; payload_type decides";
    return std::to_string(all.size()) + " structs have the payload's " + bytes_text() + " (" + names +
           (all.size() > most_named ? ", ..." : "") + "); payload_type decides";
  }

  Call& call_;
  Room room_;
};

inline PayloadType find_payload_type(Call& call, const Room& room) { return PayloadTypes(call, room).find(); }

} // namespace mapscope::sdt_alloc
