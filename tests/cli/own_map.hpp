// SPDX-License-Identifier: Apache-2.0
// A map of this machine's kernel, made for one test and gone with it.
#pragma once

#include "mapscope.hpp"

#include <bpf/bpf.h>
#include <cstdint>
#include <rapidjson/document.h>
#include <unistd.h>

namespace mapscope::cli_test {

inline rapidjson::Document parsed(const std::string& text) {
  rapidjson::Document report;
  report.Parse(text.c_str());
  EXPECT_FALSE(report.HasParseError()) << text.substr(0, 400);
  return report;
}

class OwnMap {
public:
  struct Sizes {
    std::uint32_t key, value, most;
  };
  OwnMap(std::uint32_t type, const char* name, const Sizes& sizes, std::uint32_t flags = 0) : name_(name) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
    fd_ =
        ::bpf_map_create(static_cast<bpf_map_type>(type), name, sizes.key, sizes.value, sizes.most, &options);
  }
  ~OwnMap() {
    if (fd_ >= 0) ::close(fd_);
  }
  OwnMap(const OwnMap&) = delete;
  OwnMap& operator=(const OwnMap&) = delete;

  /// False where it may not be made.
  [[nodiscard]] bool is_made() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const char* name() const { return name_; }
  /// By its id: another test may have one of the same name at this time.
  [[nodiscard]] std::string spec() const {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    EXPECT_EQ(::bpf_obj_get_info_by_fd(fd_, &info, &size), 0);
    return "id:" + std::to_string(info.id);
  }

  template <class Key, class Value> int put(const Key& key, const Value& value) const {
    return ::bpf_map_update_elem(fd_, &key, &value, BPF_ANY);
  }
  template <class Key> int remove(const Key& key) const { return ::bpf_map_delete_elem(fd_, &key); }

  /// As mapscope shows it.
  [[nodiscard]] rapidjson::Document shown(const Words& more = {}) const {
    Words words{"dump", "live", "-j", "--limit", "0", "--map", spec()};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return parsed(ran.out);
  }

private:
  const char* name_;
  int fd_;
};

} // namespace mapscope::cli_test
