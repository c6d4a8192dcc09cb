// SPDX-License-Identifier: Apache-2.0
// Stacks as flame graphs are drawn from: which members are ids, what counts, and what a line is made of.
#include "host/plain/fold.hpp"

#include <gmock/gmock.h>

namespace mapscope::plain {
namespace {

using testing::HasSubstr;

std::string number(const std::string& name, std::int64_t value, unsigned bits = 32) {
  return R"({"name":")" + name + R"(","value":{"kind":"int","bits":)" + std::to_string(bits) +
         R"(,"value":)" + std::to_string(value) + "}}";
}

std::string comm(const std::string& text) {
  std::string letters;
  for (const char c : text + '\0')
    letters += (letters.empty() ? "" : ",") + std::string(R"({"kind":"char","value":)") +
               std::to_string(static_cast<unsigned char>(c)) + "}";
  return R"({"name":"comm","value":{"kind":"array","len":)" + std::to_string(text.size() + 1) +
         R"(,"elements":[)" + letters + "]}}";
}

std::string record(const std::string& members) {
  return R"({"kind":"struct","type_name":"r","members":[)" + members + "]}";
}

std::string entry(const std::string& key, const std::string& value) {
  return R"({"key":)" + key + R"(,"key_hex":"","value":)" + value + "}";
}

std::string stack(int id, const std::vector<std::string>& innermost_first) {
  std::string frames;
  for (const std::string& name : innermost_first)
    frames += (frames.empty() ? "" : ",") + std::string(R"({"ip":4096)") +
              (name.empty() ? "" : R"(,"symbol":")" + name + '"') + "}";
  return R"({"bucket_id":)" + std::to_string(id) + R"(,"frames":[)" + frames + "]}";
}

class Folding : public testing::Test {
protected:
  Result<Folded> folded(const std::vector<std::string>& entries, const std::string& number = "",
                        const std::vector<std::string>& stacks = {stack(3, {"futex_wait", "do_syscall_64"}),
                                                                  stack(5, {"", "main"})}) {
    const auto joined = [](const std::vector<std::string>& all) {
      std::string text;
      for (const std::string& one : all) text += (text.empty() ? "" : ",") + one;
      return text;
    };
    map_ = std::move(*parse(R"({"entries":[)" + joined(entries) + "]}"));
    stacks_ = std::move(*parse(R"({"max_entries":)" + std::to_string(max_entries_) +
                               R"(,"stack_trace":{"entries":[)" + joined(stacks) + "]}}"));
    const Json* const maps[] = {&stacks_};
    return fold(map_, std::span(maps).first(stacks.empty() ? 0 : 1), number);
  }
  std::string problem(const std::vector<std::string>& entries, const std::string& number = "",
                      const std::vector<std::string>& stacks = {stack(3, {"f"})}) {
    const auto result = folded(entries, number, stacks);
    EXPECT_FALSE(result);
    return result ? "" : result.error().text;
  }

  rapidjson::Document map_, stacks_;
  unsigned max_entries_ = 8;
};

const std::string one_count = record(number("delta", 40, 64));

std::string off_cpu(int kernel, int user, const std::string& name) {
  return record(comm(name) + "," + number("kern_stack_id", kernel) + "," + number("user_stack_id", user) +
                "," + number("pid", 12));
}

TEST_F(Folding, OfOneValueWithoutKeysSaysThatThereIsNothing) {
  map_ = std::move(*parse(R"({"value":)" + one_count + "}"));
  const auto none = fold(map_, {}, "");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text, HasSubstr("no stack map"));
}

TEST_F(Folding, UserSpaceBelowTheKernel) {
  const auto result = folded({entry(off_cpu(3, 5, "sh"), one_count), entry(off_cpu(3, 5, "sh"), one_count),
                              entry(off_cpu(3, -14, "ksoftirqd"), one_count)});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "ksoftirqd;do_syscall_64;futex_wait 40\n"
                           "sh;main;0x1000;do_syscall_64;futex_wait 80\n");
  EXPECT_EQ(result->lost, 0U);
}

TEST_F(Folding, IdsThatNoMapHasAreTold) {
  const auto result = folded({entry(off_cpu(3, -1, "a"), one_count), entry(off_cpu(3, -1, "b"), one_count),
                              entry(off_cpu(9, -1, "c"), one_count)});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lost, 1U);
  EXPECT_THAT(result->lines, HasSubstr("c;[lost stack 9] 40\n"));
}

