// SPDX-License-Identifier: Apache-2.0
// Who looks at a running machine leaves no trace: maps of the test, byte by byte as the kernel has them,
// before and after reports of all that there is.
#include "own_map.hpp"

#include <bpf/btf.h>
#include <cstring>
#include <fstream>
#include <map>
#include <sched.h>
#include <set>
#include <sys/mman.h>
#include <sys/socket.h>
#include <thread>

namespace mapscope::cli_test {
namespace {

constexpr std::uint32_t arena_type = 33, arena_pages = 16; // BPF_MAP_TYPE_ARENA, Linux 6.9
constexpr std::size_t page = 4096;
using Bytes = std::vector<std::byte>;

bpf_insn insn(int code, int to, int from, int offset, int number) {
  bpf_insn made{};
  made.code = static_cast<std::uint8_t>(code);
  made.dst_reg = to & 0xf, made.src_reg = from & 0xf;
  made.off = static_cast<std::int16_t>(offset), made.imm = number;
  return made;
}
bpf_insn set(int to, int number) { return insn(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number); }
bpf_insn call(int helper) { return insn(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }

/// A program that is run by hand.
class Program {
public:
  explicit Program(std::vector<bpf_insn> body) {
    body.push_back(set(BPF_REG_0, 0));
    body.push_back(insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE);
    fd_ = ::bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "live_program", "Dual MIT/GPL", body.data(), body.size(),
                          &options);
  }
  ~Program() {
    if (fd_ >= 0) ::close(fd_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void run() const {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    EXPECT_EQ(::bpf_prog_test_run_opts(fd_, &options), 0) << std::strerror(errno);
  }
  [[nodiscard]] bpf_prog_info info() const {
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    EXPECT_EQ(::bpf_obj_get_info_by_fd(fd_, &info, &size), 0);
    return info;
  }

private:
  int fd_;
};

/// The kernel's own struct behind a map: reference counts, locks, lists and positions, all its bytes.
class Struct {
public:
  Struct(const OwnMap& map, std::uint32_t size)
      : window_(BPF_MAP_TYPE_ARRAY, "live_window", {sizeof(std::uint32_t), size, 1}), size_(size),
        reading_({insn(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, window_.fd()),
                  insn(0, 0, 0, 0, 0), set(BPF_REG_2, static_cast<int>(size)),
                  insn(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_3, BPF_PSEUDO_MAP_FD, 0, map.fd()),
                  insn(0, 0, 0, 0, 0), call(BPF_FUNC_probe_read_kernel)}) {}

  [[nodiscard]] Bytes bytes() const {
    reading_.run();
    Bytes bytes(size_);
    const std::uint32_t first = 0;
    EXPECT_EQ(::bpf_map_lookup_elem(window_.fd(), &first, bytes.data()), 0);
    return bytes;
  }

private:
  OwnMap window_;
  std::uint32_t size_;
  Program reading_;
};

btf* kernel_types() {
  static btf* const types = ::btf__load_vmlinux_btf();
  return types;
}

std::uint32_t size_of(const char* type) {
  const int id = ::btf__find_by_name_kind(kernel_types(), type, BTF_KIND_STRUCT);
  return id > 0 ? static_cast<std::uint32_t>(::btf__resolve_size(kernel_types(), id)) : 0;
}

/// Where a struct has a member, in bytes; none when this kernel's has no such member.
std::optional<std::size_t> member_of(const char* type, std::string_view member) {
  const int id = ::btf__find_by_name_kind(kernel_types(), type, BTF_KIND_STRUCT);
  const btf_type* found =
      id > 0 ? ::btf__type_by_id(kernel_types(), static_cast<std::uint32_t>(id)) : nullptr;
  for (std::uint32_t i = 0; found != nullptr && i < btf_vlen(found); ++i)
    if (::btf__name_by_offset(kernel_types(), btf_members(found)[i].name_off) == member)
      return btf_member_bit_offset(found, i) / 8;
  return std::nullopt;
}

/// Without what is not the map's own: all counters per CPU of the machine are on one list, where others come
/// and go (lib/percpu_counter.c).
Bytes without_neighbours(Bytes bytes, std::string_view type) {
  const auto counter = member_of("bpf_htab", "pcount"), list = member_of("percpu_counter", "list");
  if (type != "bpf_htab" || !counter || !list) return bytes;
  const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(*counter + *list);
  std::fill_n(at, size_of("list_head"), std::byte{0});
  return bytes;
}

/// How many hold the map, whose struct begins each of its type.
std::uint64_t holders(const Bytes& bytes) {
  std::uint64_t count = 0;
  std::memcpy(&count, bytes.data() + member_of("bpf_map", "refcnt").value(), sizeof count);
  return count;
}

/// Reads all maps, twice.
void look() {
  EXPECT_EQ(run({"maps", "live"}).exit_code, 0);
  EXPECT_EQ(run({"dump", "live", "-j", "--limit", "0"}).exit_code, 0);
}

/// Comes true in time: somebody else may hold a map for a moment, or what is closed goes a while later.
template <class Condition> bool in_time(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return condition();
}

/// A struct that stays as it is under a report. When that begins only the test holds the map, by its
/// descriptor, the window and so many programs: who else looks at the machine's maps holds each for a moment.
void expect_untouched(const OwnMap& map, const char* type, std::uint64_t programs = 0) {
  if (!map.is_made()) GTEST_SKIP() << map.name() << ": " << std::strerror(errno);
  const std::uint32_t size = size_of(type);
  ASSERT_NE(size, 0U) << type;
  const Struct own(map, size);
  const auto bytes = [&] { return without_neighbours(own.bytes(), type); };
  Bytes before;
  ASSERT_TRUE(in_time([&] { return holders(before = bytes()) == 2 + programs; })) << holders(before);
  look();
  if (in_time([&] { return bytes() == before; })) return;
  const Bytes after = bytes();
  ADD_FAILURE() << "byte " << std::ranges::mismatch(before, after).in1 - before.begin() << " of struct "
                << type;
}

class NothingIsModified : public testing::Test {
protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "takes root";
    const OwnMap any(BPF_MAP_TYPE_ARRAY, "live_any", {4, 4, 1});
    if (!any.is_made()) GTEST_SKIP() << "this machine lets nobody make maps: " << std::strerror(errno);
  }
};

TEST_F(NothingIsModified, OfAHash) {
  const OwnMap map(BPF_MAP_TYPE_HASH, "live_still", {4, 64, 100});
  for (std::uint32_t i = 0; i < 60; ++i) (void)map.put(i, std::array<std::uint32_t, 16>{i});
  expect_untouched(map, "bpf_htab");
}

TEST_F(NothingIsModified, OfAnLruHash) {
  const OwnMap map(BPF_MAP_TYPE_LRU_HASH, "live_lru", {4, 64, 512});
  for (std::uint32_t i = 0; i < 2048; ++i) (void)map.put(i, std::array<std::uint32_t, 16>{i});
  expect_untouched(map, "bpf_htab");
}

TEST_F(NothingIsModified, OfAPerCpuHash) {
  expect_untouched(OwnMap(BPF_MAP_TYPE_PERCPU_HASH, "live_percpu", {4, 64, 100}), "bpf_htab");
}

TEST_F(NothingIsModified, OfAnArray) {
  expect_untouched(OwnMap(BPF_MAP_TYPE_ARRAY, "live_array", {4, 64, 100}), "bpf_array");
}

/// The keys that are left of an LRU hash after others came into one that was full, on one CPU.
std::set<std::uint32_t> survivors(std::uint32_t flags, bool looked_at) {
  constexpr std::uint32_t most = 512;
  const OwnMap map(BPF_MAP_TYPE_LRU_HASH, "live_order", {4, 4, most}, flags);
  for (std::uint32_t i = 0; i < most; ++i) (void)map.put(i, i);
  if (looked_at) look();
  for (std::uint32_t i = 0; i < most / 4; ++i) (void)map.put(100'000 + i, i);
  std::set<std::uint32_t> keys;
  std::uint32_t key = 0;
  for (int rc = ::bpf_map_get_next_key(map.fd(), nullptr, &key); rc == 0 && keys.insert(key).second;)
    rc = ::bpf_map_get_next_key(map.fd(), &key, &key);
  return keys;
}

/// Lists of what was used last are of each CPU.
class OneCpu {
public:
  OneCpu() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

private:
  cpu_set_t before_{};
};

TEST_F(NothingIsModified, TheNextToBeEvictedIsTheSame) {
  const OneCpu here;
  for (const std::uint32_t flags : {0U, std::uint32_t{BPF_F_NO_COMMON_LRU}}) {
    const auto kept = survivors(flags, true);
    EXPECT_GE(kept.size(), 128U);
    EXPECT_EQ(kept, survivors(flags, false)) << "flags " << flags;
  }
}

TEST_F(NothingIsModified, WhatAQueueAndAStackHold) {
  for (const auto type : {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK}) {
    const OwnMap map(type, "live_queue", {0, 8, 8});
    for (std::uint64_t i = 1; i <= 5; ++i)
      EXPECT_EQ(::bpf_map_update_elem(map.fd(), nullptr, &i, BPF_ANY), 0);
    expect_untouched(map, "bpf_queue_stack");
    for (std::uint64_t i = 1; i <= 5; ++i) {
      std::uint64_t popped = 0;
      EXPECT_EQ(::bpf_map_lookup_and_delete_elem(map.fd(), nullptr, &popped), 0);
      EXPECT_EQ(popped, type == BPF_MAP_TYPE_QUEUE ? i : 6 - i);
    }
  }
}

/// The pages with the positions of consumer and producer, and the first of the data.
Bytes pages_of(const OwnMap& ring) {
  void* at = ::mmap(nullptr, 3 * page, PROT_READ, MAP_SHARED, ring.fd(), 0);
  if (at == MAP_FAILED) return {};
  const auto* first = static_cast<const std::byte*>(at);
  Bytes bytes(first, first + 3 * page);
  ::munmap(at, 3 * page);
  return bytes;
}

TEST_F(NothingIsModified, WhereARingBufferStands) {
  const OwnMap ring(BPF_MAP_TYPE_RINGBUF, "live_ring", {0, 0, page});
  if (!ring.is_made()) GTEST_SKIP() << std::strerror(errno);
  const Program writes({insn(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, ring.fd()),
                        insn(0, 0, 0, 0, 0), insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
                        insn(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -16),
                        insn(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -16, 42),
                        insn(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 43), set(BPF_REG_3, 16),
                        set(BPF_REG_4, 0), call(BPF_FUNC_ringbuf_output)});
  for (int i = 0; i < 3; ++i) writes.run();
  const Bytes before = pages_of(ring);
  ASSERT_EQ(before.size(), 3 * page);
  ASSERT_NE(before[page], std::byte{0}); // of the producer
  expect_untouched(ring, "bpf_ringbuf_map", 1);
  EXPECT_EQ(pages_of(ring), before);
  const auto report = ring.shown();
  EXPECT_EQ(report["maps"][0]["ringbuf"]["records"].Size(), 3U);
}

TEST_F(NothingIsModified, WhichPagesAnArenaHas) {
  const OwnMap arena(arena_type, "live_arena", {0, 0, arena_pages}, BPF_F_MMAPABLE);
  if (!arena.is_made()) GTEST_SKIP() << "no arenas here: " << std::strerror(errno);
  void* at = ::mmap(nullptr, arena_pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd(), 0);
  ASSERT_NE(at, MAP_FAILED) << std::strerror(errno);
  auto* bytes = static_cast<volatile char*>(at);
  bytes[0] = 1; // whoever touches a page has it made
  bytes[3 * page] = 2;
  expect_untouched(arena, "bpf_arena");
  for (int i = 0; i < 2; ++i) {
    const auto report = arena.shown();
    const auto& shown = report["maps"][0];
    EXPECT_EQ(shown["entry_count"].GetUint64(), 2U);
    EXPECT_EQ(shown["arena"]["runs"].Size(), 2U);
  }
  ::munmap(at, arena_pages * page);
}

/// A look-up through bpf(2) would give the socket one.
TEST_F(NothingIsModified, SocketsAreGivenNoCookie) {
  const OwnMap map(BPF_MAP_TYPE_SOCKMAP, "live_sockets", {4, 8, 4});
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::uint32_t first = 0;
  const auto one = static_cast<std::uint64_t>(ends[0]);
  if (map.put(first, one) != 0) GTEST_SKIP() << "no sockets in maps here: " << std::strerror(errno);
  look();
  const auto cookie_in = [&] {
    const auto report = map.shown();
    const auto& slot = report["maps"][0]["fd_array"]["slots"][0];
    return slot.HasMember("cookie") ? slot["cookie"].GetUint64() : 0;
  };
  EXPECT_EQ(cookie_in(), 0U);
  EXPECT_EQ(cookie_in(), 0U);
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  ASSERT_EQ(::getsockopt(ends[0], SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
  EXPECT_EQ(cookie_in(), cookie); // by now it has one, and it would have been seen
  ::close(ends[0]), ::close(ends[1]);
}

std::string are_counted() {
  std::string text;
  std::ifstream("/proc/sys/kernel/bpf_stats_enabled") >> text;
  return text;
}

TEST_F(NothingIsModified, RunsOfProgramsAreNotCounted) {
  const std::string before = are_counted();
  const Program program({set(BPF_REG_0, 0)});
  program.run();
  const auto was = program.info();
  look();
  EXPECT_EQ(are_counted(), before);
  EXPECT_EQ(program.info().run_cnt, was.run_cnt);
  EXPECT_EQ(program.info().run_time_ns, was.run_time_ns);
}

using NextId = int (*)(std::uint32_t, std::uint32_t*);
constexpr std::array<NextId, 3> all_ids = {::bpf_map_get_next_id, ::bpf_prog_get_next_id,
                                           ::bpf_btf_get_next_id};

/// Of maps, programs and types.
std::set<std::pair<std::size_t, std::uint32_t>> ids() {
  std::set<std::pair<std::size_t, std::uint32_t>> all;
  for (std::size_t kind = 0; kind < all_ids.size(); ++kind)
    for (std::uint32_t id = 0; all_ids[kind](id, &id) == 0;) all.emplace(kind, id);
  return all;
}

/// Others may make their own meanwhile, which go as well.
TEST_F(NothingIsModified, NothingOfItIsLeft) {
  const OwnMap map(BPF_MAP_TYPE_HASH, "live_stays", {4, 4, 4});
  const auto before = ids();
  look();
  auto left = ids();
  for (const auto& id : before) left.erase(id);
  EXPECT_TRUE(in_time([&] {
    const auto now = ids();
    std::erase_if(left, [&](const auto& id) { return !now.contains(id); });
    return left.empty();
  })) << testing::PrintToString(left);
  const auto report = map.shown();
  EXPECT_EQ(report["maps"][0]["refcnt"].GetUint64(), 1U);
  EXPECT_EQ(report["maps"][0]["usercnt"].GetUint64(), 1U);
}

} // namespace
} // namespace mapscope::cli_test
