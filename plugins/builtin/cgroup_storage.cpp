// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_CGROUP_STORAGE and BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: a value for each cgroup that a program
// using the map is attached to (kernel/bpf/local_storage.c). The map's list leads to all of them.

#include "counted.hpp"
#include "kernfs.hpp"
#include "list.hpp"
#include "percpu.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::follow;
using mapscope::builtin::SecondLook;

/// struct bpf_cgroup_storage
class Storages {
public:
  explicit Storages(Call& call) : call_(call), cgroups_(call) {
    if (call.target.attach == per_cpu) copies_.emplace(call);
    const msc_type storage = call.kernel_type("struct bpf_cgroup_storage");
    of_map_ = call.offset(storage, "list_map");
    of_cgroup_ = call.offset(storage, "list_cg");
    key_at_ = call.offset(storage, "key");
    value_at_ = call.offset(storage, "buf"); // or percpu_buf, in one union
    data_at_ = call.offset(call.kernel_type("struct bpf_storage_buffer"), "data");
    storages_at_ = call.offset_if(call.kernel_type("struct cgroup"), "bpf.storages");
    next_ = call.offset(call.kernel_type("struct list_head"), "next");
    find_key_layout();
  }
  [[nodiscard]] std::uint32_t of_map() const { return of_map_; }

  struct Found {
    std::uint64_t storage = 0;
    std::optional<std::vector<std::byte>> key, value;
    std::optional<std::uint64_t> pointer; ///< to copies
    std::vector<std::byte> annex;         ///< they themselves, of a machine that runs
  };
  std::optional<Found> read(SecondLook& look, std::uint64_t storage) {
    Found found{storage, {}, {}, {}, {}};
    if (is_full() || !look.read_into(storage + key_at_, key_, key_.size())) return found;
    found.key = key_;
    found.pointer = look.load<std::uint64_t>(storage + value_at_);
    if (copies_ && look.is_running() && found.pointer) {
      const std::size_t at = look.size();
      copies_->add(look, *found.pointer);
      const Bytes annex = look.bytes(at, look.size() - at);
      found.annex.assign(annex.begin(), annex.end());
    } else if (!copies_ && found.pointer.value_or(0) != 0) {
      std::vector<std::byte> value(call_.target.value_size);
      if (look.read_into(*found.pointer + data_at_, value, 0)) found.value = std::move(value);
    }
    return found;
  }

  void show(const Found& found) {
    if (is_full()) return void(++counted_);
    if (!found.key) return void(++lost_);
    ++shown_;
    if (copies_)
      call_.open_percpu_entry(*found.key, copies_of(found), key_type_);
    else
      call_.open_entry(*found.key, found.value ? std::optional<Bytes>(*found.value) : std::nullopt,
                       key_type_);
    if (const auto cgroup = cgroup_of(found)) (void)cgroups_.emit("owner", *cgroup);
    if (attach_type_)
      call_.typed("attach_type", Bytes(*found.key).subspan(attach_type_at_, 4), *attach_type_);
    call_.end();
  }

  void finish() {
    if (counted_ != 0) call_.count(counted_);
    if (lost_ != 0) call_.note(MSC_EFAULT, counted(lost_, "key|keys", "could not be read").c_str());
  }

private:
  static constexpr std::uint32_t per_cpu = 1; // the second attach= line

  /// The key is the cgroup's id alone, or that and how the program is attached to it.
  void find_key_layout() {
    const msc_type key = call_.kernel_type("struct bpf_cgroup_storage_key");
    const std::size_t whole = call_.size(key), id = sizeof(std::uint64_t);
    if ((call_.target.key_size != whole && call_.target.key_size != id) || whole > largest_key)
      call_.fail("keys of that size are no cgroup storage's");
    id_at_ = call_.offset(key, "cgroup_inode_id");
    attach_type_at_ = call_.offset(key, "attach_type");
    if (id_at_ != 0 || attach_type_at_ + sizeof(std::uint32_t) > whole)
      call_.fail("struct bpf_cgroup_storage_key is implausible");
    key_.resize(call_.target.key_size);
    if (call_.target.key_type == MSC_BYTES)
      key_type_ = call_.target.key_size == whole ? key : call_.type_of(key, "cgroup_inode_id");
    if (call_.target.key_size == whole) find_attach_types();
  }

