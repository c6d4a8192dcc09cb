// SPDX-License-Identifier: Apache-2.0
// Types that programs and maps do not carry, from files that a person names: for maps of this machine that
// have none, by memory and by look-ups, and for a scheduler's slots in a core file.
#include "made_map.hpp"

#include "tests/support/btf_builder.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/scheduler_core.hpp"

#include <array>
#include <bpf/libbpf.h>
#include <filesystem>
#include <sys/syscall.h>

namespace mapscope::cli_test {
namespace {

using test::BtfBuilder;

/// The test's machine lets nobody make a map.
bool may_look() { return MadeMap(BPF_MAP_TYPE_ARRAY, "ty_may", 4, 4, 1).is_made(); }
#define NEEDS_BPF()                                                                                          \
  if (!may_look()) GTEST_SKIP() << "maps may not be made here"

constexpr std::array<std::uint32_t, 2> a_key = {10, 443};
constexpr std::array<std::uint32_t, 4> a_value = {105, 0, 7, 42};
/// As they come out, whatever way they were read.
constexpr const char* shown_key = R"("type_name":"ty_key","members":[{"name":"ip","value":{"kind":"uint",)"
                                  R"("bits":32,"value":10}},{"name":"port","value":{"kind":"uint","bits":32,)"
                                  R"("value":443}}])";
constexpr const char* shown_value =
    R"("type_name":"ty_value","members":[{"name":"packets","value":{"kind":"uint","bits":64,"value":105}},)"
    R"({"name":"state","value":{"kind":"enum","bits":32,"value":7,"variant":"BUSY"}},)"
    R"({"name":"cpu","value":{"kind":"uint","bits":32,"value":42}}])";

class Types : public testing::Test {
protected:
  Types() {
    BtfBuilder b;
    const auto u32 = b.u32();
    b.record("ty_key", {{"ip", u32}, {"port", u32}});
    b.record("ty_value", {{"packets", b.u64()},
                          {"state", b.enumeration("ty_state", {{"IDLE", 0}, {"BUSY", 7}})},
                          {"cpu", u32}});
    b.record("ty_event", {{"pid", u32}, {"comm", b.array(b.character(), 12)}});
    b.record("ty_prefix", {{"length", u32}, {"address", b.array(b.u8(), 4)}});
    file_ = written("sched.btf", b);
    config_ = scratch_.file("my.toml", "types = [\"sched.btf\"]\n[map.\"ty_*\"]\nkey_type = \"struct "
                                       "ty_key\"\nvalue_type = \"struct ty_value\"\n");
  }
  [[nodiscard]] std::string written(const std::string& name, const BtfBuilder& types) const {
    const auto raw = types.raw();
    return scratch_.file(name, {reinterpret_cast<const char*>(raw.data()), raw.size()});
  }

  /// Key and value of its only row.
  void expect_typed(MadeMap& map, const char* list, bool has_key) {
    for (const char* via : {"peek", "bpf"}) {
      const Json& shown = map.shown(via, {"--config", config_});
      EXPECT_EQ(shown["types_from"].GetString(), file_ + (has_key ? "" : " (value)")) << via;
      ASSERT_TRUE(shown.HasMember(list)) << text_of(shown);
      const Json& row = shown[list][shown[list].Size() - 1];
      if (has_key) {
        EXPECT_THAT(text_of(row["key"]), HasSubstr(shown_key)) << via;
      }
      EXPECT_THAT(text_of(row), HasSubstr(shown_value)) << via;
    }
  }

