// SPDX-License-Identifier: Apache-2.0
// What a map takes of memory: byte for byte what the guest's kernel counted, where kernels count.
#include "captures.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

namespace mapscope::guest {
namespace {

/// Of these the kernel counts nothing, or a number that no structure has.
bool is_counted(const std::string& type) { return type != "arena" && type != "rhash"; }

class Compare {
public:
  explicit Compare(const Capture& capture)
      : capture_(capture), guest_(parse(read_file(capture.folder / "guest.json"))),
        report_(dump(capture.vmcore())) {}

  [[nodiscard]] bool counts() const { return guest_["counts_memory"].GetBool(); }

  void maps() {
    std::map<unsigned, const rapidjson::Value*> shown;
    for (const auto& map : report_["maps"].GetArray()) shown[map["id"].GetUint()] = &map;
    for (const auto& stated : guest_["maps"].GetArray()) {
      const auto found = shown.find(stated["id"].GetUint());
      if (found != shown.end() && is_counted(stated["type_name"].GetString())) map(stated, *found->second);
    }
    for (const auto& [type, count] : equal_) line_ += fmt::format(" {} {}", type, count);
    std::printf("%s: memory of maps as the kernel counts it:%s\n", capture_.name.c_str(), line_.c_str());
  }

private:
  static bool is_hash(const std::string& type) { return type.find("hash") != std::string::npos; }
  /// Since 6.15 a hash has no locks of its own for each CPU (bpf_htab.map_locked), which the kernel goes on
  /// to count: HASHTAB_MAP_LOCK_COUNT of them.
  [[nodiscard]] std::uint64_t gone_locks() const {
    return 8 * sizeof(int) * guest_["cpus"]["possible"].GetUint();
  }
  void map(const rapidjson::Value& stated, const rapidjson::Value& shown) {
    const std::string type = stated["type_name"].GetString();
    SCOPED_TRACE(fmt::format("{}: {} {}, {}", capture_.name, stated["id"].GetUint(),
                             stated["name"].GetString(), type));
    if (!counts() && type == "struct_ops") return; // how many functions they have is not told there
    ASSERT_TRUE(shown.HasMember("bytes"));
    if (!counts()) return;
    const std::uint64_t counted = stated["memory"].GetUint64(), bytes = shown["bytes"].GetUint64();
    EXPECT_EQ(bytes, is_hash(type) && counted - bytes == gone_locks() ? bytes : counted);
    ++equal_[type];
  }

  const Capture& capture_;
  const rapidjson::Document guest_, report_;
  std::map<std::string, unsigned> equal_;
  std::string line_;
};

TEST(Memory, IsWhatTheKernelCounts) {
  ASSERT_FALSE(captures().empty());
  unsigned counted = 0;
  for (const Capture& capture : captures()) {
    Compare compare(capture);
    compare.maps();
    counted += compare.counts() ? 1 : 0;
  }
  EXPECT_GT(counted, 0U) << "kernels before 6.4 do not count";
}

} // namespace
} // namespace mapscope::guest
