// SPDX-License-Identifier: Apache-2.0
// The id tables of a kernel of a few pages, whole and torn.
#include "host/catalog/catalog.hpp"
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::TextImage;
using test::xa_node_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A label's address in the direct map, as a u64 of a TextImage.
std::string to(const std::string& label) { return label + "+0xffff888000000000"; }
const std::string nowhere = "0xffff888000700000"; ///< mapped, and not in the dump

/// struct bpf_map as add_kernel_types() has it.
std::string map_text(const std::string& label, unsigned id, unsigned type, const std::string& btf = "0",
                     unsigned value_type = 0) {
  return fmt::format(
      "{0}: u32 {1} 4 8 100 0x100001 {2} u64 0 text \"{0}\" zero {3} u64 {4} u32 1 {5} 0 1 u64 3 2 0\n",
      label, type, id, 16 - label.size(), btf, value_type);
}

/// struct btf with its data.
std::string btf_text(const std::string& label, unsigned id, const BtfBuilder& types,
                     const std::string& base = "0", std::uint64_t size = 0) {
  const auto raw = types.raw();
  return fmt::format("{0}: u64 {1} {2} u32 {3} {4} u8 0 zero 63\n{0}_data: {5} align 8\n", label,
                     to(label + "_data"), base, size != 0 ? size : raw.size(), id, test::bytes_text(raw));
}

/// vmlinux, as an object of the table.
const std::string vmlinux_text = "vmlinux: u64 0xffffffff80010000 0 u32 99 1 u8 1 text \"vmlinux\" zero 56\n";

std::string program_text(unsigned id, const std::string& maps, unsigned count, const std::string& stats = "0",
                         const std::string& btf = "0", const std::string& name = "prog",
                         const std::string& functions = "0 0") {
  return fmt::format("program: u32 1 u8 1 2 3 4 5 6 7 0xff zero 4 u64 {} {}\n"
                     "aux: u32 {} {} u64 {} 99 {} text \"{}\" zero {} u64 {} {} align 8\n"
                     "used: u64 {}\nuser: u32 1000 align 8\n",
                     to("aux"), stats, id, count, to("used"), to("user"), name, 16 - name.size(), btf,
                     functions, maps);
}

std::vector<std::string> texts(const std::vector<Gap>& gaps) {
  std::vector<std::string> all;
  for (const Gap& gap : gaps) all.push_back(gap.text);
  return all;
}

struct Tables {
  std::vector<std::pair<unsigned, std::string>> maps, programs, btfs;
  std::string objects;
  std::vector<std::string> without = {};
};

/// Builds the kernel and reads its catalog.
struct Kernel {
  BtfBuilder types;
  explicit Kernel(bool with_split_btf = true) { test::add_kernel_types(types, with_split_btf); }

  Result<Catalog> read(const Tables& tables) const {
    const TextImage image(tiny_kernel_text(types,
                                           "maps: " + xa_node_text(tables.maps) +
                                               "programs: " + xa_node_text(tables.programs) +
                                               "btfs: " + xa_node_text(tables.btfs) + tables.objects,
                                           tables.without));
    const auto target = target::Target::open(image, {});
    if (!target) return std::unexpected(target.error());
    return read_catalog(**target, types.types("vmlinux"));
  }
  Catalog must_read(const Tables& tables) const {
    auto catalog = read(tables);
    if (!catalog) ADD_FAILURE() << catalog.error().text;
    return catalog ? std::move(*catalog) : Catalog{};
  }
  /// Of a kernel with this map alone.
  Map only_map(const std::string& objects) const {
    auto maps = must_read({.maps = {{1, to("map")}}, .programs = {}, .btfs = {}, .objects = objects}).maps;
    if (maps.size() == 1) return std::move(maps[0]);
    ADD_FAILURE() << maps.size() << " maps";
    return {};
  }
};

