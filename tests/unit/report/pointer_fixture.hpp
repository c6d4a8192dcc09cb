// SPDX-License-Identifier: Apache-2.0
// Values with pointers in them, as the rows of a map whose programs have an arena.
#pragma once

#include "host/catalog/families.hpp"
#include "host/report/pointers.hpp"
#include "host/report/special_fields.hpp"
#include "host/target/given_files.hpp"
#include "host/target/target.hpp"
#include "tests/support/text_image.hpp"
#include "tests/support/tiny_kernel.hpp"
#include "tests/support/value_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <set>

namespace mapscope::report {
using test::BtfBuilder;
using test::direct_at;
using test::pack;

constexpr std::uint64_t user = 0x100000000000, memory_at = 0x180000; ///< the arena begins at that physical
constexpr std::uint64_t unmapped = 0x40000000; ///< into the arena; the direct map of these tests ends there

/// A program's types: nodes that point to each other, and what is too large for one look.
struct Program {
  BtfBuilder b;
  btf::TypeId u32 = b.u32(), u64 = b.u64();
  btf::TypeId to_node = b.pointer(b.next_id() + 1);
  btf::TypeId node = b.record("node", {{"next", to_node}, {"other", to_node}, {"number", u64}});
  btf::TypeId large = b.record("large", {{"number", u64}, {"rest", b.array(u64, 1000)}});
  btf::TypeId elsewhere = b.forward("elsewhere"), mask = b.record("cpumask", {{"bits", b.array(u64, 128)}}),
              task = b.record("task_struct___old", {{"pid", b.i32()}});
  btf::TypeId tagged = b.pointer(b.next_id() + 1), tag = b.type_tag("address_space(1)", node);
  btf::TypeId to_function = b.pointer(b.prototype()), to_void = b.pointer(0);

  btf::TypeId holder(btf::TypeId member) { return b.record("holder", {{"p", member}}); }
  btf::TypeId holder_of(btf::TypeId target) { return holder(b.pointer(target)); }
};

class PointerFixture : public testing::Test {
protected:
  PointerFixture() {
    test::add_kernel_types(kernel);
    const btf::TypeId to = kernel.pointer(0), list = kernel.record("list_head", {{"next", to}, {"prev", to}});
    kernel.record("task_struct", {{"pid", kernel.i32()},
                                  {"comm", kernel.array(kernel.character(), 16)},
                                  {"thread_node", list},
                                  {"group_leader", to}});
    catalog.maps.resize(2);
    catalog.maps[0].id = 1, catalog.maps[0].programs = {7};
    catalog.maps[1].id = 2, catalog.maps[1].type_name = "arena", catalog.maps[1].programs = {7};
    arenas.push_back(arena_of(2, "arena", user));
  }

  static catalog::Arena arena_of(std::uint32_t map, std::string name, std::uint64_t user_vm_start) {
    catalog::Arena arena;
    arena.map = map, arena.name = std::move(name);
    arena.user_vm_start = user_vm_start;
    arena.kern_vm_start = direct_at(memory_at), arena.size = catalog::arena_span;
    return arena;
  }

  /// Values of the map one after the other, as rows of it.
  std::string decode(const std::string& memory, btf::TypeId type,
                     const std::vector<std::vector<std::byte>>& values) {
    const test::TextImage image(test::tiny_kernel_text(
        kernel, "maps: " + test::xa_node_text({}) + "programs: " + test::xa_node_text({}) +
                    "btfs: " + test::xa_node_text({}) + fmt::format("@{:#x}\n", memory_at) + memory));
    const auto target = target::Target::open(image, {});
    if (!target) return target.error().text;
    catalog.maps[0].types = program.b.types("program");
    if (section != 0)
      arenas[0].globals = {catalog.maps[0].types, section, *catalog.maps[0].types->size(section), 0};
    const catalog::Families families(arenas, catalog, nullptr);
    SpecialFields behind(**target, kernel.types("vmlinux"), catalog.maps[0].types, nullptr, limits,
                         {.families = &families,
                          .map = catalog.maps.data(),
                          .given_types = &given,
                          .typed_kernel = typed_kernel,
                          .slots = slots.pools().empty() ? nullptr : &slots,
                          .lists_slots = lists_slots,
                          .flat = flat,
                          .shown_arenas = &shown_arenas,
                          .inside = inside,
                          .bytes = bytes});
    const auto decoder = btf::Decoder::compile(own ? own : catalog.maps[0].types, type, limits, &behind);
    std::string text;
    for (const auto& value : values)
      if (looks_first) behind.look_at(*decoder, value);
    for (std::size_t i = 0; i < values.size(); ++i) {
      behind.pointers().at("entries", i);
      text += (i == 0 ? "" : "\n") + test::decode_tree(*decoder, values[i]).text();
    }
    const auto rest = behind.pointers().waiting();
    waiting = rest ? test::decode_tree(*rest, {}).text() : "";
    lacks_memory = behind.lacks_memory();
    left_out = behind.pointers().left_out();
    cuts = behind.pointers().cuts();
    return text;
  }
  std::string decode(const std::string& memory, btf::TypeId type, std::uint64_t pointer) {
    return decode(memory, type, {pack(pointer)});
  }

  BtfBuilder kernel;
  Program program;
  catalog::Catalog catalog;
  std::vector<catalog::Arena> arenas;
  btf::Limits limits;
  SlotIndex slots;
  catalog::TypeObjects given;              ///< of files that a person named
  std::shared_ptr<const btf::Types> own;   ///< of the values; null: the program's
  btf::TypeId section = 0;                 ///< of variables at the begin of the arena; 0: it has none
  std::vector<std::uint32_t> shown_arenas; ///< by the report
  bool looks_first = false;                ///< at all values, before one is shown
  bool lists_slots = false, flat = false;
  bool typed_kernel = false, lacks_memory = false;
  std::uint64_t left_out = 0, inside = 0, bytes = 0;
  std::vector<std::string> cuts;
  std::string waiting; ///< what is shown behind the rows
};

} // namespace mapscope::report
