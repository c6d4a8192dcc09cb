// SPDX-License-Identifier: Apache-2.0
// Other maps: what a plugin is told of them, and look-ups by key.
#include "host/plugin/call/call.hpp"

#include <mapscope/contract.hpp>

#include <cstring>
#include <fmt/format.h>

using namespace mapscope;

namespace {

constexpr std::size_t longest_name = 256;

} // namespace

int msc_call::find_map(const char* name, msc_target* found) {
  if (!contract::begin_filling(*found)) return words_.misuse("find_map() into a record of another size");
  const std::string_view spelled(name, ::strnlen(name, longest_name));
  if (const catalog::Map* map = maps_.called(spelled))
    return contract::fill(*found, maps_.target_of(*map)), MSC_OK;
  types_.miss(maps_.absence(spelled));
  return MSC_ENOENT;
}

int msc_call::lookup(std::uint64_t kva, const void* key, std::size_t size, msc_element* found) {
  if (!contract::begin_filling(*found)) return words_.misuse("lookup() into a record of another size");
  const catalog::Map* map = kva == 0 ? maps_.own() : maps_.at(kva);
  if (map == nullptr) return words_.misuse("lookup() in no map that it was given");
  auto& index = indexes_[map->id];
  const auto note = [&](int rc, const std::string& what) {
    (void)words_.note(rc, fmt::format("the elements of {}{}", map->label(), what).c_str());
  };
  if (!index) {
    index = std::make_unique<plugin::KeyIndex>(*map, maps_.handles(*map), index_room_);
    const int rc = walk(*map, *index);
    if (rc < MSC_OK && rc != MSC_EFAULT) return indexes_.erase(map->id), rc;
    if (rc > MSC_OK && !index->is_full()) return indexes_.erase(map->id), rc; // a budget
    if (!index->problem().empty()) note(MSC_EFAULT, ": " + index->problem());
  }
  if (const auto own = index->key_size(); own && *own != size)
    return words_.misuse(
        fmt::format("lookup() with a key of {} bytes, those of {} have {}", size, map->label(), *own));
  if (const msc_element* element = index->find({static_cast<const char*>(key), size}))
    return *found = *element, MSC_OK;
  if (!index->is_full()) return MSC_ENOENT;
  note(MSC_EFAIL, " are too many to be looked up");
  return MSC_EFAIL;
}