TEST_F(Folding, NamesThatWouldBreakALine) {
  const auto result = folded({entry(off_cpu(3, -1, "a;b"), one_count)}, "", {stack(3, {"f;\\u001bg"})});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "a_b;f__g 40\n");
}

TEST_F(Folding, SaysWhichNumberItNeeds) {
  const std::string two = record(number("delta", 40) + "," + number("count", 2));
  EXPECT_EQ(problem({entry(off_cpu(3, -1, "a"), two)}),
            "its values have 2 numbers; say which counts: --fold=delta, --fold=count");
  EXPECT_THAT(problem({entry(off_cpu(3, -1, "a"), two)}, "cuont"), HasSubstr("did you mean count?"));
  const auto result = folded({entry(off_cpu(3, -1, "a"), two)}, "count");
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "a;do_syscall_64;futex_wait 2\n");
}

TEST_F(Folding, StacksThatTheKernelDidNotKeep) {
  const auto result = folded({entry(off_cpu(3, 5, "a"), one_count), entry(off_cpu(3, -17, "b"), one_count),
                              entry(off_cpu(3, -14, "c"), one_count)});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "a;main;0x1000;do_syscall_64;futex_wait 40\n"
                           "b;[stack not kept: EEXIST];do_syscall_64;futex_wait 40\n"
                           "c;do_syscall_64;futex_wait 40\n");
  EXPECT_EQ(result->not_kept, 1U) << "-EFAULT: there was none";
}

/// bpf_probe_read_kernel_str() writes no zeros behind the first.
TEST_F(Folding, TextEndsWithItsFirstZero) {
  const auto result = folded({entry(off_cpu(3, -1, std::string("sh\0x\1", 5)), one_count)});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "sh;do_syscall_64;futex_wait 40\n");
}

TEST_F(Folding, FramesBehindTheOutermostOneAreNone) {
  const std::string user = R"({"bucket_id":3,"frames":[{"ip":4096},{"ip":0},{"ip":0}]})";
  const auto result = folded({entry(off_cpu(-1, 3, "a"), one_count)}, "", {user});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "a;0x1000 40\n");
}

std::string bytes(const std::string& key, const std::string& value) {
  return R"({"key_hex":")" + key + R"(","value":{"kind":"bytes","hex":")" + value + R"("}})";
}

TEST_F(Folding, KeysWithoutATypeAsBpftraceHasThem) {
  const std::vector<std::string> entries = {
      bytes("00 20 01 00 00 00 00 00 73 68 00 00 00 00 00 00", "02 01 00 00 00 00 00 00"),
      bytes("07 20 01 00 00 00 00 00 64 64 00 00 00 00 00 00", "03 00 00 00 00 00 00 00")};
  max_entries_ = 131072;
  const auto result = folded(entries, "", {stack(0x12000, {"vfs_write", "main"}), stack(0x12007, {"f"})});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "dd;f 3\nsh;main;vfs_write 258\n");
  max_entries_ = 2; // a full map has any number
  EXPECT_FALSE(folded(entries, "", {stack(0x12000, {"vfs_write"}), stack(0x12007, {"f"})}));
}

TEST_F(Folding, KeysThatAreOneNumber) {
  const std::string key = R"({"kind":"int","bits":32,"value":)";
  max_entries_ = 131072;
  const auto result = folded({entry(key + "90000}", one_count)}, "", {stack(90000, {"f"})});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->lines, "f 40\n");
  EXPECT_FALSE(
      folded({entry(key + "90000}", one_count), entry(key + "4}", one_count)}, "", {stack(90000, {"f"})}))
      << "not all are ids";
}

TEST_F(Folding, WhatHasNoStacks) {
  EXPECT_THAT(problem({entry(record(number("pid", 3)), one_count)}), HasSubstr("no number in its keys"));
  EXPECT_THAT(problem({entry(off_cpu(8, 9, "a"), one_count)}), HasSubstr("are no ids"));
  EXPECT_THAT(problem({entry(off_cpu(3, 5, "a"), one_count)}, "", {}), HasSubstr("use no stack map"));
  EXPECT_EQ(folded({})->lines, "");
}

} // namespace
} // namespace mapscope::plain
