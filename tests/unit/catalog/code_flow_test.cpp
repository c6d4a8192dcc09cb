// SPDX-License-Identifier: Apache-2.0
// What programs do with numbers that are pointers, from their instructions.
#include "host/catalog/flow/code_flow.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/code.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <random>

namespace mapscope::catalog {
namespace {

using test::BtfBuilder;
using test::Code;
using test::probe_atomic;
using test::probe_mem32;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t map_at = 0xffff888000001000, variable_at = 0xffff888000002010;
constexpr int plain_lookup = 1, hash_lookup = 2, acquire = 3, update = 4; ///< what calls have in imm
constexpr std::uint64_t array_values = 0x100;

/// A value {task, node, count} of numbers, and a struct of an arena {first, second}.
struct Types {
  BtfBuilder kernel, program;
  btf::TypeId task =
      kernel.record("task_struct", {{"pid", kernel.i32()}, {"real_parent", kernel.pointer(2)}});
  btf::TypeId u32 = program.u32(), u64 = program.u64();
  btf::TypeId node = program.record("node", {{"first", u32}, {"second", u64}});
  btf::TypeId to_node = program.pointer(node);
  btf::TypeId value =
      program.record("value", {{"task", u64}, {"node", u64}, {"count", u64}, {"typed", to_node}});
  btf::TypeId allocator = program.function("allocate", program.pointer(program.type_tag("arena", 0)));
};

class Names final : public CodeNames {
public:
  [[nodiscard]] Value at(std::uint64_t address) const override {
    if (address == map_at) return {.held = Held::map};
    if (address == variable_at)
      return {Held::pointer, Space::map, map_.value.types.get(), map_.value.id, 0, 0};
    return {};
  }
  [[nodiscard]] const Map& map(std::uint32_t) const override { return map_; }
  [[nodiscard]] const Function& function(std::int32_t imm) const override {
    return functions_[imm > 0 && imm < 5 ? imm : 0];
  }

  Map map_;
  Function functions_[5] = {{},
                            {"array_map_lookup_elem", 0},
                            {"__htab_map_lookup_elem", 0},
                            {"acquire", 0},
                            {"htab_map_update_elem", 0}};
};

class Flow : public testing::Test {
protected:
  /// "node: 4 bytes at 0" of each use, in the order of the instructions.
  std::vector<std::string> uses(const Code& code, std::vector<CodeFunction> functions = {{0, 0}}) {
    kernel_ = b.kernel.types("vmlinux");
    ProgramCode program;
    program.program = &record, program.types = b.program.types("program");
    program.insns = code.insns, program.functions = std::move(functions);
    program.attached = attached;
    names.map_ = {{program.types, b.value}, array_values};
    std::vector<std::pair<std::size_t, std::string>> told;
    CodeFlow(program, *kernel_, names).run([&](const NumberUse& use) {
      told.emplace_back(use.insn, text(*program.types, use));
    });
    std::ranges::sort(told);
    std::vector<std::string> all;
    for (auto& [insn, text] : told) all.push_back(std::move(text));
    return all;
  }

  Types b;
  Names names;
  btf::TypeId attached = 0;

private:
  static std::string text(const btf::Types& types, const NumberUse& use) {
    std::string member = "?";
    for (std::uint32_t i = 0; const auto found = types.member_at(use.owner, i); ++i)
      if (found->member.offset() == use.place) member = found->name;
    if (use.what == NumberUse::What::access)
      return fmt::format("{}: {} bytes at {}", member, use.size, use.offset);
    if (use.what == NumberUse::What::cast) return member + ": cast";
    return fmt::format("{}: {}", member, use.pointee != 0 ? use.pointee_types->spell(use.pointee) : "arena");
  }

  std::shared_ptr<const btf::Types> kernel_;
  Program record;
};

Code with_value() { return Code().number(1, map_at).call(plain_lookup).jump_if_zero(0, 3); }

TEST_F(Flow, TellsWhatIsReadThroughANumber) {
  EXPECT_THAT(uses(with_value().load(BPF_DW, 2, 0, 8).cast(2).load(BPF_W, 3, 2, 0, probe_mem32).exit()),
              ElementsAre("node: 4 bytes at 0"));
}

TEST_F(Flow, SaysNothingOfNumbersThatAreCounted) {
  EXPECT_THAT(uses(with_value().load(BPF_DW, 2, 0, 16).add(2, 1).store(BPF_DW, 0, 16, 2).exit()), IsEmpty());
}

TEST_F(Flow, FollowsVariablesAndTheStack) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 2, 6, 8)
                        .store(BPF_DW, 10, -16, 2)
                        .clear(2)
                        .load(BPF_DW, 3, 10, -16)
                        .store(BPF_DW, 3, 8, 2, probe_mem32)
                        .exit();
  EXPECT_THAT(uses(code), ElementsAre("node: 8 bytes at 8"));
}

TEST_F(Flow, ForgetsASlotThatIsWrittenInParts) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 2, 6, 8)
                        .store(BPF_DW, 10, -16, 2)
                        .store(BPF_B, 10, -12, 2)
                        .load(BPF_DW, 3, 10, -16)
                        .store(BPF_DW, 3, 8, 2, probe_mem32)
                        .exit();
  EXPECT_THAT(uses(code), IsEmpty());
}

