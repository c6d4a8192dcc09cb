// SPDX-License-Identifier: Apache-2.0
// Maps of this machine that a test makes, and what mapscope shows of them by one way or another.
#pragma once

#include "mapscope.hpp"

#include <bpf/bpf.h>
#include <cstdint>
#include <cstring>
#include <linux/bpf.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <set>
#include <unistd.h>

namespace mapscope::cli_test {

using Json = rapidjson::Value;
using Bytes = std::vector<std::uint8_t>;

template <class T> Bytes bytes_of(const T& value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string hex_of(const Bytes& bytes) {
  std::string text;
  char two[4];
  for (const std::uint8_t byte : bytes)
    text += text.empty() ? "" : " ", std::snprintf(two, sizeof two, "%02x", byte), text += two;
  return text;
}

inline std::string text_of(const Json& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// Of a list of rows: by key, in whatever order they come.
inline std::set<std::string> rows_of(const Json& map, const char* list) {
  std::set<std::string> rows;
  if (map.HasMember(list))
    for (const Json& row : map[list].GetArray()) rows.insert(text_of(row));
  return rows;
}

class MadeMap {
public:
  MadeMap(std::uint32_t type, std::string name, std::uint32_t key, std::uint32_t value, std::uint32_t most,
          std::uint32_t flags = 0, int inner = -1)
      : name_(std::move(name)) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
    if (inner >= 0) options.inner_map_fd = static_cast<std::uint32_t>(inner);
    fd_ = ::bpf_map_create(static_cast<bpf_map_type>(type), name_.c_str(), key, value, most, &options);
  }
  MadeMap(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  ~MadeMap() {
    if (fd_ >= 0) ::close(fd_);
  }
  MadeMap(const MadeMap&) = delete;
  MadeMap& operator=(const MadeMap&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_made() const { return fd_ >= 0; }
  template <class Key, class Value> void put(const Key& key, const Value& value) const {
    EXPECT_EQ(::bpf_map_update_elem(fd_, &key, &value, BPF_ANY), 0) << name_ << ": " << std::strerror(errno);
  }
  template <class Value> void push(const Value& value) const {
    EXPECT_EQ(::bpf_map_update_elem(fd_, nullptr, &value, BPF_ANY), 0) << name_;
  }
  [[nodiscard]] std::uint32_t id() const {
    bpf_map_info info{};
    std::uint32_t size = sizeof info;
    (void)::bpf_obj_get_info_by_fd(fd_, &info, &size);
    return info.id;
  }

  /// The map itself, of a report that is kept.
  const Json& shown(const char* via = "bpf", const Words& more = {}) {
    Words words{"dump", "live", "-j", "--limit", "0", "--via", via, "--map", "id:" + std::to_string(id())};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    report_.Parse(ran.out.c_str());
    EXPECT_FALSE(report_.HasParseError()) << ran.out.substr(0, 400);
    EXPECT_EQ(report_["maps"].Size(), 1U);
    return report_["maps"][0];
  }
  [[nodiscard]] const rapidjson::Document& report() const { return report_; }

  void expect_status(const char* status, const char* why = "") {
    const Json& map = shown();
    EXPECT_STREQ(map["status"].GetString(), status) << text_of(map);
    const std::string error = map.HasMember("error") ? map["error"].GetString() : "";
    EXPECT_THAT(error, HasSubstr(why)) << name_;
    EXPECT_EQ(error.empty(), std::string_view(status) == "complete") << error;
  }
  /// As its memory shows it.
  void expect_like_memory(std::initializer_list<const char*> lists) {
    std::vector<std::set<std::string>> by_memory;
    for (const char* list : lists) by_memory.push_back(rows_of(shown("peek"), list));
    const Json& looked_up = shown();
    std::size_t i = 0;
    for (const char* list : lists)
      EXPECT_EQ(rows_of(looked_up, list), by_memory[i++]) << name_ << ' ' << list;
  }

private:
  std::string name_;
  int fd_ = -1;
  rapidjson::Document report_;
};

} // namespace mapscope::cli_test
