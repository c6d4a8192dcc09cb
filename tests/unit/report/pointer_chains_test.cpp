// SPDX-License-Identifier: Apache-2.0
// Objects of one type that lead to each other, as lists.
#include "tests/unit/report/pointer_fixture.hpp"

namespace mapscope::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t size_of_node = 24;

std::uint64_t node_at(std::size_t index) { return user + size_of_node * index; }

/// So many nodes, each with `next` to the one behind it and `other` to the one before.
std::string chain(std::size_t count, std::uint64_t first_number = 100) {
  std::string memory;
  for (std::size_t i = 0; i < count; ++i)
    memory += fmt::format("u64 {:#x} {:#x} {}\n", i + 1 < count ? node_at(i + 1) : 0,
                          i > 0 ? node_at(i - 1) : 0, first_number + i);
  return memory;
}

std::vector<std::string> numbers(const std::string& text) {
  std::vector<std::string> all;
  for (auto at = text.find("number="); at != text.npos; at = text.find("number=", at + 1))
    all.push_back(text.substr(at + 7, text.find(':', at) - at - 7));
  return all;
}

class Chains : public PointerFixture {
protected:
  btf::TypeId holder = program.holder(program.to_node);
};

TEST_F(Chains, AreListsInTheOrderOfTheirLinksAsText) {
  flat = true;
  EXPECT_EQ(
      decode(chain(3), holder, user),
      "holder{p=0x100000000000(*=node{next=0x100000000018(@deref_skipped_reason=in the chain), other=0x0, "
      "number=100:uint64}, @chain=[: "
      "0x100000000018(*=node{next=0x100000000030(@deref_skipped_reason=in the chain), "
      "other=0x100000000000(@deref_skipped_reason=cycle to 0x100000000000), number=101:uint64}), "
      "0x100000000030(*=node{next=0x0, other=0x100000000018(@deref_skipped_reason=shown already, under "
      "entries[0]), number=102:uint64})])}");
}

TEST_F(Chains, AreAsLongAsTheyAre) {
  constexpr std::size_t count = 2000;
  for (const bool as_text : {true, false}) {
    flat = as_text;
    const auto shown = numbers(decode(chain(count), holder, user));
    std::set<std::string> all(shown.begin(), shown.end());
    EXPECT_EQ(all.size(), count) << "each of them is somewhere";
    if (!as_text) continue;
    EXPECT_EQ(shown.size(), count) << "and once";
    EXPECT_EQ(shown.back(), "2099");
  }
}

/// JSON keeps the form that readers of nested pointers know.
TEST_F(Chains, AreNestedInJsonAsDeepAsValuesMayBe) {
  const std::string text = decode(chain(40), holder, user);
  EXPECT_THAT(text, HasSubstr("next=0x100000000018(*=node{next=0x100000000030(*=node{"));
  EXPECT_THAT(text, HasSubstr("nested 32 deep, in the chain behind 0x100000000000"));
}

/// A free list has no end, and nothing in it.
TEST_F(Chains, CountWhatHoldsNothingButLinks) {
  flat = true;
  std::string memory = "u64 0x100000000018 0 7\n";
  for (std::size_t i = 1; i < 500; ++i)
    memory += fmt::format("u64 {:#x} 0 0\n", i + 1 < 500 ? node_at(i + 1) : 0);
  const std::string text = decode(memory, holder, user);
  EXPECT_THAT(text, HasSubstr("@links_only=499"));
  EXPECT_THAT(text, Not(HasSubstr("@chain")));
}

TEST_F(Chains, EndWhereTheyCloseAndHaveEachObjectOnce) {
  flat = true;
  std::string memory;
  constexpr std::size_t count = 50;
  for (std::size_t i = 0; i < count; ++i)
    memory += fmt::format("u64 {:#x} {:#x} {}\n", node_at((i + 1) % count), node_at((i * 7) % count), i + 1);
  EXPECT_EQ(numbers(decode(memory, holder, user)).size(), count);
}