  test::Scratch scratch_;
  std::string file_, config_;
};

TEST_F(Types, OfKeysAndValues) {
  NEEDS_BPF();
  for (const auto type : {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH}) {
    MadeMap map(type, "ty_hash", 8, 16, 4);
    map.put(a_key, a_value);
    expect_typed(map, "entries", true);
  }
  MadeMap array(BPF_MAP_TYPE_ARRAY, "ty_array", 4, 16, 2);
  array.put(1U, a_value);
  expect_typed(array, "array_entries", false);
}

TEST_F(Types, OfEveryCpu) {
  NEEDS_BPF();
  const auto cpus = static_cast<std::size_t>(::libbpf_num_possible_cpus());
  const std::vector<std::array<std::uint32_t, 4>> values(cpus, a_value);
  for (const auto& [type, key_size, list] : {std::tuple(BPF_MAP_TYPE_PERCPU_HASH, 8U, "percpu_hash_entries"),
                                             std::tuple(BPF_MAP_TYPE_PERCPU_ARRAY, 4U, "percpu_entries")}) {
    MadeMap map(type, "ty_percpu", key_size, 16, 1);
    constexpr std::array<std::uint32_t, 2> zero = {0, 0};
    const void* const key = key_size == 8 ? a_key.data() : zero.data();
    ASSERT_EQ(::bpf_map_update_elem(map.fd(), key, values.data(), BPF_ANY), 0);
    expect_typed(map, list, key_size == 8);
  }
}

TEST_F(Types, OfQueuesAndTries) {
  NEEDS_BPF();
  MadeMap queue(BPF_MAP_TYPE_QUEUE, "queue_ty", 0, 16, 4),
      trie(BPF_MAP_TYPE_LPM_TRIE, "trie_ty", 8, 16, 4, BPF_F_NO_PREALLOC);
  queue.push(a_value), trie.put(std::array<std::uint8_t, 8>{24, 0, 0, 0, 10, 1, 2, 0}, a_value);
  for (const char* via : {"peek", "bpf"}) {
    const Words more = {"--types", file_,
                        "--set",   "map.\"*_ty\".value_type=struct ty_value",
                        "--set",   "map.trie_ty.key_type=struct ty_prefix"};
    EXPECT_THAT(text_of(queue.shown(via, more)["elements"][0]), HasSubstr(shown_value)) << via;
    const std::string row = text_of(trie.shown(via, more)["entries"][0]);
    EXPECT_THAT(row, HasSubstr(shown_value)) << via;
    EXPECT_THAT(row, HasSubstr(R"({"name":"length","value":{"kind":"uint","bits":32,"value":24}})")) << via;
    EXPECT_THAT(row, HasSubstr(R"("prefix":"10.1.2.0/24")")) << via;
  }
}

/// The kernel asks for types of storage; those that are given go before them.
TEST_F(Types, GoBeforeThoseOfTheMap) {
  NEEDS_BPF();
  BtfBuilder builder;
  const auto key = builder.i32(), value = builder.u64();
  const auto raw = builder.raw();
  const int types = ::bpf_btf_load(raw.data(), static_cast<std::uint32_t>(raw.size()), nullptr);
  if (types < 0) GTEST_SKIP() << "types may not be loaded here: " << std::strerror(errno);
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<std::uint32_t>(types),
              .btf_key_type_id = key, .btf_value_type_id = value, .map_flags = BPF_F_NO_PREALLOC);
  MadeMap map("ty_storage", ::bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "ty_storage", 4, 8, 0, &options));
  ::close(types);
  if (!map.is_made()) GTEST_SKIP() << "no storage of tasks can be made here";
  const int task = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  map.put(task, a_key);
  ::close(task);
  for (const char* via : {"peek", "bpf"}) {
    const Json& shown =
        map.shown(via, {"--types", file_, "--set", "map.ty_storage.value_type=struct ty_key"});
    EXPECT_EQ(shown["types_from"].GetString(), file_ + " (value)") << via;
    EXPECT_THAT(text_of(shown["entries"][0]["value"]), HasSubstr(shown_key)) << via;
  }
}

TEST_F(Types, OfRecords) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_USER_RINGBUF, "ring_ty", 0, 0, 4096);
  if (!map.is_made()) GTEST_SKIP() << "no ring that user space fills can be made here";
  user_ring_buffer* const ring = ::user_ring_buffer__new(map.fd(), nullptr);
  ASSERT_NE(ring, nullptr);
  constexpr std::array<std::uint32_t, 4> event = {77, 0x6b73696d, 0, 0}; // "misk"
  void* const record = ::user_ring_buffer__reserve(ring, sizeof event);
  ASSERT_NE(record, nullptr);
  std::memcpy(record, event.data(), sizeof event);
  ::user_ring_buffer__submit(ring, record);
  for (const char* via : {"peek", "bpf"}) {
    const Json& shown =
        map.shown(via, {"--types", file_, "--set", "map.ring_ty.config.record_type=struct ty_event"});
    EXPECT_THAT(
        text_of(shown["ringbuf"]["records"][0]["value"]),
        HasSubstr(R"("type_name":"ty_event","members":[{"name":"pid","value":{"kind":"uint","bits":32,)"
                  R"("value":77}})"))
        << via;
    EXPECT_THAT(text_of(shown["notes"]), HasSubstr("struct ty_event is of " + file_)) << via;
    EXPECT_THAT(text_of(map.shown(via, {"--set", "map.ring_ty.config.record_type=struct ty_event"})["notes"]),
                HasSubstr("record_type: there is no struct ty_event among the types of"));
  }
  ::user_ring_buffer__free(ring);
}

