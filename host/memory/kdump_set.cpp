// SPDX-License-Identifier: Apache-2.0
#include "host/memory/kdump_set.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace mapscope::memory {

namespace {

using Members = std::vector<KdumpMember>;

std::unexpected<Error> refuse(const KdumpMember& member, std::string_view what) {
  return fail(Errc::usage, fmt::format("{}: {}", member.name, what));
}

/// All that the members of a set have in common.
bool are_of_one_dump(const KdumpHeader& one, const KdumpHeader& other) {
  return one.uts == other.uts && one.block_size == other.block_size && one.frames == other.frames &&
         one.dump_level == other.dump_level && one.bitmap_size == other.bitmap_size &&
         one.vmcoreinfo == other.vmcoreinfo;
}

Result<void> check_kin(const Members& members) {
  for (const KdumpMember& member : members) {
    if (!member.header.is_split)
      return refuse(member, "a whole dump, not a part of a split one; give it alone");
    if (!are_of_one_dump(members.front().header, member.header))
      return refuse(
          member, fmt::format("a part of another dump than {}; give the parts of one", members.front().name));
  }
  return {};
}

std::string missing(const KdumpMember& beside, std::string_view where, std::uint64_t begin,
                    std::uint64_t end) {
  return fmt::format(
      "a part of a split dump, and the part {} it (frames {:#x} to {:#x} of {:#x}) is missing; "
      "give all parts together",
      where, begin, end, beside.header.frames);
}

/// Members in order: each begins where the one before ends.
Result<void> check_seams(const Members& members) {
  const KdumpHeader &first = members.front().header, &last = members.back().header;
  if (first.begin != 0) return refuse(members.front(), missing(members.front(), "before", 0, first.begin));
  for (std::size_t i = 1; i < members.size(); ++i) {
    const KdumpHeader &one = members[i - 1].header, &next = members[i].header;
    if (one.begin == next.begin && one.end == next.end)
      return refuse(members[i],
                    fmt::format("the same part of the dump as {}; give each part once", members[i - 1].name));
    if (next.begin > one.end)
      return refuse(members[i - 1], missing(members[i - 1], "behind", one.end, next.begin));
    if (next.begin < one.end)
      return refuse(members[i], fmt::format("a part of the dump that {} has in part; give the parts of one",
                                            members[i - 1].name));
  }
  if (last.end < last.frames)
    return refuse(members.back(), missing(members.back(), "behind", last.end, last.frames));
  return {};
}

} // namespace

Result<Members> whole_set(Members members) {
  const bool is_one = members.size() == 1 && !members.front().header.is_split;
  if (is_one) return members;
  if (auto kin = check_kin(members); !kin) return std::unexpected(std::move(kin.error()));
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].header.begin != members[i].header.end) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::tuple(members[i].header.begin, members[i].header.end, i); // of two that are alike, as given
  });
  Members holding;
  for (const std::size_t i : order) holding.push_back(std::move(members[i]));
  if (holding.empty())
    return refuse(members.front(), "a part of a split dump that holds no memory; give all parts together");
  if (auto seams = check_seams(holding); !seams) return std::unexpected(std::move(seams.error()));
  return holding;
}

} // namespace mapscope::memory