  void find_attach_types() {
    try {
      attach_type_ = call_.kernel_type("enum bpf_attach_type");
    } catch (const mapscope::Stop& stop) {
      if (stop.rc != MSC_ENOENT) throw; // then the number in the key must do
    }
  }

  [[nodiscard]] bool is_full() const {
    return call_.target.row_limit != 0 && shown_ >= call_.target.row_limit;
  }
  std::span<const msc_value> copies_of(const Found& found) {
    if (!found.pointer) return copies_->unreadable();
    return found.annex.empty() ? copies_->read(*found.pointer) : copies_->of_annex(found.annex);
  }

  /// All storages of a cgroup are in a ring with a member of struct cgroup. Which node that is, is not
  /// marked; the id tells.
  std::optional<std::uint64_t> cgroup_of(const Found& found) {
    constexpr int most = 256; // programs of a cgroup, with two maps each, and more than enough
    const std::uint64_t id = mapscope::builtin::pointer_at(*found.key, id_at_);
    std::uint64_t node = found.storage + of_cgroup_;
    for (int step = 0; storages_at_ && step < most; ++step) {
      const auto next = follow(call_, node + next_);
      if (!next || *next == found.storage + of_cgroup_) break;
      node = *next;
      if (cgroups_.id(node - *storages_at_) == id) return node - *storages_at_;
    }
    return std::nullopt;
  }

  static constexpr std::size_t largest_key = 64;

  Call& call_;
  mapscope::builtin::Cgroups cgroups_;
  std::optional<mapscope::builtin::PerCpuCopies> copies_;
  std::vector<std::byte> key_;
  msc_type key_type_ = MSC_DECLARED;
  std::optional<msc_type> attach_type_; ///< how to read that part of the key, where it is in there
  std::uint32_t of_map_ = 0, of_cgroup_ = 0, key_at_ = 0, value_at_ = 0, data_at_ = 0, next_ = 0;
  std::uint32_t id_at_ = 0, attach_type_at_ = 0;
  std::optional<std::uint32_t> storages_at_;
  std::uint64_t shown_ = 0, counted_ = 0, lost_ = 0;
};

void render_cgroup_storage(Call& call) {
  constexpr std::uint64_t most = 16 << 20; // the kernel has no count of them
  if (call.target.value_size > 4 << 20) call.fail("values of more than 4 MiB are no cgroup storage's");
  const msc_type type = call.kernel_type("struct bpf_cgroup_storage_map");
  const std::uint64_t map = call.target.map - call.offset(type, "map");
  Storages storages(call);
  mapscope::builtin::List list(call, storages.of_map(), most);
  list.for_each(
      map + call.offset(type, "list"),
      [&](SecondLook& look, std::uint64_t storage) { return storages.read(look, storage); },
      [&](const auto& found) { storages.show(found); });
  storages.finish();
  list.note_gaps();
}

} // namespace

MSC_PLUGIN(render_cgroup_storage, "id=mapscope.builtin.cgroup_storage\0"
                                  "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                  "license=Apache-2.0\0"
                                  "summary=values of control groups that programs are attached to\0"
                                  "attach=map-type:cgroup_storage prio=0\0"
                                  "attach=map-type:percpu_cgroup_storage prio=0\0"
                                  "needs=struct bpf_cgroup_storage_map.map,list\0"
                                  "needs=struct bpf_cgroup_storage.buf,key,list_map,list_cg\0"
                                  "needs=struct bpf_storage_buffer.data\0"
                                  "needs=struct bpf_cgroup_storage_key.cgroup_inode_id,attach_type\0"
                                  "needs=struct list_head.next\0"
                                  "needs=struct cgroup.kn\0"
                                  "needs=struct kernfs_node.id,name");
