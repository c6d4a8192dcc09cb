// SPDX-License-Identifier: Apache-2.0
// A kernel whose symbols tell of its code alone: what of its data is found by what lies there.
#include "host/catalog/data_symbols.hpp"
#include "host/target/given_files.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::image_at;
using test::TextImage;
using test::xa_node_text;
using testing::ElementsAre;
using testing::IsEmpty;

/// Labels as u64 of a TextImage: in the direct map, as what was allocated; in the image, as what is static.
std::string direct(const std::string& label) { return label + "+0xffff888000000000"; }
std::string image(const std::string& label) { return label + "+0xffffffff80000000"; }

constexpr std::uint32_t queue_offset = 0x100, thread_offset = 0x40; ///< of per-CPU variables

struct Types {
  BtfBuilder b;
  explicit Types(bool with_areas = true, bool with_numbers = true) {
    const auto u32 = b.u32(), to = b.pointer(0), text = b.array(b.character(), 16);
    const auto list = b.record("list_head", {{"next", to}, {"prev", to}});
    b.record("bpf_map", {{"ops", to}, {"map_type", u32}, {"id", u32}});
    b.record("bpf_prog", {{"aux", to}});
    const auto ksym = b.record("bpf_ksym", {{"start", to}, {"lnode", list}});
    b.record("bpf_prog_aux", {{"id", u32}, {"prog", to}, {"ksym", ksym}});
    b.record("btf", {{"data", to}, {"id", u32}});
    const auto xarray = b.record("xarray", {{"xa_flags", u32}, {"xa_head", to}});
    b.record("idr", {{"idr_rt", xarray}, {"idr_base", u32}, {"idr_next", u32}});
    b.record("xa_node", {{"shift", b.u8()}, {"offset", b.u8()}, {"parent", to}, {"slots", b.array(to, 16)}});
    const auto object = b.record("module_kobject", {{"kobj", to}, {"mod", to}});
    b.record("module", {{"state", u32}, {"list", list}, {"name", text}, {"mkobj", object}});
    b.record("resource", {{"start", to}, {"name", to}, {"parent", to}, {"child", to}});
    const auto task = b.record("task_struct", {{"state", to}, {"comm", text}});
    const auto queue = b.record("rq", {{with_numbers ? "cpu" : "nr_running", u32}, {"idle", to}});
    const auto readout = b.record("tk_read_base", {{"clock", to}, {"base", b.u64()}});
    const auto back = b.record("timespec64", {{"tv_sec", b.u64()}, {"tv_nsec", b.u64()}});
    b.record(
        "timekeeper",
        {{"tkr_mono", readout}, {"tkr_raw", readout}, {"xtime_sec", b.u64()}, {"wall_to_monotonic", back}});
    b.record("smp_hotplug_thread", {{"store", to}, {"list", list}, {"thread_comm", to}});
    b.record("cpumask", {{"bits", to}});
    if (with_areas)
      b.section(".data..percpu", {{b.variable("ksoftirqd", b.pointer(task)), thread_offset, 8},
                                  {b.variable("runqueues", queue), queue_offset, 16}});
  }
};

DataSymbols found_in(const std::string& objects, const Types& types = Types()) {
  const TextImage memory(test::tiny_kernel_text(
      types.b, "maps: programs: btfs: u64 0\n" + objects,
      {"map_idr", "prog_idr", "btf_idr", "__per_cpu_offset", "__cpu_possible_mask", "nr_cpu_ids"}));
  const auto target = target::Target::open(memory, {});
  if (!target) {
    ADD_FAILURE() << target.error().text;
    return {};
  }
  EXPECT_TRUE(tells_of_code_alone((*target)->symbols()));
  return find_data_symbols(**target, *types.b.types("vmlinux"));
}

