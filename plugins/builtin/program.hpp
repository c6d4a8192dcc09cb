// SPDX-License-Identifier: Apache-2.0
// What is said of a BPF program (struct bpf_prog) that a map refers to.
#pragma once

#include "memory.hpp"

namespace mapscope::builtin {

class Programs {
public:
  explicit Programs(Call& call) : call_(call) {
    const msc_type program = call.kernel_type("struct bpf_prog"),
                   aux = call.kernel_type("struct bpf_prog_aux");
    aux_ = call.offset(program, "aux");
    type_ = call.offset(program, "type");
    tag_ = call.offset(program, "tag");
    id_ = call.offset(aux, "id");
    name_ = call.offset(aux, "name");
  }

  [[nodiscard]] std::optional<std::uint32_t> id(std::uint64_t program) {
    const auto aux = follow(call_, program + aux_);
    return aux ? load<std::uint32_t>(call_, *aux + id_) : std::nullopt;
  }

  /// Emits id, name, tag and type.
  [[nodiscard]] bool describe(std::uint64_t program) {
    const auto aux = follow(call_, program + aux_);
    const auto id = aux ? load<std::uint32_t>(call_, *aux + id_) : std::nullopt;
    if (!id) return false;
    call_.number("id", *id);
    emit_name(call_, "name", load_name<16>(call_, *aux + name_)); // BPF_OBJ_NAME_LEN
    if (const auto tag = load<std::array<std::uint8_t, 8>>(call_, program + tag_)) emit_tag(*tag);
    if (const auto type = load<std::uint32_t>(call_, program + type_)) call_.text("type", type_name(*type));
    return true;
  }

private:
  void emit_tag(const std::array<std::uint8_t, 8>& tag) {
    std::string text;
    for (const std::uint8_t byte : tag) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    call_.text("tag", text);
  }

  /// enum bpf_prog_type is part of the system call's interface: its numbers stay.
  static std::string type_name(std::uint32_t type) {
    constexpr const char* names[] = {"unspec",
                                     "socket_filter",
                                     "kprobe",
                                     "sched_cls",
                                     "sched_act",
                                     "tracepoint",
                                     "xdp",
                                     "perf_event",
                                     "cgroup_skb",
                                     "cgroup_sock",
                                     "lwt_in",
                                     "lwt_out",
                                     "lwt_xmit",
                                     "sock_ops",
                                     "sk_skb",
                                     "cgroup_device",
                                     "sk_msg",
                                     "raw_tracepoint",
                                     "cgroup_sock_addr",
                                     "lwt_seg6local",
                                     "lirc_mode2",
                                     "sk_reuseport",
                                     "flow_dissector",
                                     "cgroup_sysctl",
                                     "raw_tracepoint_writable",
                                     "cgroup_sockopt",
                                     "tracing",
                                     "struct_ops",
                                     "ext",
                                     "lsm",
                                     "sk_lookup",
                                     "syscall",
                                     "netfilter"};
    return type < std::size(names) ? names[type] : "type_" + std::to_string(type);
  }

  Call& call_;
  std::uint32_t aux_ = 0, type_ = 0, tag_ = 0, id_ = 0, name_ = 0;
};

} // namespace mapscope::builtin
