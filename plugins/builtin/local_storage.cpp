// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_TASK_STORAGE, _INODE_STORAGE, _SK_STORAGE and _CGRP_STORAGE: a value for each kernel object
// that has one. The map's buckets lead to all of its elements, and each element to its owner
// (kernel/bpf/bpf_local_storage.c).

#include "counted.hpp"
#include "hlist.hpp"
#include "inode.hpp"
#include "kernfs.hpp"
#include "socket.hpp"
#include "task.hpp"

#include <unordered_set>
#include <utility>
#include <variant>

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::SecondLook;

using Owners = std::variant<mapscope::builtin::Tasks, mapscope::builtin::Inodes, mapscope::builtin::Sockets,
                            mapscope::builtin::Cgroups>;

Owners owners_of(Call& call) {
  switch (call.target.attach) { // by the attach= lines
  case 0:
    return mapscope::builtin::Tasks(call);
  case 1:
    return mapscope::builtin::Inodes(call);
  case 2:
    return mapscope::builtin::Sockets(call);
  default:
    return mapscope::builtin::Cgroups(call);
  }
}

/// struct bpf_local_storage_elem
class Elements {
public:
  Elements(Call& call, std::uint64_t map) : call_(call), map_(map), owners_(owners_of(call)) {
    const msc_type element = call.kernel_type("struct bpf_local_storage_elem");
    node_at_ = call.offset(element, "map_node");
    storage_at_ = call.offset(element, "local_storage");
    map_at_ = call.offset(element, "sdata.smap");
    value_at_ = call.offset(element, "sdata.data");
    state_at_ = call.offset_if(element, "state"); // since 7.1
    owner_at_ = call.offset(call.kernel_type("struct bpf_local_storage"), "owner");
  }
  [[nodiscard]] std::uint32_t node() const { return node_at_; }

  struct Found {
    std::optional<std::uint64_t> map, owner; ///< owner: 0 = none any more
    bool has_value = false;
    std::vector<std::byte> value;
  };
  /// Of a machine that runs nothing where it is another map's by now, or none.
  std::optional<Found> read(SecondLook& look, std::uint64_t element) {
    Found found;
    found.map = look.load<std::uint64_t>(element + map_at_);
    if (found.map != map_) return look.is_running() ? std::nullopt : std::optional(std::move(found));
    if (is_full()) return found;
    found.owner = owner_of(look, element);
    found.value = std::exchange(value_, {});
    found.value.resize(call_.target.value_size);
    found.has_value = look.read_into(element + value_at_, found.value, 0);
    return found;
  }

  void show(Found found) {
    if (!found.map) return void(++lost_);
    if (*found.map != map_) return void(++strayed_);
    if (is_full()) return void(++counted_);
    if (call_.target.is_running != 0 && found.owner.value_or(0) != 0 && !seen_.insert(*found.owner).second)
      return; // a new value in place of the one that was shown
    ++shown_;
    call_.open_owned_entry(found.owner.value_or(0),
                           found.has_value ? std::optional<Bytes>(found.value) : std::nullopt);
    if (found.owner == 0U)
      call_.text("state", "detached");
    else if (!found.owner ||
             !std::visit([&](auto& kind) { return kind.emit("owner", *found.owner); }, owners_))
      ++lost_owners_;
    call_.end();
    value_ = std::move(found.value);
  }

  void finish() {
    if (counted_ != 0) call_.count(counted_);
    say(lost_, MSC_EFAULT, "element|elements", "could not be read");
    say(lost_owners_, MSC_EFAULT, "owner|owners", "could not be read");
    say(strayed_, MSC_OK, "element is|elements are", "of another map, caught mid-move");
  }

private:
  /// 0 when it has none any more: owner and element are being taken apart. Nothing when it cannot be told.
  std::optional<std::uint64_t> owner_of(SecondLook& look, std::uint64_t element) {
    constexpr std::uint32_t unlinked = 2; // SELEM_STORAGE_UNLINKED: the pointer may lead to what was freed
    if (state_at_ && (look.load<std::uint32_t>(element + *state_at_).value_or(0) & unlinked) != 0) return 0;
    const auto storage = look.load<std::uint64_t>(element + storage_at_);
    return storage.value_or(0) != 0 ? look.load<std::uint64_t>(*storage + owner_at_) : storage;
  }
  [[nodiscard]] bool is_full() const {
    return call_.target.row_limit != 0 && shown_ >= call_.target.row_limit;
  }