TEST(Catalog, MapsAreListedInOrderOfTheirIds) {
  const auto catalog = Kernel().must_read({.maps = {{9, to("late")}, {2, to("early")}},
                                           .programs = {},
                                           .btfs = {},
                                           .objects = map_text("late", 9, 1) + map_text("early", 2, 2)});
  ASSERT_EQ(catalog.maps.size(), 2U);
  EXPECT_THAT(catalog.gaps, IsEmpty());
  const Map& map = catalog.maps[0];
  EXPECT_EQ(map.id, 2U);
  EXPECT_EQ(map.name, "early");
  EXPECT_EQ(map.type_name, "array");
  EXPECT_EQ(map.key_size, 4U);
  EXPECT_EQ(map.value_size, 8U);
  EXPECT_EQ(map.max_entries, 100U);
  EXPECT_THAT(map.flag_names, ElementsAre("BPF_F_NO_PREALLOC", "0x100000"));
  EXPECT_EQ(map.frozen, true);
  EXPECT_EQ(map.refcnt, 3);
  EXPECT_EQ(map.usercnt, 2);
  EXPECT_EQ(map.types, nullptr) << "a map without BTF has no types";
  EXPECT_FALSE(map.btf_id);
  EXPECT_FALSE(map.problem);
  EXPECT_EQ(catalog.maps[1].type_name, "hash");
}

TEST(Catalog, AMapThatCannotBeReadIsKept) {
  const auto catalog = Kernel().must_read(
      {.maps = {{3, nowhere}, {4, to("map")}}, .programs = {}, .btfs = {}, .objects = map_text("map", 4, 1)});
  ASSERT_EQ(catalog.maps.size(), 2U);
  EXPECT_EQ(catalog.maps[0].id, 3U);
  EXPECT_TRUE(!catalog.maps[0].is_read && catalog.maps[1].is_read);
  EXPECT_EQ(catalog.maps[0].type_name, "unknown");
  EXPECT_EQ(catalog.maps[0].problem, "its struct bpf_map at 0xffff888000700000 is not in the dump");
  EXPECT_FALSE(catalog.maps[1].problem);
}

TEST(Catalog, AnIdThatIsNotItsOwn) {
  EXPECT_EQ(Kernel().only_map(map_text("map", 7, 1)).problem,
            "the id table lists it as 1, its own record says 7");
  EXPECT_EQ(Kernel().only_map(map_text("map", 7, 1, nowhere)).problem,
            "the id table lists it as 1, its own record says 7; its types cannot be read: struct btf at "
            "0xffff888000700000 is not in the dump");
}

TEST(Catalog, TypesAreNamedByTheTargetsOwnEnum) {
  EXPECT_EQ(Kernel().only_map(map_text("map", 1, 36)).type_name, "type_36");
  EXPECT_EQ(Kernel().only_map(map_text("map", 1, 19)).type_name, "cgroup_storage")
      << "not the deprecated name";
}

TEST(Catalog, TypesOfAMapAreThoseOfItsOwnObject) {
  BtfBuilder own;
  own.u32();
  const auto id = own.record("value", {{"a", 1}});
  const Map map = Kernel().only_map(map_text("map", 1, 1, to("own"), id) + btf_text("own", 5, own));
  ASSERT_NE(map.types, nullptr) << map.problem.value_or("");
  EXPECT_EQ(map.btf_id, 5U);
  EXPECT_EQ(map.types->spell(map.value_type), "struct value");
}

/// 5.10: where the base would be is something else.
TEST(Catalog, OlderObjectsStandOnNothing) {
  BtfBuilder own;
  own.u32();
  const auto id = own.record("value", {{"a", 1}});
  const Kernel kernel(false);
  const auto catalog = kernel.must_read(
      {.maps = {{1, to("map")}},
       .programs = {},
       .btfs = {{5, to("own")}},
       .objects = map_text("map", 1, 1, to("own"), id) + btf_text("own", 5, own, to("own"))});
  ASSERT_EQ(catalog.maps.size(), 1U);
  ASSERT_NE(catalog.maps[0].types, nullptr) << catalog.maps[0].problem.value_or("");
  EXPECT_EQ(catalog.maps[0].types->spell(catalog.maps[0].value_type), "struct value");
  ASSERT_EQ(catalog.btfs.size(), 1U);
  EXPECT_EQ(catalog.btfs[0].id, 5U);
  EXPECT_FALSE(catalog.btfs[0].kernel);
  EXPECT_THAT(catalog.gaps, IsEmpty());
}

