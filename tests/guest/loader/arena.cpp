// SPDX-License-Identifier: Apache-2.0
// Arenas: mapped by a process, by a program alone, by nobody; small, and as wide as they may be with a few
// pages.
#include "guest.hpp"

#include "expect.hpp"
#include "json.hpp"

#include <bpf/bpf.h>
#include <cstring>
#include <fcntl.h>
#include <linux/btf.h>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace guest {

namespace {

using std::uint32_t, std::uint64_t;

constexpr auto type_arena = static_cast<bpf_map_type>(33); // newer than the oldest headers this builds with

using Page = std::vector<unsigned char>;
using Pages = std::map<uint64_t, Page>; ///< by their place in the arena

std::string numbers(const Page& page) {
  std::vector<std::string> all;
  for (const unsigned byte : page) all.push_back(std::to_string(byte));
  return json::list(all);
}

/// [{"user_addr":...,"pages":...}] of neighbours
std::string runs_of(const Pages& pages, uint64_t user_start) {
  std::vector<std::string> runs;
  for (auto at = pages.begin(); at != pages.end();) {
    const uint64_t first = at->first;
    uint64_t count = 0;
    for (; at != pages.end() && at->first == first + count; ++at) ++count;
    runs.push_back("{\"user_addr\":" + std::to_string(user_start + first * page_size) +
                   ",\"pages\":" + std::to_string(count) + "}");
  }
  return json::list(runs);
}

void expect_pages(int fd, uint64_t declared, uint64_t user_start, const Pages& pages) {
  std::vector<std::string> list;
  for (const auto& [place, page] : pages)
    list.push_back("{\"user_addr\":" + std::to_string(user_start + place * page_size) +
                   ",\"bytes\":" + numbers(page) + "}");
  expect(fd, "{\"entry_count\":" + std::to_string(pages.size()) + ",\"arena\":{\"declared_pages\":" +
                 std::to_string(declared) + ",\"user_vm_start\":" + std::to_string(user_start) +
                 ",\"runs\":" + runs_of(pages, user_start) + ",\"pages\":" + json::list(list) + "}}");
}

/// -1 when the kernel does not know arenas.
int create_arena(const char* name, uint32_t pages, uint64_t user_start) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE, .map_extra = user_start);
  return bpf_map_create(type_arena, name, 0, 0, pages, &options);
}

/// A process writes into some pages, into every second one all over; without `user_start` the kernel chooses
/// one.
void fill_by_process(const char* name, uint32_t pages, uint64_t user_start,
                     const std::vector<uint64_t>& touched) {
  const int fd = must(create_arena(name, pages, user_start), name);
  void* const wanted = reinterpret_cast<void*>(user_start); // NOLINT(performance-no-int-to-ptr)
  void* const memory = mmap(wanted, pages * page_size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | (user_start != 0 ? MAP_FIXED : 0), fd, 0);
  if (memory == MAP_FAILED) give_up(std::string("mmap of ") + name);
  Pages filled;
  Random random;
  for (const uint64_t place : touched) {
    auto* const bytes = static_cast<unsigned char*>(memory) + place * page_size;
    for (std::size_t i = 0; i < (filled.size() % 2 == 0 ? 8 : page_size); ++i)
      bytes[i] = static_cast<unsigned char>(random.next() >> 40);
    filled[place] = Page(bytes, bytes + page_size);
  }
  expect_pages(fd, pages, reinterpret_cast<uint64_t>(memory), filled);
}

Page file_content(const char* path) {
  Page content;
  const int fd = must(open(path, O_RDONLY), path);
  unsigned char piece[1 << 16];
  for (ssize_t count = 0; (count = read(fd, piece, sizeof piece)) > 0;)
    content.insert(content.end(), piece, piece + count);
  close(fd);
  return content;
}

/// Bytes behind a btf_type. Its `info` is read as newer kernels write it, which is right for all.
std::size_t more_bytes(uint32_t info) {
  const std::size_t members = info & 0xffffff;
  switch (info >> 24 & 0x7f) {
  case BTF_KIND_INT:
  case BTF_KIND_VAR:
  case BTF_KIND_DECL_TAG:
    return 4;
  case BTF_KIND_ARRAY:
    return 12;
  case BTF_KIND_STRUCT:
  case BTF_KIND_UNION:
  case BTF_KIND_DATASEC:
  case BTF_KIND_ENUM64:
    return 12 * members;
  case BTF_KIND_ENUM:
  case BTF_KIND_FUNC_PROTO:
    return 8 * members;
  default:
    return 0;
  }
}

/// Id of a kernel function in the kernel's BTF, whose header the newest kernels extend beyond what older
/// libraries take; 0 when there is none.
uint32_t function_id(const char* name) {
  const Page raw = file_content("/sys/kernel/btf/vmlinux");
  btf_header header{};
  std::memcpy(&header, raw.data(), sizeof header);
  const unsigned char* const types = raw.data() + header.hdr_len + header.type_off;
  const char* const names = reinterpret_cast<const char*>(raw.data()) + header.hdr_len + header.str_off;
  uint32_t id = 1;
  for (std::size_t at = 0; at < header.type_len; ++id) {
    btf_type type{};
    std::memcpy(&type, types + at, sizeof type);
    if ((type.info >> 24 & 0x7f) == BTF_KIND_FUNC && std::strcmp(names + type.name_off, name) == 0) return id;
    at += sizeof type + more_bytes(type.info);
  }
  return 0;
}

