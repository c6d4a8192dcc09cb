// SPDX-License-Identifier: Apache-2.0
// Where in a slot its header (struct sdt_data) lies, as hypotheses: taken from BTF where BTF has the type,
// else all that releases of the library had, and each held against all live slots, whose numbers their places
// in the tree give.
//
// What releases had (lib/sdt_alloc.bpf.c and scheds/include/lib/sdt_task_defs.h of sched-ext/scx):
//   before the payload   {tid}             sdt_task.h of December 2024 on (pull request 1130: struct
//                                          sdt_allocator, and gen for genn); tools/sched_ext/scx_sdt of
//                                          Linux 7.0
//   before the payload   {tid, urcu_link}  2026: frees that wait for readers
//   behind the payload   {tid, urcu_link}  pull request 3770 of August 2026, sdt_tailer(): the last bytes of
//   the
//                                          element, so that payloads can be aligned; without urcu_link before
//
// The leaves of the tree point to the element's first byte in all of them.
#pragma once

#include "tree.hpp"

#include <mapscope/plugin.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::sdt_alloc {

struct Header {
  bool is_behind = false; ///< the payload
  std::uint32_t size = 8;
  std::uint32_t idx = 0, genn = 4;   ///< within it
  std::optional<std::uint32_t> link; ///< urcu_link, where it is supposed and not told by BTF

  [[nodiscard]] bool fits(std::uint64_t element) const {
    constexpr std::uint32_t longest = 4096, number = 4;
    return size <= longest && size < element && idx + number <= size && genn + number <= size &&
           (!link || *link + 8 <= size);
  }
  [[nodiscard]] std::uint64_t begin(std::uint64_t element) const { return is_behind ? element - size : 0; }
  [[nodiscard]] std::uint32_t payload() const { return is_behind ? 0 : size; }
  bool operator==(const Header&) const = default;

  [[nodiscard]] std::string text() const {
    return "a header of " + std::to_string(size) + " bytes " + (is_behind ? "behind" : "before") +
           " the payload";
  }
};

/// What the live slots say to one hypothesis.
struct Evidence {
  std::uint64_t live = 0;  ///< could be read
  std::uint64_t right = 0; ///< have the number of their place
  std::uint64_t zero = 0;  ///< have none: being taken or given back just then
  std::uint64_t wrong = 0;
  std::int64_t wrong_place = 0, wrong_idx = 0; ///< the first

  /// Of one that BTF tells; where there is nothing to test it by, BTF's word is enough.
  [[nodiscard]] bool allows() const { return wrong == 0 && (right != 0 || zero <= 1); }
  /// Of one that nobody told.
  [[nodiscard]] bool proves() const { return wrong == 0 && right != 0 && zero <= right; }
  [[nodiscard]] bool is_mute() const { return right == 0 && zero == 0 && wrong == 0; }
};

/// struct sdt_data of the program, or nothing where it is only declared.
struct ToldHeader {
  explicit ToldHeader(Call& call) {
    const auto type = call.find_type(MSC_MAP_BTF, "struct sdt_data");
    if (!type) return;
    Header told;
    const auto payload = call.offset_if(*type, "payload");
    told.size =
        payload.value_or(static_cast<std::uint32_t>(std::min<std::size_t>(call.size(*type), 1U << 20)));
    const auto idx = call.offset_if(*type, "tid.idx"), genn = generation(call, *type);
    if (told.size == 0 || !idx || !genn) return;
    told.idx = *idx, told.genn = *genn;
    told.is_behind = !payload; // what the payload lies behind of has it as its last member
    header = told;
  }

  std::optional<Header> header;

private:
  static std::optional<std::uint32_t> generation(Call& call, msc_type type) {
    const auto genn = call.offset_if(type, "tid.genn");
    return genn ? genn : call.offset_if(type, "tid.gen"); // until January 2025
  }
};

/// All others that a slot may have, likeliest first.
inline std::vector<Header> other_headers(const std::optional<Header>& told, std::uint64_t element) {
  std::vector<Header> all;
  const auto add = [&](const Header& header) {
    if (header.fits(element) && header != told && std::ranges::find(all, header) == all.end())
      all.push_back(header);
  };
  if (told) {
    Header turned = *told;
    turned.is_behind = !told->is_behind;
    add(turned);
  }
  for (const bool is_behind : {false, true}) {
    add({is_behind, 8, 0, 4, std::nullopt});
    if (!told || told->size != 16) add({is_behind, 16, 0, 4, 8});
  }
  return all;
}

/// Reads of one slot what a hypothesis says of it.
class HeaderReader {
public:
  HeaderReader(Call& call, std::uint64_t element, const Header& header)
      : call_(call), header_(header), begin_(header.begin(element)), bytes_(header.size) {}

  [[nodiscard]] bool read(std::uint64_t slot) { return call_.try_read(MSC_ARENA, slot + begin_, bytes_); }
  [[nodiscard]] std::int32_t idx() const { return load<std::int32_t>(bytes_, header_.idx); }
  [[nodiscard]] std::int32_t genn() const { return load<std::int32_t>(bytes_, header_.genn); }

  /// Memory that cannot be read says nothing.
  void judge(std::uint64_t slot, std::int32_t place, Evidence& evidence) {
    if (!read(slot)) return;
    ++evidence.live;
    const bool is_possible = (idx() == place || idx() == 0) && genn() >= 0 && has_link(slot);
    if (!is_possible && evidence.wrong++ == 0) evidence.wrong_place = place, evidence.wrong_idx = idx();
    if (is_possible && place != 0) ++(idx() == place ? evidence.right : evidence.zero);
  }

private:
  /// Nothing, or another header of the same arena.
  [[nodiscard]] bool has_link(std::uint64_t slot) const {
    if (!header_.link) return true;
    const auto link = load<std::uint64_t>(bytes_, *header_.link);
    return link == 0 || (link % 8 == 0 && link >> 32 == slot >> 32);
  }

  Call& call_;
  const Header header_;
  std::uint64_t begin_;
  std::vector<std::byte> bytes_;
};

} // namespace mapscope::sdt_alloc
