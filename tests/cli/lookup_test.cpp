// SPDX-License-Identifier: Apache-2.0
// This machine by look-ups of bpf(2) alone: maps of every type that can be made here, each cell beside what
// was put there and beside what its memory shows; and that looking changes nothing.
#include "made_map.hpp"

#include "tests/support/btf_builder.hpp"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>

namespace mapscope::cli_test {
namespace {

/// The test's machine lets nobody make a map.
bool may_look() { return MadeMap(BPF_MAP_TYPE_ARRAY, "lk_may", 4, 4, 1).is_made(); }
#define NEEDS_BPF()                                                                                          \
  if (!may_look()) GTEST_SKIP() << "maps may not be made here"

std::set<std::string> pairs_of(const Json& map, const char* list = "entries") {
  std::set<std::string> pairs;
  if (map.HasMember(list))
    for (const Json& row : map[list].GetArray())
      pairs.insert(std::string(row["key_hex"].GetString()) + " = " + row["value_hex"].GetString());
  return pairs;
}

TEST(LookUps, SaysWhatItIs) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_HASH, "lk_facts", 4, 8, 4);
  const Json& shown = map.shown();
  EXPECT_STREQ(shown["renderer"].GetString(), "mapscope.lookup@" MAPSCOPE_VERSION);
  const Json& meta = map.report()["mapscope"];
  EXPECT_STREQ(meta["source"]["kind"].GetString(), "live");
  EXPECT_STREQ(meta["source"]["via"].GetString(), "bpf");
  EXPECT_TRUE(meta.HasMember("started_at"));
  EXPECT_THAT(text_of(map.report()["findings"]), HasSubstr("the report is of no single moment"));
  EXPECT_THAT(output({"info", "--via", "bpf"}), HasSubstr("read by                bpf\n"));
  EXPECT_THAT(output({"maps", "--via", "bpf", "--map", "lk_facts"}),
              HasSubstr("0 / 4  mapscope.lookup@" MAPSCOPE_VERSION " (look-ups by bpf(2))"));
}

TEST(LookUps, EveryEntryOfHashes) {
  NEEDS_BPF();
  for (const auto type : {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH}) {
    MadeMap map(type, "lk_hash", 4, 8, 20000);
    std::set<std::string> expected;
    for (std::uint32_t i = 0; i < 9000; ++i) {
      const std::uint64_t value = std::uint64_t{i} * i + 1;
      map.put(i, value);
      expected.insert(hex_of(bytes_of(i)) + " = " + hex_of(bytes_of(value)));
    }
    EXPECT_EQ(pairs_of(map.shown()), expected);
    map.expect_status("complete");
    map.expect_like_memory({"entries"});
  }
}

/// Few elements in many buckets, and many.
TEST(LookUps, ALargeHashThatIsMostlyEmpty) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_HASH, "lk_sparse", 4, 4, 1 << 20, BPF_F_NO_PREALLOC);
  for (const std::uint32_t count : {3U, 5000U}) {
    for (std::uint32_t i = 0; i < count; ++i) map.put(i, i);
    const Json& shown = map.shown();
    EXPECT_EQ(shown["entries"].Size(), count);
    EXPECT_EQ(pairs_of(shown).size(), count);
    EXPECT_STREQ(shown["status"].GetString(), "complete");
    EXPECT_FALSE(shown.HasMember("notes")) << text_of(shown["notes"]);
  }
}

TEST(LookUps, TheLimitCounts) {
  NEEDS_BPF();
  MadeMap hash(BPF_MAP_TYPE_HASH, "lk_limit", 4, 4, 100), array(BPF_MAP_TYPE_ARRAY, "lk_limit_a", 4, 4, 50);
  for (std::uint32_t i = 0; i < 60; ++i) hash.put(i, i);
  const Ran ran = run({"dump", "live", "-j", "--via", "bpf", "--limit", "7", "--map", "lk_limit*"});
  rapidjson::Document report;
  report.Parse(ran.out.c_str());
  ASSERT_EQ(report["maps"].Size(), 2U);
  for (const Json& map : report["maps"].GetArray()) EXPECT_STREQ(map["status"].GetString(), "truncated");
  EXPECT_EQ(report["maps"][0]["entries"].Size(), 7U);
  EXPECT_EQ(report["maps"][0]["entry_count"].GetUint(), 60U);
  EXPECT_EQ(report["maps"][1]["array_entries"].Size(), 7U);
  EXPECT_EQ(report["maps"][1]["entry_count"].GetUint(), 50U);
}

