// SPDX-License-Identifier: Apache-2.0
// Maps of operations, in every state. What they hold is stated as bpf(2) shows it: the state, the references,
// the data members, and in place of each function the id of its program.
#include "guest.hpp"

#include "../bpf/known.h"
#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace guest {

namespace {

// Of kernel 6.4, younger than the oldest headers this builds with.
constexpr u32 flag_link = 1U << 13; // BPF_F_LINK
constexpr u32 attach_struct_ops = 44;

/// struct bpf_struct_ops_tcp_congestion_ops, as this kernel has it.
struct Layout {
  const btf* types = nullptr;
  const btf_type* ops = nullptr;
  u32 data = 0; ///< where the ops begin
};

Layout find_layout() {
  Layout layout;
  layout.types = btf__load_vmlinux_btf();
  const int id =
      must(btf__find_by_name_kind(layout.types, "bpf_struct_ops_tcp_congestion_ops", BTF_KIND_STRUCT), "ops");
  const btf_type* wrapper = btf__type_by_id(layout.types, static_cast<u32>(id));
  const u32 last = btf_vlen(wrapper) - 1U;
  layout.data = btf_member_bit_offset(wrapper, last) / 8;
  layout.ops = btf__type_by_id(layout.types, btf_members(wrapper)[last].type);
  return layout;
}

bool has_links(const Layout& layout) {
  return btf__find_by_name_kind(layout.types, "bpf_struct_ops_link", BTF_KIND_STRUCT) > 0;
}

const btf_type* peeled(const btf* types, u32 id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (btf_is_mod(type) || btf_is_typedef(type)) type = btf__type_by_id(types, type->type);
  return type;
}

bool is_function(const btf* types, u32 id) {
  const btf_type* type = peeled(types, id);
  return btf_is_ptr(type) && btf_is_func_proto(peeled(types, type->type));
}

template <class T> T at(const std::vector<unsigned char>& value, u32 offset) {
  T number;
  std::memcpy(&number, value.data() + offset, sizeof number);
  return number;
}

/// The text of one `name` as the report has its kind of character.
std::string characters(const btf* types, u32 array, const unsigned char* text) {
  const btf_type* type = peeled(types, array);
  const int encoding = btf_int_encoding(peeled(types, btf_array(type)->type));
  std::vector<std::string> all;
  for (u32 i = 0; i < btf_array(type)->nelems; ++i)
    all.push_back((encoding & BTF_INT_CHAR) != 0 ? json::kind("char", "\"value\":" + std::to_string(text[i]))
                  : (encoding & BTF_INT_SIGNED) != 0 ? json::number(static_cast<s8>(text[i]))
                                                     : json::number(text[i]));
  return json::array(all);
}

std::string program_of(u64 id) {
  const int fd = must(bpf_prog_get_fd_by_id(static_cast<u32>(id)), "program of the ops");
  bpf_prog_info info{};
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "program of the ops");
  close(fd);
  return "{\"id\":" + std::to_string(info.id) + ",\"name\":" + json::quoted(info.name) + ",\"tag\":\"" +
         json::hex(info.tag, sizeof info.tag) + "\",\"type\":\"struct_ops\"}";
}

/// What of a member both sides know; the kernel's own lists and pointers are in its copy alone.
std::string member_json(const Layout& layout, const btf_member& member, u32 offset,
                        const std::vector<unsigned char>& value) {
  const std::string name = btf__name_by_offset(layout.types, member.name_off);
  std::string known;
  if (name == "flags") known = json::number(at<u32>(value, offset));
  if (name == "name") known = characters(layout.types, member.type, value.data() + offset);
  if (is_function(layout.types, member.type) && at<u64>(value, offset) == 0)
    known = json::pointer<void>(nullptr);
  return "{\"name\":" + json::quoted(name) + (known.empty() ? "" : ",\"value\":" + known) + "}";
}

void expect_ops(const Layout& layout, int fd) {
  bpf_map_info info{};
  u32 size = sizeof info;
  must(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
  std::vector<unsigned char> value(info.value_size);
  const u32 zero = 0;
  must(bpf_map_lookup_elem(fd, &zero, value.data()), "lookup of ops");
  std::vector<std::string> members;
  std::string programs;
  for (u32 i = 0; i < btf_vlen(layout.ops); ++i) {
    const btf_member& member = btf_members(layout.ops)[i];
    const u32 offset = layout.data + btf_member_bit_offset(layout.ops, i) / 8;
    members.push_back(member_json(layout, member, offset, value));
    if (!is_function(layout.types, member.type) || at<u64>(value, offset) == 0) continue;
    programs += (programs.empty() ? "" : ",") +
                json::quoted(btf__name_by_offset(layout.types, member.name_off)) + ":" +
                program_of(at<u64>(value, offset));
  }
  // struct bpf_struct_ops_common_value: refcnt, state.
  static constexpr const char* states[] = {"init", "inuse", "tobefree", "ready"};
  expect(fd, "{\"value\":{\"kind\":\"struct\",\"type_name\":\"tcp_congestion_ops\",\"members\":" +
                 json::list(members) + "},\"struct_ops\":{\"state\":\"" + states[at<u32>(value, 4)] +
                 "\",\"refcnt\":" + std::to_string(at<u32>(value, 0)) +
                 ",\"ops\":\"tcp_congestion_ops\",\"programs\":{" + programs + "}}}");
}

/// Since 1.2 libbpf makes the link of a map with BPF_F_LINK as it attaches it.
bool libbpf_links() { return LIBBPF_MAJOR_VERSION > 1 || LIBBPF_MINOR_VERSION >= 2; }

/// Registers what a map with BPF_F_LINK holds, for an older libbpf.
void link_ops(int map_fd) {
  struct {
    u32 map_fd, target_fd, attach_type, flags;
    u64 more[6];
  } attributes{static_cast<u32>(map_fd), 0, attach_struct_ops, 0, {}};
  must(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes)), "link of ops");
}

struct Attached {
  int fd;
  bpf_link* link;
};

Attached attach(bpf_object* object, const char* name) {
  const bpf_map* map = bpf_object__find_map_by_name(object, name);
  bpf_link* link = map != nullptr ? bpf_map__attach_struct_ops(map) : nullptr;
  if (link == nullptr) give_up(name);
  return {bpf_map__fd(map), link};
}

/// One that is ready and not linked, and one that is linked.
void settle_links(const Attached& ready, const Attached& linked) {
  if (!libbpf_links()) return link_ops(linked.fd);
  must(bpf_link__destroy(ready.link), "end of a link");
}

} // namespace

void create_struct_ops() {
  const Layout layout = find_layout();
  bpf_object* object = bpf_object__open_file("/ops.bpf.o", nullptr);
  if (object == nullptr) give_up("/ops.bpf.o");
  if (has_links(layout))
    for (const char* name : {"cc_ready", "cc_linked"})
      must(bpf_map__set_map_flags(bpf_object__find_map_by_name(object, name), flag_link), name);
  must(bpf_object__load(object), "load ops");
  const u32 zero = 0;
  const Attached in_use = attach(object, "cc_in_use"), removed = attach(object, "cc_removed"),
                 ready = attach(object, "cc_ready"), linked = attach(object, "cc_linked");
  const int loaded = bpf_map__fd(bpf_object__find_map_by_name(object, "cc_loaded"));
  must(bpf_map_delete_elem(removed.fd, &zero), "delete of cc_removed");
  if (has_links(layout)) settle_links(ready, linked);
  for (const int fd : {in_use.fd, removed.fd, ready.fd, linked.fd, loaded}) expect_ops(layout, fd);
}

} // namespace guest