TEST(Catalog, SplitObjectsStandOnTheTargetsBase) {
  const Kernel kernel;
  auto own = BtfBuilder::split_on(kernel.types);
  const auto id = own.typedef_of("mine", 1);
  const std::string map = map_text("map", 1, 1, to("own"), id);
  const Map good = kernel.only_map(map + btf_text("own", 5, own, to("vmlinux")) + vmlinux_text);
  ASSERT_NE(good.types, nullptr) << good.problem.value_or("");
  EXPECT_EQ(good.types->spell(good.value_type), "mine");
  EXPECT_EQ(good.types->size(good.value_type), 1U) << "type 1 is the base's __u8";
  const Map stray = kernel.only_map(map + btf_text("own", 5, own, to("own")));
  EXPECT_THAT(stray.problem.value_or(""), HasSubstr("its base is not the kernel's own BTF"));
  EXPECT_EQ(stray.types, nullptr);
}

/// struct bpf_struct_ops_map: its BTF object (6.9) stands behind the map's 96 bytes.
std::string ops_text(unsigned vmlinux_value_type, const std::string& btf) {
  std::string text = map_text("map", 1, 26);
  const std::string types = "u32 1 0 0 1";
  return text.replace(text.find(types), types.size(), fmt::format("u32 1 0 {} 1", vmlinux_value_type)) +
         fmt::format("u64 {}\n", btf);
}

TEST(Catalog, OperationsHaveTheTypesOfTheirModule) {
  Kernel kernel;
  const auto of_kernel = kernel.types.record("bpf_struct_ops_old", {{"data", 1}});
  EXPECT_EQ(kernel.only_map(ops_text(of_kernel, "0")).vmlinux_types->name(), "vmlinux") << "before 6.9";
  kernel.types.record("bpf_struct_ops_map", {{"btf", kernel.types.pointer(0), 96 * 8}});
  auto module = BtfBuilder::split_on(kernel.types);
  const auto of_module = module.record("bpf_struct_ops_new", {{"data", 1}});
  const std::string objects = btf_text("own", 5, module, to("vmlinux")) + vmlinux_text;
  const Map own = kernel.only_map(ops_text(of_module, to("own")) + objects);
  ASSERT_NE(own.value().types, nullptr) << own.problem.value_or("");
  EXPECT_EQ(own.value().types->spell(own.value().id), "struct bpf_struct_ops_new");
  const Map builtin = kernel.only_map(ops_text(of_kernel, to("vmlinux")) + objects);
  EXPECT_EQ(builtin.value().types->spell(builtin.value().id), "struct bpf_struct_ops_old");
  const Map torn = kernel.only_map(ops_text(of_module, nowhere));
  EXPECT_EQ(torn.value().types, nullptr);
  EXPECT_EQ(torn.problem,
            "the types of its ops cannot be read: struct btf at 0xffff888000700000 is not in the dump");
  EXPECT_EQ(kernel.only_map(ops_text(of_module, "0")).problem, "the types of its ops cannot be found");
}

TEST(Catalog, MapsOfDevicesAreKnownByTheirOperations) {
  Kernel kernel;
  std::string text = map_text("map", 1, 1);
  EXPECT_FALSE(kernel.only_map(text).offloaded);
  const std::string ops = "u64 3 2 0";
  text.replace(text.find(ops), ops.size(), fmt::format("u64 3 2 {:#x}", test::image_at(0x6200)));
  EXPECT_TRUE(kernel.only_map(text).offloaded);
}

TEST(Catalog, SizesNoObjectHas) {
  BtfBuilder own;
  own.u32();
  const std::string map = map_text("map", 1, 1, to("own"), 1);
  EXPECT_THAT(Kernel().only_map(map + btf_text("own", 5, own, "0", 0xffffffff)).problem.value_or(""),
              HasSubstr("BTF object 5 says it has 4294967295 bytes"));
  EXPECT_THAT(Kernel().only_map(map + btf_text("own", 5, own, "0", 60 << 20)).problem.value_or(""),
              HasSubstr("the data of BTF object 5 is not in the dump"));
}