TEST(LookUps, EveryElementOfArrays) {
  NEEDS_BPF();
  for (const std::uint32_t flags : {0U, std::uint32_t{BPF_F_MMAPABLE}}) {
    MadeMap map(BPF_MAP_TYPE_ARRAY, "lk_array", 4, 12, 3000, flags);
    for (std::uint32_t i = 0; i < 3000; ++i) map.put(i, std::array<std::uint32_t, 3>{i, ~i, 7});
    const Json& shown = map.shown();
    ASSERT_EQ(shown["array_entries"].Size(), 3000U);
    for (std::uint32_t i = 0; i < 3000; ++i) {
      EXPECT_EQ(shown["array_entries"][i]["key"].GetUint(), i);
      EXPECT_EQ(shown["array_entries"][i]["value_hex"].GetString(),
                hex_of(bytes_of(std::array<std::uint32_t, 3>{i, ~i, 7})));
    }
    map.expect_status("complete");
    map.expect_like_memory({"array_entries"});
  }
  MadeMap one(BPF_MAP_TYPE_ARRAY, "lk_one", 4, 4, 1);
  one.put(0U, 0x01020304U);
  EXPECT_STREQ(one.shown()["value_hex"].GetString(), "04 03 02 01");
  EXPECT_EQ(one.shown()["entry_count"].GetUint(), 1U);
}

TEST(LookUps, EveryCopyOfPerCpuMaps) {
  NEEDS_BPF();
  const auto cpus = static_cast<std::uint32_t>(::libbpf_num_possible_cpus());
  for (const auto type :
       {BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH}) {
    MadeMap map(type, "lk_percpu", 4, 4, 10);
    std::vector<std::uint64_t> values(cpus); // copies of 4 bytes, each rounded up to 8
    for (std::uint32_t i = 0; i < 10; ++i) {
      for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) values[cpu] = 1000 * cpu + i;
      EXPECT_EQ(::bpf_map_update_elem(map.fd(), &i, values.data(), BPF_ANY), 0);
    }
    const char* const list = type == BPF_MAP_TYPE_PERCPU_ARRAY ? "percpu_entries" : "percpu_hash_entries";
    const Json& shown = map.shown();
    ASSERT_EQ(shown[list].Size(), 10U);
    for (const Json& row : shown[list].GetArray()) {
      std::uint32_t key = 0;
      if (row.HasMember("key"))
        key = row["key"].GetUint();
      else
        EXPECT_EQ(std::sscanf(row["key_hex"].GetString(), "%2x", &key), 1);
      ASSERT_EQ(row["per_cpu_hex"].Size(), cpus);
      for (std::uint32_t cpu = 0; cpu < cpus; ++cpu)
        EXPECT_EQ(row["per_cpu_hex"][cpu].GetString(), hex_of(bytes_of(1000 * cpu + key)));
    }
    map.expect_status("complete");
    map.expect_like_memory({list});
  }
}

TEST(LookUps, Prefixes) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_LPM_TRIE, "lk_trie", 8, 4, 100, BPF_F_NO_PREALLOC);
  struct {
    std::uint32_t length;
    std::uint8_t address[4];
  } keys[] = {{16, {10, 1, 0, 0}}, {24, {10, 1, 7, 0}}, {0, {0, 0, 0, 0}}, {32, {192, 168, 0, 1}}};
  for (std::uint32_t i = 0; i < 4; ++i) map.put(keys[i], i);
  const Json& shown = map.shown();
  std::set<std::string> prefixes;
  for (const Json& row : shown["entries"].GetArray()) prefixes.insert(row["prefix"].GetString());
  EXPECT_EQ(prefixes, (std::set<std::string>{"10.1.0.0/16", "10.1.7.0/24", "0.0.0.0/0", "192.168.0.1/32"}));
  map.expect_status("complete");
  map.expect_like_memory({"entries"});
}