/// A struct idr and its node.
std::string table_text(const std::string& label, const std::vector<std::pair<unsigned, std::string>>& slots,
                       unsigned flags = 4) {
  return fmt::format("align 8 {0}: u32 {1} 0 u64 {0}_node+0xffff888000000002 u32 0 9\n{0}_node: ", label,
                     flags) +
         xa_node_text(slots);
}
std::string map_text(const std::string& label, unsigned id) {
  return fmt::format("{}: u64 {:#x} u32 1 {}\n", label, image_at(0x6000), id);
}

/// Where a label is in what found_in() has of `objects`.
std::uint64_t place(const std::string& objects, const std::string& label) {
  return image_at(
      TextImage(test::tiny_kernel_text(Types().b, "maps: programs: btfs: u64 0\n" + objects)).at(label));
}

TEST(DataSymbols, AnIdTableIsToldByItsObjects) {
  const std::string objects =
      table_text("others", {{1, direct("map")}, {2, direct("map")}, {3, direct("map")}}) +
      table_text("plain", {{4, direct("map")}}, 0) +
      table_text("found", {{4, direct("map")}, {5, direct("map5")}, {6, direct("torn")}}) +
      map_text("map", 4) + map_text("map5", 5) + map_text("torn", 99);
  const auto symbols = found_in(objects);
  ASSERT_EQ(symbols.addresses.count("map_idr"), 1U);
  EXPECT_EQ(symbols.addresses.at("map_idr"), place(objects, "found"));
  EXPECT_EQ(symbols.addresses.size(), 1U) << "none is of programs";
}

TEST(DataSymbols, AMapHasItsOperationsInTheImage) {
  EXPECT_THAT(found_in(table_text("found", {{4, direct("map")}}) + "map: u64 " + direct("map") + " u32 1 4\n")
                  .addresses,
              IsEmpty());
}

TEST(DataSymbols, BtfBeginsWithItsMagic) {
  const auto objects = [](unsigned magic) {
    return table_text("found", {{1, direct("btf")}}) +
           fmt::format("btf: u64 {} u32 1 0\nraw: u16 {}\n", direct("raw"), magic);
  };
  EXPECT_EQ(found_in(objects(0xeb9f)).addresses.count("btf_idr"), 1U);
  EXPECT_THAT(found_in(objects(0xeb9e)).addresses, IsEmpty());
}

TEST(DataSymbols, ProgramsLeadToTheListOfTheirCode) {
  const std::string objects = table_text("found", {{2, direct("program")}}) + "program: u64 " +
                              direct("aux") + "\naux: u32 2 0 u64 " + direct("program") + " 0\nnode: u64 " +
                              direct("second") + " " + image("head") + "\nsecond: u64 " + image("head") +
                              " " + direct("node") + "\nhead: u64 " + direct("node") + " " +
                              direct("second") + "\n";
  const auto symbols = found_in(objects);
  ASSERT_EQ(symbols.addresses.count("bpf_kallsyms"), 1U);
  EXPECT_EQ(symbols.addresses.at("bpf_kallsyms"), place(objects, "head"));
  EXPECT_EQ(symbols.addresses.at("prog_idr"), place(objects, "found"));
}

TEST(DataSymbols, AModuleHasItsOwnAddress) {
  const auto objects = [](const std::string& self) {
    return "head: u64 " + direct("node") + " " + direct("node") + "\nmodule: u32 0 0\nnode: u64 " +
           image("head") + " " + image("head") + " text \"first\" zero 11 u64 0 " + direct(self) + "\n";
  };
  const auto symbols = found_in(objects("module"));
  ASSERT_EQ(symbols.addresses.count("modules"), 1U);
  EXPECT_EQ(symbols.addresses.at("modules"), place(objects("module"), "head"));
  EXPECT_THAT(found_in(objects("node")).addresses, IsEmpty()) << "some other list";
}

TEST(DataSymbols, ResourcesHaveARootWithAName) {
  const std::string objects = "name: text \"PCI mem\\0\"\nroot: u64 0 " + image("name") + " 0 " +
                              direct("child") + "\nchild: u64 0x1000 0 " + image("root") + " 0\n";
  const auto symbols = found_in(objects);
  ASSERT_EQ(symbols.addresses.count("iomem_resource"), 1U);
  EXPECT_EQ(symbols.addresses.at("iomem_resource"), place(objects, "root"));
}

