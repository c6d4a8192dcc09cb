// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_DEVMAP and BPF_MAP_TYPE_DEVMAP_HASH: network devices to redirect to (struct bpf_dtab,
// kernel/bpf/devmap.c), by slot or, where indices lie far apart, in chains by index.

#include "bucket_count.hpp"
#include "counted.hpp"
#include "device.hpp"
#include "hlist.hpp"
#include "program.hpp"
#include "slots.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::follow;
using mapscope::builtin::SecondLook;
using mapscope::builtin::Slots;

/// struct bpf_dtab_netdev
class Entries {
public:
  explicit Entries(Call& call) : call_(call), devices_(call), programs_(call) {
    const msc_type entry = call.kernel_type("struct bpf_dtab_netdev");
    device_ = call.offset(entry, "dev");
    program_ = call.offset(entry, "xdp_prog");
  }

  [[nodiscard]] bool describe(std::uint64_t entry) {
    const auto device = follow(call_, entry + device_);
    const auto ifindex = device ? devices_.ifindex(*device) : std::nullopt;
    if (!ifindex) return false;
    call_.signed_number("ifindex", *ifindex);
    mapscope::builtin::emit_name(call_, "name", devices_.name(*device));
    const auto program = follow(call_, entry + program_);
    if (const auto id = program ? programs_.id(*program) : std::nullopt) call_.number("program", *id);
    return true;
  }

private:
  Call& call_;
  mapscope::builtin::Devices devices_;
  mapscope::builtin::Programs programs_;
  std::uint32_t device_ = 0, program_ = 0;
};

void scan_hash(Call& call, Slots& slots, msc_type map) {
  const std::uint64_t at = call.target.map;
  const auto buckets = call.read<std::uint64_t>(MSC_KERNEL, at + call.offset(map, "dev_index_head"));
  const auto count = call.read<std::uint32_t>(MSC_KERNEL, at + call.offset(map, "n_buckets"));
  if (count == 0 || (count & (count - 1)) != 0) call.fail("n_buckets of struct bpf_dtab is no power of two");
  mapscope::builtin::check_bucket_count(call, count, "n_buckets of struct bpf_dtab");
  const msc_type entry = call.kernel_type("struct bpf_dtab_netdev"),
                 head = call.kernel_type("struct hlist_head");
  const std::uint32_t idx = call.offset(entry, "idx"), first = call.offset(head, "first");
  mapscope::builtin::Hlists chains(call, call.offset(entry, "index_hlist"), call.target.max_entries);
  struct Found {
    std::uint64_t element;
    std::optional<std::uint32_t> index;
  };
  std::uint64_t elements = 0, lost_elements = 0;
  const auto add = [&](const Found& found) {
    ++elements;
    if (found.index)
      slots.add(*found.index, found.element);
    else
      ++lost_elements;
  };
  const std::size_t stride = call.size(head);
  const std::uint64_t lost =
      mapscope::builtin::Table(call, buckets, stride, count).for_each([&](std::uint64_t number, Bytes bytes) {
        chains.chain(
            buckets + number * stride + first, mapscope::builtin::pointer_at(bytes, first),
            [&](SecondLook& look, std::uint64_t element) {
              return std::optional(Found{element, look.load<std::uint32_t>(element + idx)});
            },
            add);
      });
  slots.scanned(elements);
  chains.note_gaps();
  if (lost != 0) call.note(MSC_EFAULT, counted(lost, "bucket|buckets", "could not be read").c_str());
  if (lost_elements != 0)
    call.note(MSC_EFAULT, counted(lost_elements, "element|elements", "could not be read").c_str());
}

void render_devmap(Call& call) {
  constexpr std::uint32_t hash = 1; // the second attach= line
  const msc_type map = call.kernel_type("struct bpf_dtab");
  Entries entries(call);
  Slots slots(call);
  if (call.target.attach == hash)
    scan_hash(call, slots, map);
  else
    slots.scan(call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(map, "netdev_map")));
  slots.emit("device", [&](std::uint64_t entry) { return entries.describe(entry); });
}

} // namespace

MSC_PLUGIN(render_devmap, "id=mapscope.builtin.devmap\0"
                          "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                          "license=Apache-2.0\0"
                          "summary=network devices, by slot and by index\0"
                          "attach=map-type:devmap prio=0\0"
                          "attach=map-type:devmap_hash prio=0\0"
                          "needs=struct bpf_dtab.netdev_map,dev_index_head,n_buckets\0"
                          "needs=struct bpf_dtab_netdev.dev,index_hlist,xdp_prog,idx\0"
                          "needs=struct hlist_head.first\0"
                          "needs=struct hlist_node.next\0"
                          "needs=struct net_device.ifindex,name\0"
                          "needs=struct bpf_prog.aux,type,tag\0"
                          "needs=struct bpf_prog_aux.id,name");