TEST(LookUps, WhatSlotsReferTo) {
  NEEDS_BPF();
  const bpf_insn exits[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
                            {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const int program = ::bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "lk_prog", "GPL", exits, 2, nullptr);
  ASSERT_GE(program, 0);
  MadeMap inner(BPF_MAP_TYPE_ARRAY, "lk_inner", 4, 4, 1);
  MadeMap programs(BPF_MAP_TYPE_PROG_ARRAY, "lk_programs", 4, 4, 9);
  MadeMap array(BPF_MAP_TYPE_ARRAY_OF_MAPS, "lk_amaps", 4, 4, 9, 0, inner.fd());
  MadeMap hash(BPF_MAP_TYPE_HASH_OF_MAPS, "lk_hmaps", 4, 4, 9, 0, inner.fd());
  programs.put(5U, program), array.put(3U, inner.fd()), array.put(8U, inner.fd()), hash.put(77U, inner.fd());
  for (MadeMap* map : {&programs, &array, &hash}) {
    map->expect_status("complete");
    const std::string by_memory = text_of(map->shown("peek")["fd_array"]);
    EXPECT_EQ(text_of(map->shown()["fd_array"]), by_memory);
  }
  EXPECT_EQ(array.shown()["fd_array"]["slots"][1]["index"].GetUint(), 8U);
  EXPECT_EQ(array.shown()["fd_array"]["slots"][1]["id"].GetUint(), inner.id());
  EXPECT_STREQ(programs.shown()["fd_array"]["slots"][0]["name"].GetString(), "lk_prog");
  ::close(program);
}

TEST(LookUps, DevicesAndCpus) {
  NEEDS_BPF();
  MadeMap devices(BPF_MAP_TYPE_DEVMAP, "lk_devmap", 4, 4, 6),
      by_index(BPF_MAP_TYPE_DEVMAP_HASH, "lk_devhash", 4, 4, 6);
  MadeMap cpus(BPF_MAP_TYPE_CPUMAP, "lk_cpumap", 4, 4, 2);
  const std::uint32_t loopback = 1, queue = 192;
  for (MadeMap* map : {&devices, &by_index}) {
    if (!map->is_made()) continue;
    map->put(4U, loopback);
    const Json& shown = map->shown();
    EXPECT_EQ(shown["fd_array"]["populated"].GetUint(), 1U);
    EXPECT_EQ(shown["fd_array"]["slots"][0]["index"].GetUint(), 4U);
    EXPECT_EQ(shown["fd_array"]["slots"][0]["ifindex"].GetInt(), 1);
    map->expect_status("complete");
  }
  if (!cpus.is_made()) return;
  cpus.put(0U, queue);
  EXPECT_EQ(cpus.shown()["fd_array"]["slots"][0]["qsize"].GetUint(), queue);
  EXPECT_EQ(cpus.shown()["fd_array"]["slots"][0]["cpu"].GetUint(), 0U);
}

/// The next is shown, and stays.
TEST(LookUps, QueuesAreNotPopped) {
  NEEDS_BPF();
  for (const auto type : {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK}) {
    MadeMap map(type, "lk_queue", 0, 4, 8);
    map.expect_status("complete");
    EXPECT_EQ(map.shown()["entry_count"].GetUint(), 0U);
    for (const std::uint32_t value : {11U, 22U, 33U}) map.push(value);
    const std::uint32_t next = type == BPF_MAP_TYPE_QUEUE ? 11 : 33;
    for (int round = 0; round < 2; ++round) {
      const Json& shown = map.shown();
      ASSERT_EQ(shown["elements"].Size(), 1U);
      EXPECT_EQ(shown["elements"][0]["value_hex"].GetString(), hex_of(bytes_of(next)));
      EXPECT_FALSE(shown.HasMember("entry_count"));
    }
    map.expect_status("partial", "not seen without popping it; --via peek shows it");
    EXPECT_EQ(map.shown("peek")["elements"].Size(), 3U);
    std::uint32_t popped = 0;
    EXPECT_EQ(::bpf_map_lookup_and_delete_elem(map.fd(), nullptr, &popped), 0);
    EXPECT_EQ(popped, next);
  }
}

/// A TCP connection within this machine.
struct Connection {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0), client = ::socket(AF_INET, SOCK_STREAM, 0), server = -1;
  Connection() {
    sockaddr_in at{};
    at.sin_family = AF_INET, at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    if (::bind(listener, address, size) == 0 && ::listen(listener, 1) == 0 &&
        ::getsockname(listener, address, &size) == 0 && ::connect(client, address, size) == 0)
      server = ::accept(listener, nullptr, nullptr);
  }
  ~Connection() {
    for (const int fd : {listener, client, server}) ::close(fd);
  }
};

