// SPDX-License-Identifier: Apache-2.0
// Instruction arrays: one of a program that was loaded, with instructions that moved and that were deleted,
// and one that no program uses.
#include "guest.hpp"

#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <cstring>
#include <linux/bpf.h>

namespace guest {

namespace {

using std::uint32_t, std::uint64_t;

constexpr auto type_insn_array = static_cast<bpf_map_type>(34); // newer than the headers this builds with

struct Value { // struct bpf_insn_array_value
  uint32_t orig_off, xlated_off, jitted_off, pad;
};

/// -1 when the kernel does not know the type.
int create(const char* name, const std::vector<uint32_t>& instructions) {
  const int fd = bpf_map_create(type_insn_array, name, 4, sizeof(Value),
                                static_cast<uint32_t>(instructions.size()), nullptr);
  for (uint32_t i = 0; fd >= 0 && i < instructions.size(); ++i) {
    const Value value{.orig_off = instructions[i], .xlated_off = 0, .jitted_off = 0, .pad = 0};
    put(fd, &i, &value);
  }
  return fd;
}

bpf_insn insn(unsigned char code, unsigned to, unsigned from, short offset, int value) {
  bpf_insn made{};
  made.code = code, made.dst_reg = to & 15, made.src_reg = from & 15, made.off = offset, made.imm = value;
  return made;
}

/// Jumps to the next instruction are deleted, and the call becomes several instructions.
std::vector<bpf_insn> program_with(int array) {
  constexpr unsigned char move = BPF_ALU64 | BPF_MOV | BPF_K, jump = BPF_JMP | BPF_JA;
  return {insn(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, array),
          insn(0, 0, 0, 0, 0),
          insn(move, 0, 0, 0, 2),
          insn(jump, 0, 0, 0, 0),
          insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_jiffies64),
          insn(move, 0, 0, 0, 1),
          insn(jump, 0, 0, 0, 0),
          insn(move, 0, 0, 0, 0),
          insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
}

int load(const std::vector<bpf_insn>& program) {
  std::vector<char> log(1 << 16);
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_level = 1, .log_size = static_cast<uint32_t>(log.size()),
              .log_buf = log.data());
  const int fd =
      bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "jumps", "GPL", program.data(), program.size(), &options);
  if (fd < 0) give_up(std::string("jumps: ") + log.data());
  return fd;
}

/// Where the program's machine code begins, and its id.
std::pair<uint64_t, uint32_t> code_of(int program) {
  uint64_t start = 0;
  bpf_prog_info info{};
  info.nr_jited_ksyms = 1, info.jited_ksyms = reinterpret_cast<uint64_t>(&start);
  uint32_t size = sizeof info;
  must(bpf_obj_get_info_by_fd(program, &info, &size), "info of jumps");
  return {start, info.id};
}

/// `code`: 0 when there is none.
std::string entry_of(int fd, uint32_t index, uint64_t code, uint32_t program) {
  Value value{};
  must(bpf_map_lookup_elem(fd, &index, &value), "lookup of an instruction");
  std::string text = "{\"key\":" + std::to_string(index) + ",\"value\":" +
                     json::record("bpf_insn_array_value", {{"orig_off", json::number(value.orig_off)},
                                                           {"xlated_off", json::number(value.xlated_off)},
                                                           {"jitted_off", json::number(value.jitted_off)}});
  if (value.xlated_off == UINT32_MAX)
    text += ",\"deleted\":true";
  else if (code != 0)
    text += ",\"ip\":" + std::to_string(code + value.jitted_off) +
            ",\"offset\":" + std::to_string(value.jitted_off) + ",\"program\":" + std::to_string(program);
  return text + "}";
}

void expect_entries(int fd, uint32_t count, uint64_t code, uint32_t program) {
  std::vector<std::string> entries;
  for (uint32_t i = 0; i < count; ++i) entries.push_back(entry_of(fd, i, code, program));
  expect(fd, "{\"array_entries\":" + json::list(entries) + "}");
}

} // namespace

void create_insn_arrays(std::vector<std::string>& unknown) {
  const std::vector<uint32_t> all = {0, 2, 3, 4, 5, 6, 7, 8}, some = {7, 0, 3};
  const int used = create("jump_table", all);
  if (used < 0) {
    unknown.emplace_back("insn_array");
    return;
  }
  must(bpf_map_freeze(used), "freeze of jump_table");
  const auto [code, program] = code_of(load(program_with(used)));
  if (code == 0) give_up("the program jumps has no machine code");
  expect_entries(used, static_cast<uint32_t>(all.size()), code, program);
  const int unused = must(create("no_jumps", some), "no_jumps");
  expect_entries(unused, static_cast<uint32_t>(some.size()), 0, 0);
}

} // namespace guest