TEST_F(Chains, KeepToTheBudgets) {
  flat = true;
  inside = 3;
  std::string text = decode(chain(10), holder, user);
  EXPECT_EQ(numbers(text).size(), 3U);
  EXPECT_THAT(text, HasSubstr("@chain_left_out=not followed: report.inside is 3"));
  inside = 0, limits.nodes = 20;
  text = decode(chain(100), holder, user);
  EXPECT_LE(numbers(text).size(), 20U);
  EXPECT_THAT(text, HasSubstr("@chain_left_out=not followed: more than 20 values"));
  EXPECT_EQ(cuts.size(), 1U);
}

/// However long a chain is, what the value and the objects on the way to it say themselves is there.
TEST_F(Chains, LeaveTheMembersBehindTheirPointersRoom) {
  auto& b = program.b;
  const btf::TypeId owner = b.record("owner", {{"nodes", program.to_node}, {"cpu", program.u32}});
  const btf::TypeId value = b.record("value", {{"owner", b.pointer(owner)}, {"state", program.u32}});
  const std::string memory = chain(100) + fmt::format("u64 {:#x}\nu32 5 0\n", user);
  limits.nodes = 60;
  for (const bool is_text : {false, true}) {
    flat = is_text;
    const std::string text = decode(memory, value, {pack(node_at(100), std::uint64_t{7})});
    EXPECT_THAT(text, HasSubstr("more than 60 values")) << text;
    EXPECT_THAT(text, HasSubstr("cpu=5:uint32")) << text;
    EXPECT_THAT(text, HasSubstr("state=7:uint32")) << text;
  }
}

TEST_F(Chains, GoOnBehindWhatIsMissing) {
  flat = true;
  const std::string text =
      decode(fmt::format("u64 {:#x} 0x100000000018 1\nu64 0 0 2\n", user + unmapped), holder, user);
  EXPECT_THAT(text, HasSubstr("0x100040000000(@deref_skipped_reason=nothing is mapped there)"));
  EXPECT_EQ(numbers(text), (std::vector<std::string>{"1", "2"}));
}

/// Each task's context stands in its own row, and says of its neighbours who they are.
TEST_F(Chains, OfLocalStorageAreRows) {
  flat = true;
  catalog.maps[0].type_name = "task_storage";
  const std::string text = decode(chain(3), holder, {pack(user), pack(node_at(1)), pack(node_at(2))});
  EXPECT_EQ(numbers(text), (std::vector<std::string>{"100", "101", "102"}));
  EXPECT_THAT(text, Not(HasSubstr("@chain")));
  EXPECT_EQ(waiting, "");
}

TEST_F(Chains, OfLocalStorageLoseNobodyWithoutARow) {
  flat = true;
  catalog.maps[0].type_name = "task_storage";
  const std::string text = decode(chain(4), holder, {pack(user), pack(node_at(1))});
  EXPECT_EQ(numbers(text), (std::vector<std::string>{"100", "101"}));
  EXPECT_EQ(numbers(waiting), (std::vector<std::string>{"102", "103"})) << waiting;
}

TEST_F(Chains, SayWhichObjectIsMeant) {
  flat = true;
  auto& b = program.b;
  const btf::TypeId number = b.i32(), name = b.array(b.character(), 4);
  const btf::TypeId to_task = b.pointer(b.next_id() + 1);
  b.record("task_ctx", {{"next", to_task}, {"pid", number}, {"name", name}});
  const std::string text = decode("u64 0x100000000010 u32 7 text \"cat\\0\"\nu64 0 u32 8 text \"dog\\0\"\n",
                                  program.holder(to_task), user);
  EXPECT_THAT(text, HasSubstr("next=0x100000000010(@known_as=name dog, pid 8)"));
}

} // namespace
} // namespace mapscope::report
