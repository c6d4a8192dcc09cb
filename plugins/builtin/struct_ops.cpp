// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_STRUCT_OPS: a struct of functions and data that BPF programs implement, one element
// (struct bpf_struct_ops_map, kernel/bpf/bpf_struct_ops.c).
//
// Each such map has its value twice: kvalue is what the kernel was given, its functions addresses of
// trampolines; uvalue is what bpf(2) shows, its functions ids of programs. The value shown is the first, the
// programs behind its functions come from the second.

#include "field_names.hpp"
#include "program.hpp"

#include <map>

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::follow;
using mapscope::builtin::load;
using mapscope::builtin::names_field;
using mapscope::builtin::pointer_at;

constexpr std::size_t largest_ops = 1 << 16; // the largest there is, struct sched_ext_ops, has some 500 bytes
constexpr std::uint32_t most_members = 1 << 10;
constexpr std::size_t longest_name = 128;

struct Function {
  std::string name;
  std::size_t offset;
};

/// The struct of functions: where it lies in the value, and what is in it.
struct Ops {
  msc_type type = MSC_BYTES;
  std::size_t offset = 0, size = 0;
  std::vector<Function> functions;
  std::uint32_t members = 0;
};

/// The kernel's wrapper, struct bpf_struct_ops_NAME, has the ops as its member `data`.
Ops find_ops(Call& call) {
  Ops ops;
  const msc_type wrapper = call.target.value_type;
  const msc_type value = wrapper != MSC_BYTES ? wrapper : call.kernel_type("struct bpf_struct_ops_value");
  ops.offset = call.offset(value, "data");
  if (wrapper != MSC_BYTES) ops.type = call.type_of(wrapper, "data");
  if (ops.offset >= call.target.value_size) call.fail("a value that ends before the ops begin");
  ops.size = ops.type != MSC_BYTES ? call.size(ops.type) : call.target.value_size - ops.offset;
  if (ops.size == 0 || ops.size > largest_ops || ops.size > call.target.value_size - ops.offset)
    call.fail("ops of a size that contradicts the map's value");
  return ops;
}

void list_functions(Call& call, Ops& ops) {
  if (ops.type == MSC_BYTES) return;
  msc_member_info info{};
  for (; ops.members < most_members && call.member_at(ops.type, ops.members, info); ++ops.members)
    if (info.kind == MSC_KIND_FUNCTION && names_field(info.name, ops.functions, &Function::name))
      ops.functions.push_back({info.name, info.member.bit_offset / 8});
}

/// One of the two values; what lies on a missing page costs it as a whole, as it is no larger than a page.
std::optional<std::vector<std::byte>> read_value(Call& call, std::uint64_t value, const Ops& ops) {
  std::vector<std::byte> bytes(ops.size);
  if (!call.try_read(MSC_KERNEL, value + ops.offset, bytes)) return std::nullopt;
  return bytes;
}

class Map {
public:
  explicit Map(Call& call)
      : call_(call), programs_(call), type_(call.kernel_type("struct bpf_struct_ops_map")) {}

  [[nodiscard]] std::uint64_t registered() { return call_.target.map + call_.offset(type_, "kvalue"); }
  [[nodiscard]] std::optional<std::uint64_t> as_set() {
    return follow(call_, call_.target.map + call_.offset(type_, "uvalue"));
  }

  void emit_state() {
    const msc_type value = call_.kernel_type("struct bpf_struct_ops_value");
    const auto common = call_.offset_if(value, "common.state"); // 6.9
    const auto state =
        load<std::uint32_t>(call_, registered() + (common ? *common : call_.offset(value, "state")));
    if (state) call_.text("state", state_name(*state));
    if (!state) call_.note(MSC_EFAULT, "its state could not be read");
    emit_references(value);
    emit_ops_name();
  }

  /// Programs by id. The list is by member with holes, or (7.x) the programs alone.
  void find_programs(std::uint32_t members) {
    const auto links = call_.offset_if(type_, "links"); // 6.0; before, the programs themselves
    const auto table = follow(call_, call_.target.map + (links ? *links : call_.offset(type_, "progs")));
    if (!table) return;
    const auto counted = call_.offset_if(type_, "funcs_cnt");
    const std::uint32_t count =
        counted ? load<std::uint32_t>(call_, call_.target.map + *counted).value_or(members) : members;
    const std::uint32_t program_of_link =
        links ? call_.offset(call_.kernel_type("struct bpf_link"), "prog") : 0;
    for (std::uint32_t i = 0; i < std::min(count, members); ++i) {
      auto program = follow(call_, *table + std::uint64_t{i} * sizeof(std::uint64_t));
      if (program && links) program = follow(call_, *program + program_of_link);
      if (const auto id = program ? programs_.id(*program) : std::nullopt) by_id_.emplace(*id, *program);
    }
  }

