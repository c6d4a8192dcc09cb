// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_XSKMAP: AF_XDP sockets by slot (struct xsk_map, net/xdp/xskmap.c). bpf(2) cannot look into
// them: memory is the only view there is.

#include "device.hpp"
#include "slots.hpp"

namespace {

using mapscope::Call;
using mapscope::builtin::load;

class XdpSockets {
public:
  explicit XdpSockets(Call& call) : call_(call), devices_(call) {
    const msc_type socket = call.kernel_type("struct xdp_sock");
    device_ = call.offset(socket, "dev");
    queue_ = call.offset(socket, "queue_id");
  }

  /// A socket that is not bound has no device.
  [[nodiscard]] bool describe(std::uint64_t socket) {
    const auto queue = load<std::uint16_t>(call_, socket + queue_);
    const auto device = load<std::uint64_t>(call_, socket + device_);
    if (!queue || !device) return false;
    if (*device != 0) mapscope::builtin::emit_name(call_, "device", devices_.name(*device));
    call_.number("queue_id", *queue);
    return true;
  }

private:
  Call& call_;
  mapscope::builtin::Devices devices_;
  std::uint32_t device_ = 0, queue_ = 0;
};

void render_xskmap(Call& call) {
  XdpSockets sockets(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct xsk_map"), "xsk_map"));
  slots.emit("xsk", [&](std::uint64_t socket) { return sockets.describe(socket); });
}

} // namespace

MSC_PLUGIN(render_xskmap, "id=mapscope.builtin.xskmap\0"
                          "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                          "license=Apache-2.0\0"
                          "summary=AF_XDP sockets\0"
                          "attach=map-type:xskmap prio=0\0"
                          "needs=struct xsk_map.xsk_map\0"
                          "needs=struct xdp_sock.dev,queue_id\0"
                          "needs=struct net_device.ifindex,name");