TEST_F(Types, OneValueByItsNames) {
  NEEDS_BPF();
  const MadeMap map(BPF_MAP_TYPE_HASH, "ty_get", 8, 16, 4);
  map.put(a_key, a_value);
  for (const char* via : {"peek", "bpf"})
    EXPECT_EQ(run({"get", "--via", via, "--config", config_, "ty_get", "10,443", "state"}).out, "BUSY\n")
        << via;
  EXPECT_THAT(run({"watch", "--config", config_, "--map", "ty_get", "--interval", "0.1", "--count", "1"}).out,
              HasSubstr("1 map with 1 entry"));
}

TEST_F(Types, AreListedWithTheMaps) {
  NEEDS_BPF();
  const MadeMap map(BPF_MAP_TYPE_HASH, "ty_list", 8, 16, 4), odd(BPF_MAP_TYPE_HASH, "ty_odd", 4, 16, 4);
  const std::string text =
      run({"maps", "-v", "--config", config_, "--map", "ty_list", "--map", "ty_odd"}).out;
  EXPECT_THAT(text, HasSubstr(" value type  struct ty_value\n"));
  EXPECT_THAT(text, HasSubstr(" types from  " + file_ + "\n"));
  EXPECT_THAT(text, HasSubstr(" types from  " + file_ + " (value)\n"));
  EXPECT_THAT(text,
              HasSubstr("       note  " + config_ + ":3: key_type: struct ty_key, of " + file_ +
                        ", has 8 bytes, and the map's keys have 4; it is shown as if nothing were said\n"));
}

TEST_F(Types, OfAnotherSizeAreTold) {
  NEEDS_BPF();
  MadeMap map(BPF_MAP_TYPE_HASH, "ty_small", 8, 4, 4);
  map.put(a_key, 0x11U);
  for (const char* via : {"peek", "bpf"}) {
    const Json& shown = map.shown(via, {"--config", config_});
    EXPECT_EQ(shown["types_from"].GetString(), file_ + " (key)");
    EXPECT_EQ(text_of(shown["notes"]),
              "[\"" + config_ + ":4: value_type: struct ty_value, of " + file_ +
                  ", has 16 bytes, and the map's values have 4; it is shown as if nothing were said\"]");
    EXPECT_FALSE(shown["entries"][0].HasMember("value"));
    EXPECT_STREQ(shown["entries"][0]["value_hex"].GetString(), "11 00 00 00");
  }
}

/// Those of the command line come first.
TEST_F(Types, OfSeveralFilesTheFirstIsTaken) {
  NEEDS_BPF();
  BtfBuilder b;
  b.record("ty_key", {{"both", b.u64()}});
  const std::string other = written("other.btf", b);
  MadeMap map(BPF_MAP_TYPE_HASH, "ty_two", 8, 16, 4);
  map.put(a_key, a_value);
  const Json& shown = map.shown("peek", {"--config", config_, "--types", other});
  EXPECT_EQ(shown["types_from"].GetString(), other + " (key), " + file_ + " (value)");
  EXPECT_THAT(text_of(shown["entries"][0]["key"]), HasSubstr(R"("name":"both")"));
  EXPECT_THAT(text_of(shown["notes"]), HasSubstr("struct ty_key is taken as " + other +
                                                 " has it; there is another "
                                                 "of that name and of another layout in " +
                                                 file_));
}

TEST_F(Types, OfFilesWithOddNames) {
  NEEDS_BPF();
  const std::string odd = (scratch_ / "a\xff\033[31mb").string();
  std::filesystem::copy_file(file_, odd);
  MadeMap map(BPF_MAP_TYPE_HASH, "ty_named", 8, 16, 4);
  const Words more = {"--types", odd,
                      "--set",   "map.ty_named.key_type=struct ty_key",
                      "--set",   "map.ty_named.value_type=struct ty_key"};
  const std::string shown = map.shown("peek", more)["types_from"].GetString();
  EXPECT_THAT(shown, EndsWith("a\xef\xbf\xbd\033[31mb (key)"));
  Words words = {"dump", "live", "--map", "ty_named"};
  words.insert(words.end(), more.begin(), more.end());
  const std::string text = run(words).out;
  EXPECT_THAT(text, HasSubstr(", types from "));
  EXPECT_THAT(text, testing::Not(HasSubstr("\033")));
}