/// Asking for it gives the socket one; the numbers of one CPU are given out in a row.
std::uint64_t cookie_of(int socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  EXPECT_EQ(::getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
  return cookie;
}

TEST(LookUps, SocketsGetNoCookie) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_SOCKMAP, "lk_sockmap", 4, 8, 4);
  if (!map.is_made()) GTEST_SKIP() << "no sockmap can be made here";
  cpu_set_t all, first;
  ::sched_getaffinity(0, sizeof all, &all);
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  ::sched_setaffinity(0, sizeof first, &first); // also of what is run
  bool in_a_row = false;
  for (int round = 0; round < 10 && !in_a_row; ++round) { // others may ask for cookies meanwhile
    const Connection looked_at, before, after;
    ASSERT_GE(looked_at.server, 0);
    map.put(0U, std::uint64_t(looked_at.server)), map.put(1U, std::uint64_t(looked_at.client));
    const std::uint64_t cookie = cookie_of(before.server);
    map.expect_status("skipped", "a look-up would give each socket a cookie");
    in_a_row = cookie_of(after.server) == cookie + 1;
    EXPECT_EQ(map.shown("peek")["fd_array"]["populated"].GetUint(), 2U);
  }
  ::sched_setaffinity(0, sizeof all, &all);
  EXPECT_TRUE(in_a_row);
}

/// bpf_get_stackid() of whoever runs it, into the map.
int run_stack_program(int map) {
  const bpf_insn program[] = {{BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0, map},
                              {0, 0, 0, 0, 0},
                              {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0},
                              {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_stackid},
                              {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const int fd =
      ::bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "lk_stack", "GPL", program, std::size(program), nullptr);
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (fd < 0 || ::bpf_prog_test_run_opts(fd, &options) != 0) return -1;
  ::close(fd);
  return static_cast<int>(options.retval);
}

TEST(LookUps, StacksStayInTheirPlaces) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_STACK_TRACE, "lk_stacks", 4, 8 * 16, 64);
  ASSERT_TRUE(map.is_made());
  if (run_stack_program(map.fd()) < 0) GTEST_SKIP() << "no stack can be had here";
  map.expect_status("skipped", "a look-up takes the stack out of the map for as long as it copies it");
  EXPECT_FALSE(map.shown().HasMember("stack_trace"));
  EXPECT_EQ(map.shown("peek")["stack_trace"]["entries"].Size(), 1U);
}

TEST(LookUps, WhatIsNotSeenSaysWhy) {
  NEEDS_BPF();
  MadeMap perf(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "lk_perf", 4, 4, 2),
      bloom(BPF_MAP_TYPE_BLOOM_FILTER, "lk_bloom", 0, 4, 9);
  for (MadeMap* map : {&perf, &bloom})
    if (map->is_made()) map->expect_status("skipped", "; --via peek shows it (CAP_BPF, CAP_PERFMON");
}

/// A timer and a lock in a value of a type that says so.
TEST(LookUps, LocksAndTimersAreMarked) {
  NEEDS_BPF();
  test::BtfBuilder builder;
  const auto number = builder.u64();
  const auto timer = builder.record("bpf_timer", {{"hidden", builder.array(number, 2)}});
  const auto value = builder.record("lk_value", {{"timer", timer}, {"count", number}});
  const auto key = builder.u32();
  const auto raw = builder.raw();
  const int types = ::bpf_btf_load(raw.data(), static_cast<std::uint32_t>(raw.size()), nullptr);
  if (types < 0) GTEST_SKIP() << "types may not be loaded here: " << std::strerror(errno);
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<std::uint32_t>(types),
              .btf_key_type_id = key, .btf_value_type_id = value);
  MadeMap map("lk_timer", ::bpf_map_create(BPF_MAP_TYPE_HASH, "lk_timer", 4, 24, 4, &options));
  ::close(types);
  ASSERT_TRUE(map.is_made()) << std::strerror(errno);
  map.expect_status("complete"); // nothing is in it, and so nothing is kept back
  map.put(1U, std::array<std::uint64_t, 3>{0, 0, 42});
  map.expect_status("partial", "locks, timers, lists and kernel pointers in its values are not handed out");
  const std::string shown = text_of(map.shown()["entries"][0]["value"]);
  EXPECT_THAT(shown, HasSubstr(R"("blanked":true)"));
  EXPECT_THAT(shown, HasSubstr(R"({"name":"count","value":{"kind":"uint","bits":64,"value":42}})"));
}