TEST(Catalog, ProgramsAndTheMapsTheyUse) {
  const auto catalog = Kernel().must_read({.maps = {{1, to("map")}},
                                           .programs = {{2, to("program")}},
                                           .btfs = {{1, to("vmlinux")}},
                                           .objects = map_text("map", 1, 1) + vmlinux_text +
                                                      program_text(2, to("map") + " 0x1234", 2, "0x8000")});
  ASSERT_EQ(catalog.programs.size(), 1U);
  const Program& program = catalog.programs[0];
  EXPECT_EQ(program.name, "prog");
  EXPECT_EQ(program.type_name, "socket_filter");
  EXPECT_EQ(program.tag, "01020304050607ff");
  EXPECT_THAT(program.map_ids, ElementsAre(1));
  EXPECT_EQ(program.uid, 1000U);
  EXPECT_EQ(program.loaded_at_ns, 99U);
  EXPECT_FALSE(program.run_cnt) << "its counters are nowhere";
  EXPECT_THAT(catalog.maps[0].programs, ElementsAre(2));
  ASSERT_EQ(catalog.btfs.size(), 1U);
  EXPECT_EQ(catalog.btfs[0].name, "vmlinux");
  EXPECT_TRUE(catalog.btfs[0].kernel);
}

TEST(Catalog, MapsWithoutTypesHaveThoseOfAProgram) {
  BtfBuilder own;
  own.record("event", {{"a", own.u32()}});
  const auto catalog = Kernel().must_read({.maps = {{1, to("map")}},
                                           .programs = {{2, to("program")}},
                                           .btfs = {},
                                           .objects = map_text("map", 1, 1) + btf_text("own", 5, own) +
                                                      program_text(2, to("map"), 1, "0", to("own"))});
  ASSERT_EQ(catalog.maps.size(), 1U);
  EXPECT_EQ(catalog.maps[0].types, nullptr);
  ASSERT_NE(catalog.maps[0].program_types, nullptr);
  EXPECT_TRUE(catalog.maps[0].program_types->find("struct event"));
}

/// Which maps are in another is in its own slots.
TEST(Catalog, WhatIsInAnArrayOfMapsIsDeclaredWithIt) {
  Kernel kernel;
  kernel.types.record("bpf_array", {{"ptrs", kernel.types.array(kernel.types.pointer(0), 0), 96 * 8}});
  BtfBuilder own;
  const auto u32 = own.u32(), u64 = own.u64();
  const auto number = [&](std::uint32_t value) { return own.pointer(own.array(u32, value)); };
  const auto held = own.record("", {{"type", number(22)}, {"value", own.pointer(u64)}});
  const auto outer = own.record("", {{"type", number(12)}, {"values", own.array(own.pointer(held), 0)}});
  own.section(".maps", {{own.variable("outer", outer), 0, 16}});
  const auto catalog = kernel.must_read(
      {.maps = {{1, to("outer")}, {2, to("inner")}, {3, to("other")}},
       .programs = {{2, to("program")}},
       .btfs = {},
       .objects = map_text("other", 3, 22) + program_text(2, to("outer"), 1, "0", to("own")) +
                  btf_text("own", 5, own) + map_text("inner", 2, 22) + map_text("outer", 1, 12) + "u64 0 " +
                  to("inner") + " " + nowhere + "\n"});
  ASSERT_EQ(catalog.maps.size(), 3U);
  ASSERT_NE(catalog.maps[1].types, nullptr);
  EXPECT_EQ(catalog.maps[1].types->spell(catalog.maps[1].value_type), "__u64");
  EXPECT_EQ(catalog.maps[1].types_from, ".maps, of what is in outer");
  EXPECT_EQ(catalog.maps[2].types, nullptr) << "it is in no other map";
}