TEST_F(Types, FilesThatAreNone) {
  const std::string text = scratch_.file("vmlinux.h", "struct x;\n");
  for (const char* via : {"peek", "bpf"}) {
    EXPECT_THAT(failure({"dump", "live", "--via", via, "--types", text}, 2),
                StartsWith(text + ": holds no types"));
    EXPECT_EQ(failure({"dump", "live", "--via", via, "--types", "/nonexistent/x.o"}, 1),
              "/nonexistent/x.o: cannot open: No such file or directory; check the path");
  }
  const std::string config = scratch_.file("bad.toml", "types = [\"vmlinux.h\"]\n");
  for (const Words& words : {Words{"dump", "live"}, Words{"maps"}, Words{"get", "x"}, Words{"watch"}}) {
    Words with = words;
    with.insert(with.end(), {"--config", config});
    EXPECT_THAT(misuse(with), StartsWith(text + ": holds no types"));
  }
}

TEST_F(Types, NoReportReplacesThem) {
  EXPECT_THAT(misuse({"dump", "live", "--types", file_, "-o", file_}),
              HasSubstr("-o " + file_ + ": is given as --types, which the report would replace"));
  EXPECT_THAT(misuse({"dump", "live", "--config", config_, "-o", file_}),
              HasSubstr("is given as types in the configuration, which the report would replace"));
}

/// What the program does not say of its slots.
class SlotTypes : public Types {
protected:
  SlotTypes() {
    BtfBuilder b;
    b.record("my_task", {{"weight", b.u64()}, {"pid", b.u32()}, {"self", b.u32()}});
    const auto head = b.record("my_head", {{"place", b.u32()}, {"generation", b.u32()}});
    b.record("my_value", {{"tid", b.u64()}, {"tptr", b.u64()}, {"data", b.pointer(head)}});
    slots_ = written("slots.btf", b);
  }
  const rapidjson::Document& dump(const Words& more) {
    const test::ScratchFile core(test::scheduler_core({.knows_payload = false}));
    Words words = {"dump", core.path(), "-j", "-q", "--types", slots_};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    report_.Parse(ran.out.c_str());
    return report_;
  }
  const Json& entry(rapidjson::SizeType i) {
    for (const auto& map : report_["maps"].GetArray())
      if (std::string_view(map["name"].GetString()) == "scx_task_map") return map["entries"][i];
    return report_;
  }
  std::string slots_;
  rapidjson::Document report_;
};

TEST_F(SlotTypes, OfThePayload) {
  for (const char* isolate : {"out-of-tree", "all"}) {
    dump({"--isolate", isolate, "--set", "map.scx_task_allocator.config.payload_type=struct my_task"});
    const Json& allocator = report_["sdt_allocations"][0];
    EXPECT_FALSE(allocator.HasMember("payload_type_reason")) << text_of(allocator);
    EXPECT_STREQ(allocator["entries"][2]["payload"]["type_name"].GetString(), "my_task");
    EXPECT_EQ(allocator["entries"][2]["payload"]["members"][1]["value"]["value"].GetUint(), 1002U);
    EXPECT_THAT(text_of(allocator["notes"]), HasSubstr("struct my_task is of " + slots_));
    EXPECT_STREQ(entry(1)["payload"]["type_name"].GetString(), "my_task");
  }
}

TEST_F(SlotTypes, AreNoAnswerToWhatIsNotAsked) {
  dump({});
  EXPECT_EQ(report_["sdt_allocations"][0]["payload_btf_type_id"].GetUint(), 0U);
}

/// A pointer leads on to what its own file says.
TEST_F(SlotTypes, OfValuesWhosePointersAreFollowed) {
  dump({"--set", "map.scx_task_map.value_type=struct my_value"});
  const Json& value = entry(2)["value"];
  EXPECT_STREQ(value["type_name"].GetString(), "my_value");
  EXPECT_THAT(
      text_of(value["members"][2]["value"]),
      HasSubstr(
          R"("deref":{"kind":"struct","type_name":"my_head","members":[{"name":"place","value":{"kind":"uint","bits":32,"value":2}})"))
      << text_of(value);
}

} // namespace
} // namespace mapscope::cli_test
