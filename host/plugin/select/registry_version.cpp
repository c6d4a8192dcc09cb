// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/select/registry_version.hpp"

#include <algorithm>

namespace mapscope::plugin {

namespace {

struct Part {
  std::string_view number, text; ///< no leading zeros; zero is ""
};

/// Cuts the part before the next dot off `version`; an empty version has zeros for ever.
Part take_part(std::string_view& version) {
  const std::size_t end = std::min(version.find('.'), version.size());
  std::string_view part = version.substr(0, end);
  version.remove_prefix(std::min(end + 1, version.size()));
  const std::size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
  std::string_view number = part.substr(0, digits);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return {number, part.substr(digits)};
}

std::weak_ordering compare(const Part& a, const Part& b) {
  if (a.number.size() != b.number.size()) return a.number.size() <=> b.number.size();
  if (a.number != b.number) return a.number <=> b.number;
  if (a.text.empty() != b.text.empty())
    return a.text.empty() ? std::weak_ordering::greater : std::weak_ordering::less;
  return a.text <=> b.text;
}

} // namespace

std::weak_ordering compare_versions(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty())
    if (const auto order = compare(take_part(a), take_part(b)); order != 0) return order;
  return std::weak_ordering::equivalent;
}

} // namespace mapscope::plugin