/// Of values of eight bytes; -1 where there is none.
int make_storage(bpf_map_type type, const char* name) {
  test::BtfBuilder builder;
  const auto key = builder.i32(), value = builder.u64();
  const auto raw = builder.raw();
  const int types = ::bpf_btf_load(raw.data(), static_cast<std::uint32_t>(raw.size()), nullptr);
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<std::uint32_t>(types),
              .btf_key_type_id = key, .btf_value_type_id = value, .map_flags = BPF_F_NO_PREALLOC);
  const int map = types < 0 ? -1 : ::bpf_map_create(type, name, 4, 8, 0, &options);
  ::close(types);
  return map;
}

TEST(LookUps, StorageByItsOwner) {
  NEEDS_BPF();
  MadeMap map("lk_storage", make_storage(BPF_MAP_TYPE_TASK_STORAGE, "lk_storage"));
  if (!map.is_made()) GTEST_SKIP() << "no storage of tasks can be made here";
  constexpr const char* never_asked = "idle tasks, and tasks that have ended and are held on to";
  map.expect_status("partial", never_asked);
  EXPECT_EQ(map.shown()["entry_count"].GetUint(), 0U);
  const int task = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  map.put(task, std::uint64_t{4242});
  ::close(task);
  map.expect_status("partial", never_asked);
  const Json& shown = map.shown();
  ASSERT_EQ(shown["entries"].Size(), 1U);
  EXPECT_EQ(shown["entries"][0]["owner"]["pid"].GetInt(), ::getpid());
  EXPECT_FALSE(shown["entries"][0]["owner"].HasMember("state"));
  EXPECT_EQ(shown["entries"][0]["value"]["value"].GetUint(), 4242U);
  EXPECT_EQ(output({"get", "--via", "bpf", "lk_storage", std::to_string(::getpid())}), "4242\n");
}

/// Control groups below where the second version of them is mounted, gone with it.
class Groups {
public:
  Groups() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line, source, type; std::getline(mounts, line);)
      if (std::istringstream words(line); words >> source >> root_ >> type && type == "cgroup2") return;
    root_.clear();
  }
  ~Groups() {
    for (const std::string& group : made_) ::rmdir(group.c_str());
  }
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  [[nodiscard]] const std::string& root() const { return root_; }
  /// An open descriptor of it, -1 where it cannot be made.
  int make(const std::string& name) {
    if (root_.empty() || ::mkdir((root_ + "/" + name).c_str(), 0755) != 0) return -1;
    made_.push_back(root_ + "/" + name);
    return ::open(made_.back().c_str(), O_RDONLY | O_DIRECTORY);
  }

private:
  std::string root_;
  std::vector<std::string> made_;
};

/// Directories that go while they are listed hide no others.
TEST(LookUps, StorageOfGroupsWhileOthersGo) {
  NEEDS_BPF();
  constexpr auto cgrp_storage = static_cast<bpf_map_type>(32); // Linux 6.2
  MadeMap map("lk_groups", make_storage(cgrp_storage, "lk_groups"));
  if (!map.is_made()) GTEST_SKIP() << "no storage of control groups can be made here";
  Groups groups;
  constexpr std::uint64_t lasting = 16;
  for (std::uint64_t i = 0; i < lasting; ++i) {
    const int group = groups.make("lk_lasting_" + std::to_string(i));
    if (group < 0) GTEST_SKIP() << "no control group can be made here";
    map.put(group, i);
    ::close(group);
  }
  const auto come_and_go = [&](const std::stop_token& stop) {
    for (unsigned i = 0; !stop.stop_requested(); ++i) {
      const std::string outer = groups.root() + "/lk_going_" + std::to_string(i), inner = outer + "/inner";
      ::mkdir(outer.c_str(), 0755), ::mkdir(inner.c_str(), 0755);
      ::rmdir(inner.c_str()), ::rmdir(outer.c_str());
    }
  };
  const std::jthread churn(come_and_go);
  for (int round = 0; round < 20; ++round) {
    const Json& shown = map.shown();
    EXPECT_EQ(shown["entries"].Size(), lasting);
    EXPECT_THAT(shown["error"].GetString(), StartsWith("control groups that are removed and held on to"));
  }
}