  void say(std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0) call_.note(rc, counted(count, forms, rest).c_str());
  }

  Call& call_;
  std::uint64_t map_;
  Owners owners_;
  std::vector<std::byte> value_;           ///< room for the next one
  std::unordered_set<std::uint64_t> seen_; ///< owners, of a machine that runs
  std::uint32_t node_at_ = 0, storage_at_ = 0, map_at_ = 0, value_at_ = 0, owner_at_ = 0;
  std::optional<std::uint32_t> state_at_;
  std::uint64_t shown_ = 0, counted_ = 0, lost_ = 0, lost_owners_ = 0, strayed_ = 0;
};

std::uint32_t possible_cpus(Call& call) {
  std::uint32_t count = 0;
  for (std::uint32_t cpu = 0; cpu < call.cpu_count(); ++cpu) count += call.cpu_possible(cpu) ? 1 : 0;
  return count;
}

void render_local_storage(Call& call) {
  constexpr std::uint32_t largest_log = 16;         // as many buckets as CPUs
  constexpr std::uint64_t most_elements = 16 << 20; // the kernel has no count of them
  if (call.target.value_size > 4 << 20) call.fail("values of more than 4 MiB are no local storage's");
  const msc_type type = call.kernel_type("struct bpf_local_storage_map"),
                 bucket = call.kernel_type("struct bpf_local_storage_map_bucket");
  const std::uint64_t map = call.target.map - call.offset(type, "map");
  const auto buckets = call.read<std::uint64_t>(MSC_KERNEL, map + call.offset(type, "buckets"));
  const auto log = call.read<std::uint32_t>(MSC_KERNEL, map + call.offset(type, "bucket_log"));
  if (log > largest_log) call.fail("bucket_log of struct bpf_local_storage_map is implausible");
  if (std::uint64_t{1} << log < possible_cpus(call)) // bpf_local_storage_map_alloc(): at least one for each
    call.note(MSC_EFAULT,
              "bucket_log of struct bpf_local_storage_map gives fewer buckets than there are CPUs");
  const std::uint32_t first = call.offset(bucket, "list.first");
  Elements elements(call, map);
  mapscope::builtin::Hlists chains(call, elements.node(), most_elements);
  const std::size_t stride = call.size(bucket);
  const std::uint64_t lost =
      mapscope::builtin::Table(call, buckets, stride, std::uint64_t{1} << log)
          .for_each([&](std::uint64_t number, Bytes bytes) {
            chains.chain(
                buckets + number * stride + first, mapscope::builtin::pointer_at(bytes, first),
                [&](SecondLook& look, std::uint64_t element) { return elements.read(look, element); },
                [&](auto found) { elements.show(std::move(found)); });
          });
  elements.finish();
  chains.note_gaps();
  if (lost != 0) call.note(MSC_EFAULT, counted(lost, "bucket|buckets", "could not be read").c_str());
}

} // namespace

MSC_PLUGIN(render_local_storage, "id=mapscope.builtin.local_storage\0"
                                 "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                 "license=Apache-2.0\0"
                                 "summary=values of tasks, inodes, sockets and control groups\0"
                                 "attach=map-type:task_storage prio=0\0"
                                 "attach=map-type:inode_storage prio=0\0"
                                 "attach=map-type:sk_storage prio=0\0"
                                 "attach=map-type:cgrp_storage prio=0\0"
                                 "needs=struct bpf_local_storage_map.map,buckets,bucket_log\0"
                                 "needs=struct bpf_local_storage_map_bucket.list\0"
                                 "needs=struct bpf_local_storage_elem.map_node,local_storage,sdata\0"
                                 "needs=struct bpf_local_storage_data.smap,data\0"
                                 "needs=struct bpf_local_storage.owner\0"
                                 "needs=struct hlist_node.next");
