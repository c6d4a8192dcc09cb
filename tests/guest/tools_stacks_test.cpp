// SPDX-License-Identifier: Apache-2.0
// Stacks of Debian's tools: --fold, and the frames beside rows, as they follow from what bpftool said of the
// maps and from /proc/kallsyms.
#include "tools_guest.hpp"

#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <sstream>

namespace mapscope::guest {
namespace {

using rapidjson::Value;

/// Where in the bytes of a key, or of a value, something lies; -1: nowhere.
struct Place {
  bool is_in_key = true;
  int at = -1;
};

struct Layout {
  const char *tool, *map;
  Place text, user, kernel;
  const char *user_path, *kernel_path; ///< what the member with the id is called
  const char* number;                  ///< the first 8 bytes of its values, for --fold; "true": the only ones
};

// wakeuptime.h, offcputime.h, klockstat.h; of bpftrace what tools.list has.
const Layout layouts[] = {
    {"wakeuptime", "counts", {true, 0}, {}, {true, 32}, "", "key.w_k_stack_id", ""},
    {"offcputime", "info", {false, 8}, {true, 8}, {true, 12}, "key.user_stack_id", "key.kern_stack_id", ""},
    {"klockstat", "stat_map", {false, 40}, {}, {true, 0}, "", "key", "acq_count"},
    {"bpftrace", "AT_stacks", {true, 8}, {}, {true, 0}, "", "key[0]", ""},
};

using Frames = std::vector<std::string>; ///< the innermost first
using Stacks = std::map<std::int32_t, Frames>;
using Lines = std::map<std::string, std::uint64_t>;

template <class T> T number_at(const std::string& bytes, int at) {
  T number = 0;
  if (at >= 0 && at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// Of user space its address; of the kernel what the call is in that returns there, as sprint_backtrace() has
/// it, but for what an interrupt found where it stood. Of ftrace's own code there is no table: /proc/kallsyms
/// makes up its name.
std::string frame_of(std::uint64_t address, bool is_called, const Symbols& symbols) {
  if (address >> 48 == 0xffff)
    if (std::string name = symbols.at(address - (is_called ? 1 : 0));
        !name.empty() && name != "ftrace_trampoline")
      return name;
  std::ostringstream hex;
  hex << "0x" << std::hex << address;
  return hex.str();
}

Frames frames_of(const std::string& value, const Symbols& symbols) {
  std::vector<std::uint64_t> addresses(value.size() / 8);
  std::memcpy(addresses.data(), value.data(), addresses.size() * 8);
  while (!addresses.empty() && addresses.back() == 0) addresses.pop_back();
  Frames frames;
  for (const std::uint64_t address : addresses) {
    const bool is_called = !frames.empty() && !frames.back().starts_with("asm_");
    frames.push_back(frame_of(address, is_called, symbols));
  }
  return frames;
}

using Dump = std::map<unsigned, Value>;

Stacks stacks_in(const ToolsGuest& guest, const Dump& dump, const Layout& layout) {
  Stacks stacks;
  const Value* const map = guest.find(layout.tool, "", "stack_trace");
  if (map == nullptr || !dump.contains((*map)["id"].GetUint())) return stacks;
  for (const auto& element : dump.at((*map)["id"].GetUint()).GetArray())
    if (const auto value = raw_bytes(element["value"]); value)
      stacks[number_at<std::int32_t>(*raw_bytes(element["key"]), 0)] = frames_of(*value, guest.symbols);
  return stacks;
}

/// The sum of all CPUs.
std::uint64_t count_of(const Value& element, std::string& value) {
  if (element.HasMember("value")) {
    value = raw_bytes(element["value"]).value_or("");
    return number_at<std::uint64_t>(value, 0);
  }
  std::uint64_t sum = 0;
  for (const auto& copy : element["values"].GetArray())
    sum += number_at<std::uint64_t>(*raw_bytes(copy["value"]), 0);
  return sum;
}

void add_frames(std::int32_t id, const Stacks& stacks, std::string& line) {
  const auto add = [&](const std::string& word) { line += (line.empty() ? "" : ";") + word; };
  if (id == -EEXIST) return add("[stack not kept: EEXIST]");
  if (id < 0) return;
  const auto stack = stacks.find(id);
  if (stack == stacks.end()) return add("[lost stack " + std::to_string(id) + "]");
  for (auto frame = stack->second.rbegin(); frame != stack->second.rend(); ++frame) add(*frame);
}

Lines expected_lines(const ToolsGuest& guest, const Dump& dump, const Layout& layout) {
  const Stacks stacks = stacks_in(guest, dump, layout);
  Lines lines;
  const Value* const map = guest.find(layout.tool, layout.map);
  if (map == nullptr || !dump.contains((*map)["id"].GetUint())) return lines;
  for (const auto& element : dump.at((*map)["id"].GetUint()).GetArray()) {
    const std::string key = *raw_bytes(element["key"]);
    std::string value;
    const std::uint64_t count = count_of(element, value);
    std::string line = (layout.text.is_in_key ? key : value).c_str() + layout.text.at;
    if (layout.user.at >= 0) add_frames(number_at<std::int32_t>(key, layout.user.at), stacks, line);
    add_frames(number_at<std::int32_t>(key, layout.kernel.at), stacks, line);
    lines[line.empty() ? "[no stack]" : line] += count;
  }
  return lines;
}

/// With one name for all symbols of one address.
Lines folded(const ToolsGuest& guest, const Layout& layout) {
  const Value* const map = guest.find(layout.tool, layout.map);
  std::vector<std::string> words = {"dump", guest.vmcore().string(), "--map",
                                    "id:" + std::to_string((*map)["id"].GetUint())};
  words.push_back(layout.number[0] == '\0' ? "--fold" : std::string("--fold=") + layout.number);
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  Lines lines;
  std::istringstream text(ran.out);
  for (std::string line; std::getline(text, line);) {
    const std::size_t blank = line.rfind(' ');
    std::istringstream frames(line.substr(0, blank));
    std::string alike;
    for (std::string frame; std::getline(frames, frame, ';');)
      alike += (alike.empty() ? "" : ";") + guest.symbols.alike(frame);
    lines[alike] += std::stoull(line.substr(blank + 1));
  }
  return lines;
}

/// As README has it: not what runs the tracing program.
bool is_of_tracing(const std::string& frame) {
  const auto begins = [&](const char* with) { return frame.starts_with(with); };
  return begins("bpf_prog_") || begins("bpf_trace_run") || begins("__traceiter_") || begins("perf_trace_") ||
         begins("bpf_trampoline_") || begins("bpf_get_stack");
}

Frames first_frames(Frames frames) {
  constexpr std::size_t most = 4;
  frames.erase(frames.begin(), std::ranges::find_if_not(frames, is_of_tracing));
  if (frames.size() <= most) return frames;
  frames.resize(most);
  frames.emplace_back("...");
  return frames;
}

class ToolsStacks : public testing::TestWithParam<Layout> {
protected:
  void SetUp() override {
    guest = tools_guest();
    ASSERT_NE(guest, nullptr);
    ASSERT_NE(guest->find(GetParam().tool, GetParam().map), nullptr) << "the tool has not run";
  }
  const ToolsGuest* guest = nullptr;
};

TEST_P(ToolsStacks, FoldedAsBpftoolAndKallsymsHaveThem) {
  const Lines before = expected_lines(*guest, guest->before, GetParam());
  const Lines after = expected_lines(*guest, guest->after, GetParam());
  const Lines ours = folded(*guest, GetParam());
  std::size_t compared = 0, wrong = 0;
  for (const auto& [line, count] : before) {
    const auto later = after.find(line);
    if (later == after.end() || later->second != count) continue;
    ++compared;
    const auto own = ours.find(line);
    if (own != ours.end() && own->second == count) continue;
    if (++wrong <= 3)
      ADD_FAILURE() << "bpftool: " << line << " " << count
                    << "\nmapscope: " << (own != ours.end() ? std::to_string(own->second) : "no such line");
  }
  std::printf("%s: %zu lines, %zu stood still, %zu wrong\n", GetParam().map, ours.size(), compared, wrong);
  EXPECT_EQ(wrong, 0U);
  EXPECT_NE(compared, 0U);
}

TEST_P(ToolsStacks, FirstFramesStandBesideRows) {
  const Value* const map = guest->find(GetParam().tool, GetParam().map);
  const std::string id = "id:" + std::to_string((*map)["id"].GetUint());
  const Stacks before = stacks_in(*guest, guest->before, GetParam());
  const Stacks after = stacks_in(*guest, guest->after, GetParam());
  const auto report = dump(guest->vmcore(), {"--map", id, "--limit", "50"});
  std::size_t compared = 0;
  const Value& ours = report["maps"][0];
  const Value& rows = ours[ours.HasMember("entries") ? "entries" : "percpu_hash_entries"];
  for (const auto& row : rows.GetArray()) {
    std::string key;
    std::istringstream hex(row["key_hex"].GetString());
    for (std::string byte; hex >> byte;) key += static_cast<char>(std::stoul(byte, nullptr, 16));
    const auto stack_id = number_at<std::int32_t>(key, GetParam().kernel.at);
    const auto stack = before.find(stack_id), later = after.find(stack_id);
    if (stack == before.end() || later == after.end() || stack->second != later->second) continue;
    const Frames expected = first_frames(stack->second);
    if (expected.empty()) continue;
    ASSERT_TRUE(row.HasMember("stacks") && row["stacks"].HasMember(GetParam().kernel_path)) << json_of(row);
    Frames frames;
    for (const auto& frame : row["stacks"][GetParam().kernel_path].GetArray())
      frames.push_back(guest->symbols.alike(frame.GetString()));
    EXPECT_EQ(frames, expected) << json_of(row);
    ++compared;
  }
  std::printf("%s: %zu rows with their stacks\n", GetParam().map, compared);
  EXPECT_NE(compared, 0U);
}

INSTANTIATE_TEST_SUITE_P(OfMaps, ToolsStacks, testing::ValuesIn(layouts),
                         [](const auto& info) { return std::string(info.param.map); });

} // namespace
} // namespace mapscope::guest
