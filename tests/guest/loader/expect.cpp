// SPDX-License-Identifier: Apache-2.0
#include "expect.hpp"

#include "guest.hpp"
#include "json.hpp"

#include <map>

namespace guest {

namespace {

std::multimap<unsigned, std::string>& statements() {
  static std::multimap<unsigned, std::string> all;
  return all;
}

std::multimap<unsigned, std::string>& hidden() {
  static std::multimap<unsigned, std::string> all;
  return all;
}

unsigned id_of(int map_fd) { return info_of<bpf_map_info>(map_fd).id; }

std::vector<std::string> of(const std::multimap<unsigned, std::string>& all, unsigned map_id) {
  std::vector<std::string> found;
  const auto [begin, end] = all.equal_range(map_id);
  for (auto at = begin; at != end; ++at) found.push_back(at->second);
  return found;
}

} // namespace

void expect(int map_fd, const std::string& json) { statements().emplace(id_of(map_fd), json); }

void hide(int map_fd, unsigned offset, unsigned size) {
  hidden().emplace(id_of(map_fd), json::list(std::vector{std::to_string(offset), std::to_string(size)}));
}

std::string hidden_of(unsigned map_id) {
  const auto found = of(hidden(), map_id);
  return found.empty() ? "" : json::list(found);
}

std::vector<std::string> expected_of(unsigned map_id) { return of(statements(), map_id); }

} // namespace guest