constexpr unsigned char load_64 = BPF_LD | BPF_DW | BPF_IMM, move = BPF_ALU64 | BPF_MOV | BPF_K,
                        add = BPF_ALU64 | BPF_ADD | BPF_K, move_register = BPF_ALU64 | BPF_MOV | BPF_X,
                        store_64 = BPF_ST | BPF_MEM | BPF_DW;

bpf_insn insn(unsigned char code, unsigned to, unsigned from, short offset, int value) {
  bpf_insn made{};
  made.code = code, made.dst_reg = to & 15, made.src_reg = from & 15, made.off = offset, made.imm = value;
  return made;
}

/// Allocates two pages where there is room and writes into both; then three from page `place` on.
std::vector<bpf_insn> allocating_program(int arena, int allocate, uint64_t place) {
  constexpr unsigned kfunc_call = 2; // BPF_PSEUDO_KFUNC_CALL
  const auto arguments = [&](std::vector<bpf_insn>& all, uint64_t address, int pages) {
    all.push_back(insn(load_64, 1, BPF_PSEUDO_MAP_FD, 0, arena));
    all.push_back(insn(0, 0, 0, 0, 0));
    all.push_back(insn(load_64, 2, 0, 0, static_cast<int>(address)));
    all.push_back(insn(0, 0, 0, 0, static_cast<int>(address >> 32)));
    all.push_back(insn(move, 3, 0, 0, pages));
    all.push_back(insn(move, 4, 0, 0, -1)); // any node
    all.push_back(insn(move, 5, 0, 0, 0));
    all.push_back(insn(BPF_JMP | BPF_CALL, 0, kfunc_call, 0, allocate));
  };
  std::vector<bpf_insn> program;
  arguments(program, 0, 2);
  program.push_back(insn(move_register, 6, 0, 1, 1)); // a pointer of the process to one of the kernel
  program.push_back(insn(store_64, 6, 0, 8, 0x5eed));
  program.push_back(insn(add, 6, 0, 0, static_cast<int>(page_size)));
  program.push_back(insn(store_64, 6, 0, 16, 0x7eed));
  program.push_back(insn(add, 6, 0, 0, static_cast<int>(4 * page_size)));
  program.push_back(insn(store_64, 6, 0, 0, 0x0bad)); // nobody allocated that page
  arguments(program, place, 3);
  program.push_back(insn(move, 0, 0, 0, 0));
  program.push_back(insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return program;
}

void run_once(const std::vector<bpf_insn>& program) {
  std::vector<char> log(1 << 16);
  LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE, .log_level = 1,
              .log_size = static_cast<uint32_t>(log.size()), .log_buf = log.data());
  const int fd =
      bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "allocate", "GPL", program.data(), program.size(), &options);
  if (fd < 0) give_up(std::string("allocate: ") + log.data());
  LIBBPF_OPTS(bpf_test_run_opts, run);
  must(bpf_prog_test_run_opts(fd, &run), "run of allocate");
}

/// No process maps it: the pages are a program's.
void fill_by_program() {
  constexpr uint32_t declared = 64;
  const uint64_t user_start = 0x310000000000 + 5 * page_size, seventh = user_start + 7 * page_size;
  const int fd = must(create_arena("program_arena", declared, user_start), "program_arena");
  const uint32_t allocate = function_id("bpf_arena_alloc_pages");
  if (allocate == 0) give_up("no bpf_arena_alloc_pages");
  run_once(allocating_program(fd, static_cast<int>(allocate), seventh));
  Pages pages;
  for (const uint64_t place : {0, 1, 7, 8, 9}) pages[place].resize(page_size);
  pages[0][8] = 0xed, pages[0][9] = 0x5e;
  pages[1][16] = 0xed, pages[1][17] = 0x7e;
  expect_pages(fd, declared, user_start, pages);
}

} // namespace

void create_arenas(std::vector<std::string>& unknown) {
  const auto widest = static_cast<uint32_t>((1ULL << 32) / page_size); // 4 GiB
  const int empty = create_arena("empty_arena", 10, 0);
  if (empty < 0) {
    unknown.emplace_back("arena");
    return;
  }
  expect_pages(empty, 10, 0, {});
  fill_by_process("an_arena", 100, 0x100000000000, {0, 1, 50});
  fill_by_process("some_arena", 16, 0, {3, 4, 5, 15});
  fill_by_process(
      "wide_arena", widest, 0x200000000000,
      {0, 1, 2, 1000, widest / 4 - 1, widest / 4, widest / 2, widest / 4 * 3 - 8655, widest - 2, widest - 1});
  fill_by_program();
}

} // namespace guest