/// A hash keeps the address of each map behind the key, and its lists end with an odd pointer.
TEST(Catalog, WhatIsInAHashOfMapsIsDeclaredWithIt) {
  Kernel kernel;
  const auto u64 = kernel.types.u64(), u32 = kernel.types.u32();
  kernel.types.record("bpf_htab", {{"buckets", u64, 96 * 8}, {"n_buckets", u32, 104 * 8}});
  kernel.types.record("bucket", {{"head", u64}});
  kernel.types.record("htab_elem", {{"hash_node", u64}, {"key", kernel.types.array(u32, 0), 64}});
  BtfBuilder own;
  const auto own_u32 = own.u32(), own_u64 = own.u64();
  const auto number = [&](std::uint32_t value) { return own.pointer(own.array(own_u32, value)); };
  const auto held = own.record("", {{"type", number(22)}, {"value", own.pointer(own_u64)}});
  const auto outer = own.record("", {{"type", number(13)}, {"values", own.array(own.pointer(held), 0)}});
  own.section(".maps", {{own.variable("outer", outer), 0, 16}});
  const std::string lists = "buckets: u64 1 " + to("first") + "\nfirst: u64 " + to("second") + " 0 0\n" +
                            "second: u64 1 0 " + to("inner") + "\n";
  const auto catalog = kernel.must_read(
      {.maps = {{1, to("outer")}, {2, to("inner")}, {3, to("other")}},
       .programs = {{2, to("program")}},
       .btfs = {},
       .objects = map_text("other", 3, 22) + program_text(2, to("outer"), 1, "0", to("own")) +
                  btf_text("own", 5, own) + map_text("inner", 2, 22) + map_text("outer", 1, 13) + "u64 " +
                  to("buckets") + " u32 2\n" + lists});
  ASSERT_EQ(catalog.maps.size(), 3U);
  EXPECT_EQ(catalog.maps[1].types_from, ".maps, of what is in outer");
  EXPECT_EQ(catalog.maps[2].types_from, "") << "it is in no other map";
}

/// Of the program whose first function is `type`; `info` has one struct bpf_func_info, as the kernel has it.
std::string full_name(const std::string& name, const BtfBuilder& own, const std::string& info,
                      const std::string& functions = to("info") + " 1") {
  const auto catalog = Kernel().must_read(
      {.maps = {},
       .programs = {{2, to("program")}},
       .btfs = {},
       .objects = btf_text("own", 5, own) + program_text(2, "0", 0, "0", to("own"), name, functions) +
                  "info: u32 " + info + "\n"});
  return catalog.programs.size() == 1 ? catalog.programs[0].full_name : "?";
}

TEST(Catalog, ProgramsAreCalledAsTheirFirstFunction) {
  BtfBuilder own;
  own.record("bpfland_select_not", {{"a", own.u32()}});
  const auto function = own.function("bpfland_select_cpu"), other = own.function("another");
  const auto at = [](btf::TypeId type, unsigned instruction = 0) {
    return fmt::format("{} {}", instruction, type);
  };
  EXPECT_EQ(full_name("bpfland_select_", own, at(function)), "bpfland_select_cpu");
  EXPECT_EQ(full_name("bpfland_select", own, at(function)), "") << "that is all of it";
  EXPECT_EQ(full_name("bpfland_select_", own, at(other)), "");
  EXPECT_EQ(full_name("bpfland_select_", own, at(2)), "") << "a struct is no function";
  EXPECT_EQ(full_name("bpfland_select_", own, at(1'000'000)), "");
  EXPECT_EQ(full_name("bpfland_select_", own, at(function, 7)), "") << "not where it begins";
  EXPECT_EQ(full_name("bpfland_select_", own, at(function), to("info") + " 0"), "");
  EXPECT_EQ(full_name("bpfland_select_", own, at(function), nowhere + " 1"), "");
}

TEST(Catalog, CountersOfCpusThatAreNotKnownAreNotZero) {
  const auto catalog = Kernel().must_read({.maps = {},
                                           .programs = {{2, to("program")}},
                                           .btfs = {},
                                           .objects = program_text(2, "0", 0, "0x8000"),
                                           .without = {"__cpu_possible_mask"}});
  ASSERT_EQ(catalog.programs.size(), 1U);
  EXPECT_FALSE(catalog.programs[0].run_cnt);
}

