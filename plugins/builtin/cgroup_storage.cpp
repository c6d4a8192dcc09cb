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
using mapscope::builtin::load;

/// struct bpf_cgroup_storage
class Storages {
public:
  explicit Storages(Call& call) : call_(call), cgroups_(call), value_(call.target.value_size) {
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

  void show(std::uint64_t storage) {
    if (call_.target.row_limit != 0 && shown_ >= call_.target.row_limit) return void(++counted_);
    if (!call_.try_read(MSC_KERNEL, storage + key_at_, key_)) return void(++lost_);
    ++shown_;
    if (copies_)
      open_copies(storage);
    else
      open_value(storage);
    if (const auto cgroup = cgroup_of(storage)) (void)cgroups_.emit("owner", *cgroup);
    if (attach_type_) call_.typed("attach_type", Bytes(key_).subspan(attach_type_at_, 4), *attach_type_);
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

  void open_value(std::uint64_t storage) {
    const auto buffer = follow(call_, storage + value_at_);
    const bool there = buffer && call_.try_read(MSC_KERNEL, *buffer + data_at_, value_);
    call_.open_entry(key_, there ? std::optional<Bytes>(value_) : std::nullopt, key_type_);
  }

  void open_copies(std::uint64_t storage) {
    const auto pointer = load<std::uint64_t>(call_, storage + value_at_);
    call_.open_percpu_entry(key_, pointer ? copies_->read(*pointer) : copies_->unreadable(), key_type_);
  }

  /// All storages of a cgroup are in a ring with a member of struct cgroup. Which node that is, is not
  /// marked; the id tells.
  std::optional<std::uint64_t> cgroup_of(std::uint64_t storage) {
    constexpr int most = 256; // programs of a cgroup, with two maps each, and more than enough
    const std::uint64_t id = mapscope::builtin::pointer_at(key_, id_at_);
    std::uint64_t node = storage + of_cgroup_;
    for (int step = 0; storages_at_ && step < most; ++step) {
      const auto next = follow(call_, node + next_);
      if (!next || *next == storage + of_cgroup_) break;
      node = *next;
      if (cgroups_.id(node - *storages_at_) == id) return node - *storages_at_;
    }
    return std::nullopt;
  }

  static constexpr std::size_t largest_key = 64;

  Call& call_;
  mapscope::builtin::Cgroups cgroups_;
  std::optional<mapscope::builtin::PerCpuCopies> copies_;
  std::vector<std::byte> value_, key_;
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
  list.for_each(map + call.offset(type, "list"), [&](std::uint64_t storage) { storages.show(storage); });
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