TEST_F(Flow, KnowsLookupsThatAreInlined) {
  const Code hash = Code()
                        .number(1, map_at)
                        .call(hash_lookup)
                        .jump_if_zero(0, 1)
                        .add(0, 56)
                        .jump_if_zero(0, 2)
                        .load(BPF_DW, 2, 0, 8)
                        .store(BPF_W, 2, 0, 3, probe_atomic)
                        .exit();
  EXPECT_THAT(uses(hash), ElementsAre("node: 4 bytes at 0"));
  const Code array = Code()
                         .number(1, map_at)
                         .add(1, array_values)
                         .load(BPF_W, 0, 10, -4)
                         .add_register(0, 1)
                         .load(BPF_DW, 2, 0, 8)
                         .load(BPF_W, 3, 2, 0, probe_mem32)
                         .exit();
  EXPECT_THAT(uses(array), ElementsAre("node: 4 bytes at 0"));
}

TEST_F(Flow, TellsPointersThatAreStored) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 2, 6, 24) // typed: a struct node
                        .store(BPF_DW, 6, 8, 2)
                        .exit();
  EXPECT_THAT(uses(code), ElementsAre("node: struct node"));
}

TEST_F(Flow, TellsValuesThatAreMadeInTheFrame) {
  const auto stored = [](int at) {
    return Code()
        .number(6, variable_at)
        .load(BPF_DW, 2, 6, 24) // a struct node
        .store(BPF_DW, 10, at, 2)
        .number(1, map_at)
        .move(3, 10)
        .add(3, -32) // the value begins there
        .call(update)
        .exit();
  };
  EXPECT_THAT(uses(stored(-24)), ElementsAre("node: struct node"));
  EXPECT_THAT(uses(stored(-40)), IsEmpty());
}

/// May a loop go on? The verifier counts in a register of its own, whose number releases do not share.
TEST_F(Flow, GoesOnBehindTheVerifiersOwnRegisters) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 12, 10, -8)
                        .jump_if_zero(12, 2)
                        .load(BPF_DW, 2, 6, 8)
                        .load(BPF_W, 3, 2, 0, probe_mem32)
                        .exit();
  EXPECT_THAT(uses(code), ElementsAre("node: 4 bytes at 0"));
}

TEST_F(Flow, TellsCastsIntoTheArena) {
  EXPECT_THAT(uses(Code().number(6, variable_at).load(BPF_DW, 2, 6, 8).cast_user(3, 2).exit()),
              ElementsAre("node: cast"));
  EXPECT_THAT(uses(Code().number(6, variable_at).cast_user(2, 3).store(BPF_DW, 6, 8, 2).exit()),
              ElementsAre("node: arena"));
}

TEST_F(Flow, DoesNotChooseBetweenTwoMembers) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 2, 6, 8)
                        .jump_if_zero(7, 1)
                        .load(BPF_DW, 2, 6, 16)
                        .load(BPF_W, 3, 2, 0, probe_mem32)
                        .exit();
  EXPECT_THAT(uses(code), IsEmpty());
}

/// 6.1 has the distance in off and the function's number in imm, 7.3 the other way round.
TEST_F(Flow, GoesIntoTheProgramsFunctions) {
  for (const auto& [off, imm] : {std::pair(2, 1), std::pair(1, 2)}) {
    const Code code = Code()
                          .number(6, variable_at)
                          .load(BPF_DW, 1, 6, 8)
                          .call_own(off, imm)
                          .clear(0)
                          .exit()
                          .load(BPF_W, 3, 1, 4, probe_mem32) // the function
                          .exit();
    EXPECT_THAT(uses(code, {{0, 0}, {6, 0}}), ElementsAre("node: 4 bytes at 4")) << off;
  }
}

TEST_F(Flow, ComesBackWithWhatAFunctionReturns) {
  const Code code = Code()
                        .call_own(2, 1)
                        .load(BPF_W, 3, 0, 0, probe_mem32)
                        .exit()
                        .number(6, variable_at) // the function
                        .load(BPF_DW, 0, 6, 8)
                        .exit();
  EXPECT_THAT(uses(code, {{0, 0}, {3, 0}}), ElementsAre("node: 4 bytes at 0"));
}

/// An allocator computes what it returns; its caller keeps that as a struct node, and as a number.
TEST_F(Flow, BelievesWhatAFunctionDeclaresThatComputes) {
  const Code code = Code()
                        .call_own(5, 1)
                        .number(6, variable_at)
                        .store(BPF_DW, 6, 24, 0)
                        .store(BPF_DW, 6, 8, 0)
                        .exit()
                        .load(BPF_W, 0, 1, 0) // the function
                        .exit();
  EXPECT_THAT(uses(code, {{0, 0}, {6, b.allocator}}), ElementsAre("node: struct node"));
  EXPECT_THAT(uses(code, {{0, 0}, {6, 0}}), IsEmpty());
}

TEST_F(Flow, SettlesInLoops) {
  const Code code = Code()
                        .number(6, variable_at)
                        .load(BPF_DW, 2, 6, 8)
                        .load(BPF_DW, 2, 2, 8, probe_mem32) // a list: what comes next is no member's number
                        .jump_if_zero(2, 1)
                        .jump(-3)
                        .exit();
  EXPECT_THAT(uses(code), IsEmpty());
}

/// The verifier lets none of these pass, and a dump may hold them.
TEST_F(Flow, ComesToAnEndWithAnyInstructions) {
  std::mt19937_64 random(1);
  for (unsigned round = 0; round < 2000; ++round) {
    Code code;
    for (unsigned i = 0; i < 64; ++i) {
      const std::uint64_t bits = random();
      const unsigned registers = static_cast<unsigned>(bits >> 8);
      code.put(static_cast<std::uint8_t>(bits), registers, registers >> 4,
               static_cast<std::int8_t>(bits >> 16), static_cast<std::int8_t>(bits >> 24));
      if (bits % 7 == 0) code.number(registers, bits % 2 == 0 ? map_at : variable_at);
    }
    (void)uses(code, {{0, 0}, {20, 1}, {40, 1}});
  }
}

} // namespace
} // namespace mapscope::catalog
