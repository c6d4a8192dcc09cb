// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: the listeners a program chooses from (struct reuseport_array,
// kernel/bpf/reuseport_array.c).

#include "slots.hpp"
#include "socket.hpp"

namespace {

void render_reuseport_sockarray(mapscope::Call& call) {
  mapscope::builtin::Sockets sockets(call);
  mapscope::builtin::Slots slots(call);
  slots.scan(call.target.map + call.offset(call.kernel_type("struct reuseport_array"), "ptrs"));
  slots.emit("socket", [&](std::uint64_t socket) { return sockets.describe(socket); });
}

} // namespace

MSC_PLUGIN(render_reuseport_sockarray,
           "id=mapscope.builtin.reuseport_sockarray\0"
           "version=" MAPSCOPE_PLUGIN_VERSION "\0"
           "license=Apache-2.0\0"
           "summary=listening sockets to choose from\0"
           "attach=map-type:reuseport_sockarray prio=0\0"
           "needs=struct reuseport_array.ptrs\0"
           "needs=struct sock_common.skc_family,skc_state,skc_num,skc_dport,skc_rcv_saddr,"
           "skc_daddr,skc_cookie");