TEST(DataSymbols, ATimekeeperAddsUp) { // 1000 s of the wall's clock, of which 993 were before the start
  const auto objects = [](const std::string& raw, std::uint64_t base) {
    const auto keeper = [](const std::string& of_raw, std::uint64_t since) {
      return fmt::format("{} {} {} 0 1000 -993 5", image("source"), since, image(of_raw));
    };
    return "source: u64 0\nother: u64 0\nalign 64 u64 " + keeper("source", 7'000'000'005) +
           "\nalign 64 fast: u64 7 " + keeper("source", 1) + "\nalign 64 core: u64 7 " + keeper(raw, base) +
           "\n";
  };
  const std::string right = objects("source", 7'000'000'005);
  const auto symbols = found_in(right);
  ASSERT_EQ(symbols.addresses.count("tk_core"), 1U);
  EXPECT_EQ(symbols.addresses.at("tk_core"), place(right, "core")) << "not its shadow, nor what is read fast";
  EXPECT_THAT(found_in(objects("other", 7'000'000'005)).addresses, IsEmpty());
  EXPECT_THAT(found_in(objects("source", 7'000'000'006)).addresses, IsEmpty());
}

/// CPUs 0, 1 and 3; the section begins at `start` by the kernel's addresses. Areas are pages from 0x300000
/// on.
std::string areas_text(std::uint64_t start) {
  std::string text = fmt::format("name: text \"ksoftirqd/%u\\0\" align 8\nu64 {:#x} 0 0 {}\narray: u64",
                                 start + thread_offset, image("name"));
  for (const std::uint64_t area : {0x300000, 0x301000, 0x7fff000, 0x303000})
    text += fmt::format(" {:#x}", test::direct_at(area) - start);
  text += "\n";
  for (const unsigned cpu : {0U, 1U, 3U})
    text += fmt::format("idle{0}: u64 0 text \"swapper/{0}\\0\" align 8\n", cpu);
  for (const unsigned cpu : {0U, 1U, 3U})
    text += fmt::format("@{:#x} u32 {} 0 u64 {}\n", 0x300000 + 0x1000 * cpu + queue_offset, cpu,
                        direct(fmt::format("idle{}", cpu)));
  return text;
}

TEST(DataSymbols, AreasOfCpusLeadToRunQueues) {
  for (const std::uint64_t start : {std::uint64_t{0}, image_at(0x200000)}) {
    const auto symbols = found_in(areas_text(start));
    ASSERT_TRUE(symbols.per_cpu);
    EXPECT_THAT(symbols.per_cpu->possible(), ElementsAre(0, 1, 3));
    EXPECT_EQ(symbols.per_cpu->offset(3), test::direct_at(0x303000) - start);
    ASSERT_EQ(symbols.addresses.count("__per_cpu_offset"), 1U);
    EXPECT_EQ(symbols.addresses.at("__per_cpu_offset"), place(areas_text(start), "array"));
  }
}

TEST(DataSymbols, AreasThatCannotBeToldAreNone) {
  const auto symbols = found_in(areas_text(0x800)); // no section begins inside a page
  ASSERT_TRUE(symbols.per_cpu);
  EXPECT_THAT(symbols.per_cpu->possible(), IsEmpty());
}

TEST(DataSymbols, AKernelForOneCpuHasNoAreas) {
  EXPECT_FALSE(found_in(areas_text(0), Types(false, false)).per_cpu);
  const auto untold = found_in(areas_text(0), Types(false)); // for several, made without variables
  ASSERT_TRUE(untold.per_cpu);
  EXPECT_THAT(untold.per_cpu->possible(), IsEmpty());
}

} // namespace
} // namespace mapscope::catalog
