// SPDX-License-Identifier: Apache-2.0
#include "expect.hpp"

#include "guest.hpp"

#include <bpf/bpf.h>
#include <map>

namespace guest {

namespace {

std::multimap<unsigned, std::string>& statements() {
  static std::multimap<unsigned, std::string> all;
  return all;
}

} // namespace

void expect(int map_fd, const std::string& json) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  must(bpf_obj_get_info_by_fd(map_fd, &info, &size), "info");
  statements().emplace(info.id, json);
}

std::vector<std::string> expected_of(unsigned map_id) {
  std::vector<std::string> found;
  const auto [begin, end] = statements().equal_range(map_id);
  for (auto at = begin; at != end; ++at) found.push_back(at->second);
  return found;
}

} // namespace guest