  /// What a function of the ops is: the program by its id, and the trampoline that leads to it.
  void emit_functions(const Ops& ops, Bytes set, Bytes registered) {
    call_.object("programs");
    for (const Function& function : ops.functions)
      if (const std::uint64_t id = pointer_at(set, function.offset); id != 0)
        emit_program(function, id, pointer_at(registered, function.offset));
    call_.end();
    emit_others(ops, set, registered);
    if (lost_ != 0)
      call_.note(MSC_EFAULT, (std::to_string(lost_) + " of its programs could not be read").c_str());
  }

private:
  /// enum bpf_struct_ops_state; kernel/bpf/bpf_struct_ops.c has the same numbers since 5.6.
  static std::string state_name(std::uint32_t state) {
    constexpr const char* names[] = {"init", "inuse", "tobefree", "ready"};
    return state < std::size(names) ? names[state] : "state_" + std::to_string(state);
  }

  /// As bpf(2) counts them: what holds the map beside file descriptors and pins. Before 6.4 (and 6.1.192 or
  /// earlier, which took that over) the value had a count of its own; it stays 0 since.
  void emit_references(msc_type value) {
    const auto own = call_.offset_if(value, "refcnt.refs.counter");
    const auto count = own ? load<std::uint32_t>(call_, registered() + *own) : std::nullopt;
    if (count.value_or(0) != 0) return call_.number("refcnt", *count);
    const msc_type map = call_.kernel_type("struct bpf_map");
    const auto all = load<std::int64_t>(call_, call_.target.map + call_.offset(map, "refcnt.counter"));
    const auto users = load<std::int64_t>(call_, call_.target.map + call_.offset(map, "usercnt.counter"));
    if (all && users) call_.number("refcnt", *all > *users ? static_cast<std::uint64_t>(*all - *users) : 0);
  }

  void emit_ops_name() {
    const auto described = call_.offset_if(type_, "st_ops_desc"); // 6.9
    auto ops = follow(call_, call_.target.map + (described ? *described : call_.offset(type_, "st_ops")));
    if (ops && described)
      ops = follow(call_, *ops + call_.offset(call_.kernel_type("struct bpf_struct_ops_desc"), "st_ops"));
    const auto at =
        ops ? follow(call_, *ops + call_.offset(call_.kernel_type("struct bpf_struct_ops"), "name"))
            : std::nullopt;
    const auto name = at ? mapscope::builtin::load_text(call_, *at, longest_name) : std::nullopt;
    mapscope::builtin::emit_name(call_, "ops", name);
    if (!name) call_.note(MSC_EFAULT, "the name of its ops could not be read");
  }

  void emit_program(const Function& function, std::uint64_t id, std::uint64_t address) {
    call_.object(function.name.c_str());
    const auto program = id <= UINT32_MAX ? by_id_.find(static_cast<std::uint32_t>(id)) : by_id_.end();
    if (program == by_id_.end() || !programs_.describe(program->second)) call_.number("id", id), ++lost_;
    if (address != 0) emit_address(address);
    call_.end();
  }

  /// Functions that no program stands for: the kernel's own.
  void emit_others(const Ops& ops, Bytes set, Bytes registered) {
    bool any = false;
    for (const Function& function : ops.functions) {
      const std::uint64_t address = pointer_at(registered, function.offset);
      if (address == 0 || pointer_at(set, function.offset) != 0) continue;
      if (!any) call_.object("functions");
      any = true;
      call_.object(function.name.c_str());
      emit_address(address);
      call_.end();
    }
    if (any) call_.end();
  }

  void emit_address(std::uint64_t address) {
    call_.address("address", address);
    msc_symbol symbol{};
    if (!call_.symbol(address, symbol)) return;
    call_.text("symbol", symbol.name);
    call_.number("offset", symbol.offset);
  }

  Call& call_;
  mapscope::builtin::Programs programs_;
  msc_type type_;
  std::map<std::uint32_t, std::uint64_t> by_id_; ///< id to struct bpf_prog
  std::uint64_t lost_ = 0;
};

void render_struct_ops(Call& call) {
  Map map(call);
  Ops ops = find_ops(call);
  list_functions(call, ops);
  const auto registered = read_value(call, map.registered(), ops);
  const auto at = map.as_set();
  const auto set = at ? read_value(call, *at, ops) : std::nullopt;
  if (registered)
    call.value(*registered, ops.type);
  else
    call.value(std::nullopt);
  if (!registered && !set) throw mapscope::Stop{MSC_EFAULT};
  if (!set) call.note(MSC_EFAULT, "the ids of its programs could not be read");
  call.object("struct_ops");
  map.emit_state();
  map.find_programs(ops.members);
  map.emit_functions(ops, set.value_or(std::vector<std::byte>()),
                     registered.value_or(std::vector<std::byte>()));
  call.end();
}

} // namespace

MSC_PLUGIN(render_struct_ops, "id=mapscope.builtin.struct_ops\0"
                              "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                              "license=Apache-2.0\0"
                              "summary=kernel operations that BPF programs implement\0"
                              "attach=map-type:struct_ops prio=0\0"
                              "needs=struct bpf_struct_ops_map.kvalue,uvalue\0"
                              "needs=struct bpf_struct_ops_value.data\0"
                              "needs=struct bpf_prog.aux,type,tag\0"
                              "needs=struct bpf_prog_aux.id,name");
