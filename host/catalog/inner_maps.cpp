// SPDX-License-Identifier: Apache-2.0
// Which maps are in which: only the slots of maps of maps tell.
#include "host/catalog/layout.hpp"
#include "host/catalog/walks.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace mapscope::catalog {

namespace {

constexpr std::uint32_t most =
    1U << 16; ///< slots of one map, buckets of one hash: the target may say any number

class InnerMaps {
public:
  InnerMaps(Walk& walk, const std::vector<Map>& maps)
      : walk_(walk), array_slots_(walk.kernel.offset_of("struct bpf_array", "ptrs")), hash_(hash_fields()) {
    for (const Map& map : maps) ids_.emplace(map.kva, map.id);
  }

  void look_into(const Map& map) {
    outer_ = map.id;
    if (map.type_name == "array_of_maps") array(map);
    if (map.type_name == "hash_of_maps") hash(map);
  }

  [[nodiscard]] std::vector<InnerMap> found() && { return std::move(found_); }

private:
  struct HashFields {
    std::uint64_t buckets, n_buckets, bucket_size, head, node, key;
  };

  [[nodiscard]] std::optional<HashFields> hash_fields() const {
    Layout htab(walk_.kernel, "struct bpf_htab"), bucket(walk_.kernel, "struct bucket"),
        element(walk_.kernel, "struct htab_elem");
    const HashFields fields{.buckets = htab.need("buckets"),
                            .n_buckets = htab.need("n_buckets"),
                            .bucket_size = bucket.size(),
                            .head = bucket.need("head"),
                            .node = element.need("hash_node"),
                            .key = element.need("key")};
    return htab.error() || bucket.error() || element.error() ? std::nullopt : std::optional(fields);
  }

  void slot(std::uint64_t map) {
    if (const auto inner = ids_.find(map); map != 0 && inner != ids_.end())
      found_.push_back({outer_, inner->second});
  }

  /// An array's elements are pointers to maps (array_of_map_alloc(), kernel/bpf/arraymap.c).
  void array(const Map& map) {
    if (!array_slots_) return;
    std::vector<std::uint64_t> slots(std::min(map.max_entries, most));
    target::Fault fault{};
    (void)walk_.reader.read_some(map.kva + *array_slots_, std::as_writable_bytes(std::span(slots)), &fault);
    for (const std::uint64_t map_at : slots) slot(map_at);
  }

  /// A hash's values are (fd_htab_map_get_ptr(), kernel/bpf/hashtab.c), behind the key on a multiple of
  /// eight. Its lists end with an odd pointer (include/linux/list_nulls.h).
  void hash(const Map& map) {
    if (!hash_) return;
    const std::uint64_t buckets = walk_.reader.get<std::uint64_t>(map.kva + hash_->buckets).value_or(0);
    const std::uint32_t count = walk_.reader.get<std::uint32_t>(map.kva + hash_->n_buckets).value_or(0);
    const std::uint64_t value = hash_->key + (std::uint64_t{map.key_size} + 7) / 8 * 8;
    std::uint32_t left = std::min(map.max_entries, most); // also of a list that leads back into itself
    for (std::uint32_t i = 0; i < std::min(count, most) && left != 0; ++i) {
      const std::uint64_t head = buckets + i * hash_->bucket_size + hash_->head;
      for (auto node = walk_.reader.get<std::uint64_t>(head);
           node && *node != 0 && *node % 2 == 0 && left != 0;
           node = walk_.reader.get<std::uint64_t>(*node), --left)
        slot(walk_.reader.get<std::uint64_t>(*node - hash_->node + value).value_or(0));
    }
  }

  Walk& walk_;
  Result<std::uint64_t> array_slots_;
  std::optional<HashFields> hash_;
  std::unordered_map<std::uint64_t, std::uint32_t> ids_; ///< by address
  std::uint32_t outer_ = 0;
  std::vector<InnerMap> found_;
};

} // namespace

std::vector<InnerMap> list_inner_maps(Walk& walk, const std::vector<Map>& maps) {
  InnerMaps inner(walk, maps);
  for (const Map& map : maps) inner.look_into(map);
  return std::move(inner).found();
}

} // namespace mapscope::catalog