TEST(LookUps, OneValueAndWhatChanges) {
  NEEDS_BPF();
  const MadeMap map(BPF_MAP_TYPE_HASH, "lk_get", 4, 4, 4);
  map.put(7U, 0x11U);
  EXPECT_EQ(output({"get", "--via", "bpf", "lk_get", "7"}), run({"get", "--via", "peek", "lk_get", "7"}).out);
  EXPECT_THAT(output({"watch", "--via", "bpf", "--map", "lk_get", "--interval", "0.1", "--count", "1"}),
              HasSubstr("1 map with 1 entry"));
}

TEST(LookUps, WhatTheyCannotTake) {
  EXPECT_THAT(misuse({"dump", "vmcore", "--via", "bpf"}), HasSubstr("vmcore: --via bpf is for this machine"));
  EXPECT_THAT(misuse({"dump", "--via", "bpf", "--btf", "x"}), HasSubstr("--btf is for memory"));
  NEEDS_BPF();
  EXPECT_THAT(misuse({"dump", "--via", "bpf", "--map", "kernel:sched_ext"}),
              HasSubstr("parts of the kernel are read from memory"));
  EXPECT_THAT(misuse({"dump", "--via", "bpf", "--only", "mapscope.builtin.hash"}),
              HasSubstr("no plugin renders anything of look-ups alone"));
}

TEST(LookUps, RecordsOfARing) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_USER_RINGBUF, "lk_ring", 0, 0, 4096);
  if (!map.is_made()) GTEST_SKIP() << "no ring that user space fills can be made here";
  user_ring_buffer* const ring = ::user_ring_buffer__new(map.fd(), nullptr);
  ASSERT_NE(ring, nullptr);
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    void* const record = ::user_ring_buffer__reserve(ring, sizeof number);
    ASSERT_NE(record, nullptr);
    std::memcpy(record, &number, sizeof number);
    if (number == 2)
      ::user_ring_buffer__discard(ring, record);
    else if (number == 1)
      ::user_ring_buffer__submit(ring, record);
  }
  const std::string by_memory = text_of(map.shown("peek")["ringbuf"]);
  const Json& shown = map.shown();
  EXPECT_EQ(text_of(shown["ringbuf"]), by_memory);
  ASSERT_EQ(shown["ringbuf"]["records"].Size(), 3U);
  EXPECT_STREQ(shown["ringbuf"]["records"][0]["data_hex"].GetString(), "01 00 00 00");
  EXPECT_STREQ(shown["ringbuf"]["records"][1]["state"].GetString(), "discarded");
  EXPECT_STREQ(shown["ringbuf"]["records"][2]["state"].GetString(), "busy");
  map.expect_status("complete");
  ::user_ring_buffer__free(ring);
}

/// Where memory may not be read, the look-ups come by themselves, and the report says why.
TEST(LookUps, ComeLast) {
  NEEDS_BPF();
  const MadeMap map(BPF_MAP_TYPE_HASH, "lk_last", 4, 4, 4);
  map.put(1U, 2U);
  const Ran ran = test::run_program(
      "/usr/bin/unshare",
      {"-m", "/bin/sh", "-c",
       "for hidden in /proc/iomem /proc/kcore; do test ! -e $hidden || mount --bind /dev/null $hidden; done; "
       "exec \"$0\" dump live -j --map lk_last",
       MAPSCOPE_PROGRAM});
  if (ran.exit_code != 0 && ran.err.contains("unshare")) GTEST_SKIP() << ran.err;
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr("live: this machine's memory cannot be read: peek: /proc/iomem does not say"));
  EXPECT_THAT(ran.err, HasSubstr("; kcore: "));
  rapidjson::Document report;
  report.Parse(ran.out.c_str());
  EXPECT_STREQ(report["mapscope"]["source"]["via"].GetString(), "bpf");
  EXPECT_THAT(text_of(report["findings"]), HasSubstr("memory cannot be read"));
  EXPECT_EQ(report["maps"][0]["entries"].Size(), 1U);
}

} // namespace
} // namespace mapscope::cli_test
