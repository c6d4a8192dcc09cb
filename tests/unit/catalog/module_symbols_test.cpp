// SPDX-License-Identifier: Apache-2.0
// Tables of modules, as they are and torn.
#include "host/catalog/code_symbols.hpp"
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::direct_at;
using test::TextImage;

std::string to(const std::string& label) { return label + "+0xffff888000000000"; }

constexpr std::uint64_t code = direct_at(0x200000); ///< of the module; what is there is not looked at

/// struct module as 6.4 and later have it, or as before.
void add_module_types(BtfBuilder& b, bool older) {
  const auto u32 = b.u32(), pointer = b.pointer(0);
  b.record("mod_kallsyms", {{"symtab", pointer},
                            {"num_symtab", u32},
                            {"padding", u32},
                            {"strtab", pointer},
                            {"typetab", pointer}});
  const auto list = b.record("list_head", {{"next", pointer}, {"prev", pointer}}),
             name = b.array(b.character(), 56);
  if (older) {
    const auto layout = b.record("module_layout", {{"base", pointer}, {"size", u32}, {"text_size", u32}});
    b.record("module", {{"state", pointer},
                        {"list", list},
                        {"name", name},
                        {"core_layout", layout},
                        {"init_layout", layout},
                        {"kallsyms", pointer}});
    return;
  }
  b.enumeration("mod_mem_type", {{"MOD_DATA", 0}, {"MOD_TEXT", 1}});
  const auto memory = b.record("module_memory", {{"base", pointer}, {"size", u32}, {"padding", u32}});
  b.record("module", {{"state", pointer},
                      {"list", list},
                      {"name", name},
                      {"mem", b.array(memory, 2)},
                      {"kallsyms", pointer}});
}

struct Shape {
  bool older = false;
  std::string next = "head+0xffffffff80000000"; ///< behind the module in the list
  std::uint32_t symbols = 6;                    ///< as the module says
  std::string symtab = to("symtab"), strtab = to("strtab");
};

std::string symbol_text(std::uint32_t name, std::uint64_t address, unsigned section = 1) {
  return fmt::format("u32 {} u8 2 0 u16 {} u64 {:#x} 0x20\n", name, section, address);
}

std::string module_text(const Shape& shape) {
  const std::string memory =
      shape.older ? fmt::format("u64 {:#x} u32 0x2000 0x1000 u64 0 u32 0 0", code)
                  : fmt::format("u64 {:#x} u32 0x1000 0 u64 {:#x} u32 0x1000 0", code + 0x1000, code);
  return fmt::format(
             "@0x180000 head: u64 {} 0\nmodule: u64 0\nlist: u64 {} 0 text \"tiny\" zero 52 {} u64 {}\n",
             to("list"), shape.next, memory, to("kallsyms")) +
         fmt::format("kallsyms: u64 {} u32 {} 0 u64 {} 0\n", shape.symtab, shape.symbols, shape.strtab) +
         "symtab: " + symbol_text(0, 0, 0) + symbol_text(7, code + 0x100) + symbol_text(1, code + 0x10) +
         symbol_text(14, code + 0x100) + symbol_text(21, code + 0x200) + symbol_text(1, code + 0x1100) +
         "strtab: text \"\\0first\\0second\\0alias0\\0$x\\0\"\nalign 8\n";
}

class ModuleCode : public testing::TestWithParam<bool> {
protected:
  std::string at(const Shape& shape, std::uint64_t address) {
    BtfBuilder types;
    test::add_kernel_types(types);
    add_module_types(types, shape.older);
    const TextImage image(test::tiny_kernel_text(types,
                                                 "maps: " + test::xa_node_text({}) +
                                                     "programs: " + test::xa_node_text({}) +
                                                     "btfs: " + test::xa_node_text({}) + module_text(shape),
                                                 {}, {{"modules", test::image_at(0x180000)}}));
    const auto target = target::Target::open(image, {});
    if (!target) return target.error().text;
    const auto kernel = types.types("vmlinux");
    const CodeSymbols symbols(**target, *kernel, {});
    const auto found = symbols.at(address);
    if (!found && symbols.may_lack(address)) return "could not be read";
    return found ? fmt::format("{}+{:#x} [{}]", found->name, found->offset, found->module) : "nothing";
  }
};

TEST_P(ModuleCode, IsNamedByItsOwnTable) {
  const Shape shape{.older = GetParam()};
  EXPECT_EQ(at(shape, code + 0x10), "first+0x0 [tiny]");
  EXPECT_EQ(at(shape, code + 0xff), "first+0xef [tiny]");
  EXPECT_EQ(at(shape, code + 0x100), "second+0x0 [tiny]") << "of two the first in the table";
  EXPECT_EQ(at(shape, code + 0xfff), "second+0xeff [tiny]") << "$x names no place";
}

TEST_P(ModuleCode, EndsWhereItEnds) {
  const Shape shape{.older = GetParam()};
  EXPECT_EQ(at(shape, code + 0xf), "nothing") << "before the first symbol";
  EXPECT_EQ(at(shape, code - 1), "nothing");
  EXPECT_EQ(at(shape, code + 0x1100), "nothing") << "data";
}

TEST_P(ModuleCode, ListsThatRunInACircleEnd) {
  EXPECT_EQ(at({.older = GetParam(), .next = to("list")}, code + 0x10), "first+0x0 [tiny]");
  EXPECT_EQ(at({.older = GetParam(), .next = "0xdead000000000100"}, code + 0x10), "first+0x0 [tiny]");
  EXPECT_EQ(at({.older = GetParam(), .next = "0"}, code + 0x10), "first+0x0 [tiny]");
}

TEST_P(ModuleCode, TablesThatCannotBe) {
  EXPECT_EQ(at({.older = GetParam(), .symbols = 0xffffffff}, code + 0x10), "nothing");
  EXPECT_EQ(at({.older = GetParam(), .symbols = 0}, code + 0x10), "nothing");
}

// 0xffff888000700000 is not in the image.
TEST_P(ModuleCode, TablesThatAreNotThere) {
  const Shape shape{.older = GetParam(), .symtab = "0xffff888000700000"};
  EXPECT_EQ(at(shape, code + 0x10), "could not be read");
  EXPECT_EQ(at(shape, code - 1), "nothing") << "of no module, and all of them are known";
  EXPECT_EQ(at({.older = GetParam(), .strtab = "0xffff888000700000"}, code + 0x10), "could not be read");
}

/// What is missing may stand between a symbol and an address far behind it.
TEST_P(ModuleCode, TornTablesNameWhatIsCertain) {
  const Shape shape{.older = GetParam(), .symbols = 1U << 20}; // the image ends before them
  EXPECT_EQ(at(shape, code + 0x1f), "first+0xf [tiny]");
  EXPECT_EQ(at(shape, code + 0x30), "could not be read");
}

TEST_P(ModuleCode, ListsThatBreakOff) {
  const Shape shape{.older = GetParam(), .next = "0xffff888000700000"};
  EXPECT_EQ(at(shape, code + 0x10), "first+0x0 [tiny]");
  EXPECT_EQ(at(shape, code + 0xf), "nothing") << "of a module that was read";
  EXPECT_EQ(at(shape, code + 0x100000), "could not be read") << "perhaps of one that was not";
  EXPECT_EQ(at(shape, 0x401000), "nothing") << "of a process";
}

INSTANTIATE_TEST_SUITE_P(BothShapes, ModuleCode, testing::Bool(),
                         [](const auto& info) { return info.param ? "Layouts" : "Memory"; });

} // namespace
} // namespace mapscope::catalog
