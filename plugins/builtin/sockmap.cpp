// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_SOCKMAP and BPF_MAP_TYPE_SOCKHASH: sockets to redirect to, by slot (struct bpf_stab) or by key
// (struct bpf_shtab); both in net/core/sock_map.c.

#include "bucket_count.hpp"
#include "counted.hpp"
#include "hlist.hpp"
#include "slots.hpp"
#include "socket.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::SecondLook;
using mapscope::builtin::Slots;

void scan_array(Call& call, Slots& slots) {
  const msc_type map = call.kernel_type("struct bpf_stab");
  slots.scan(call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(map, "sks")));
}

/// struct bpf_shtab_elem
class Elements {
public:
  Elements(Call& call, Slots& slots) : call_(call), slots_(slots), bytes_(call.target.key_size) {
    const msc_type element = call.kernel_type("struct bpf_shtab_elem");
    socket_ = call.offset(element, "sk");
    key_ = call.offset(element, "key");
    node_ = call.offset(element, "node");
  }
  [[nodiscard]] std::uint32_t node() const { return node_; }

  struct Found {
    std::optional<std::vector<std::byte>> key;
    std::uint64_t socket = 0;
  };
  std::optional<Found> read(SecondLook& look, std::uint64_t element) {
    Found found;
    if (!look.read_into(element + key_, bytes_, bytes_.size())) return found;
    found.key = bytes_;
    found.socket = look.load<std::uint64_t>(element + socket_).value_or(0);
    return found;
  }
  void add(const Found& found) {
    if (found.key)
      slots_.add(*found.key, found.socket);
    else
      ++lost_;
  }
  void note_gaps() {
    if (lost_ != 0) call_.note(MSC_EFAULT, counted(lost_, "element|elements", "could not be read").c_str());
  }

private:
  Call& call_;
  Slots& slots_;
  std::vector<std::byte> bytes_;
  std::uint32_t socket_ = 0, key_ = 0, node_ = 0;
  std::uint64_t lost_ = 0;
};

void scan_hash(Call& call, Slots& slots) {
  constexpr std::uint32_t longest_key = 512; // MAX_BPF_STACK
  const std::uint64_t at = call.target.map;
  const msc_type map = call.kernel_type("struct bpf_shtab"),
                 bucket = call.kernel_type("struct bpf_shtab_bucket");
  const auto buckets = call.read<std::uint64_t>(MSC_KERNEL, at + call.offset(map, "buckets"));
  const auto count = call.read<std::uint32_t>(MSC_KERNEL, at + call.offset(map, "buckets_num"));
  if (count == 0 || (count & (count - 1)) != 0)
    call.fail("buckets_num of struct bpf_shtab is no power of two");
  mapscope::builtin::check_bucket_count(call, count, "buckets_num of struct bpf_shtab");
  if (call.target.key_size > longest_key) call.fail("keys of more than 512 bytes are no sockhash's");
  const std::uint32_t first = call.offset(bucket, "head.first");
  Elements elements(call, slots);
  mapscope::builtin::Hlists chains(call, elements.node(), call.target.max_entries);
  const std::size_t stride = call.size(bucket);
  const std::uint64_t lost =
      mapscope::builtin::Table(call, buckets, stride, count).for_each([&](std::uint64_t number, Bytes bytes) {
        chains.chain(
            buckets + number * stride + first, mapscope::builtin::pointer_at(bytes, first),
            [&](SecondLook& look, std::uint64_t element) { return elements.read(look, element); },
            [&](const auto& found) { elements.add(found); });
      });
  chains.note_gaps();
  elements.note_gaps();
  if (lost != 0) call.note(MSC_EFAULT, counted(lost, "bucket|buckets", "could not be read").c_str());
}

void render_sockmap(Call& call) {
  constexpr std::uint32_t hash = 1; // the second attach= line
  mapscope::builtin::Sockets sockets(call);
  Slots slots(call);
  if (call.target.attach == hash)
    scan_hash(call, slots);
  else
    scan_array(call, slots);
  slots.emit("socket", [&](std::uint64_t socket) { return sockets.describe(socket); });
}

} // namespace

MSC_PLUGIN(render_sockmap, "id=mapscope.builtin.sockmap\0"
                           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                           "license=Apache-2.0\0"
                           "summary=sockets, by slot and by key\0"
                           "attach=map-type:sockmap prio=0\0"
                           "attach=map-type:sockhash prio=0\0"
                           "needs=struct bpf_stab.sks\0"
                           "needs=struct bpf_shtab.buckets,buckets_num\0"
                           "needs=struct bpf_shtab_bucket.head\0"
                           "needs=struct bpf_shtab_elem.sk,node,key\0"
                           "needs=struct hlist_node.next\0"
                           "needs=struct sock_common.skc_family,skc_state,skc_num,skc_dport,skc_rcv_saddr,"
                           "skc_daddr,skc_cookie");