TEST(Catalog, AProgramThatSaysItUsesAbsurdlyManyMaps) {
  const auto catalog =
      Kernel().must_read({.maps = {{1, to("map")}},
                          .programs = {{2, to("program")}},
                          .btfs = {},
                          .objects = map_text("map", 1, 1) + program_text(3, to("map"), 0xffffffff)});
  EXPECT_THAT(texts(catalog.gaps),
              ElementsAre("program 2: its own record says id 3",
                          "program 2: says it uses 4294967295 maps; the first 1024 are looked at",
                          HasSubstr("of 1024 cannot be read")));
  for (const Gap& gap : catalog.gaps) EXPECT_EQ(gap.program, 2U);
  ASSERT_EQ(catalog.programs.size(), 1U);
  ASSERT_FALSE(catalog.programs[0].map_ids.empty());
  EXPECT_EQ(catalog.programs[0].map_ids[0], 1U);
}

TEST(Catalog, ATableThatIsMissingCostsItsListOnly) {
  const Tables tables{.maps = {{1, to("map")}}, .programs = {}, .btfs = {}, .objects = map_text("map", 1, 1)};
  auto without = tables;
  without.without = {"prog_idr"};
  const auto catalog = Kernel().must_read(without);
  EXPECT_EQ(catalog.maps.size(), 1U);
  EXPECT_THAT(texts(catalog.gaps),
              ElementsAre(HasSubstr("programs are not listed: the kernel's symbols have no prog_idr")));
  without.without = {"map_idr"};
  EXPECT_THAT(Kernel().read(without).error().text, HasSubstr("cannot list the maps"));
}

TEST(Catalog, EntriesPastTheLargestIdAreGaps) {
  const Kernel kernel;
  const TextImage image(tiny_kernel_text(
      kernel.types, "maps: " + xa_node_text({{1, "leaf+0xffff888000000002"}}, 32) +
                        "leaf: " + xa_node_text({{3, to("map")}}, 0, to("maps"), 1) + map_text("map", 3, 1) +
                        "programs: " + xa_node_text({}) + "btfs: " + xa_node_text({})));
  const auto target = target::Target::open(image, {});
  ASSERT_TRUE(target);
  const auto catalog = read_catalog(**target, kernel.types.types("vmlinux"));
  ASSERT_TRUE(catalog);
  EXPECT_THAT(catalog->maps, IsEmpty());
  EXPECT_THAT(texts(catalog->gaps), ElementsAre("map_idr: an entry at 4294967299, which no id can be"));
  EXPECT_TRUE(catalog->lacks_maps);
}

TEST(Catalog, WhichTableLacksSomething) {
  const Tables whole{.maps = {{1, to("map")}},
                     .programs = {{2, to("program")}},
                     .btfs = {},
                     .objects = map_text("map", 1, 1) + program_text(2, to("map"), 1)};
  const auto lacking = [](const Tables& tables) {
    const auto catalog = Kernel().must_read(tables);
    return std::string(catalog.lacks_maps ? "maps " : "") + (catalog.lacks_programs ? "programs " : "") +
           (catalog.lacks_btfs ? "btfs " : "") +
           (!catalog.programs.empty() && catalog.programs[0].lacks_maps ? "uses" : "");
  };
  EXPECT_EQ(lacking(whole), "");
  auto torn = whole;
  torn.maps.emplace_back(3, "0x101");
  EXPECT_EQ(lacking(torn), "maps ");
  torn = whole, torn.programs.emplace_back(3, "0x101");
  EXPECT_EQ(lacking(torn), "programs ");
  torn = whole, torn.btfs.emplace_back(3, "0x101");
  EXPECT_EQ(lacking(torn), "btfs ");
  torn = whole, torn.without = {"prog_idr"};
  EXPECT_EQ(lacking(torn), "programs ");
  torn = whole, torn.objects = map_text("map", 1, 1) + program_text(2, to("map"), 0xffffffff);
  EXPECT_EQ(lacking(torn), "uses");
  torn = whole, torn.programs = {{2, nowhere}};
  EXPECT_EQ(lacking(torn), "uses") << "its record is not there";
}

} // namespace
} // namespace mapscope::catalog
