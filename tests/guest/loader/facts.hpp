// SPDX-License-Identifier: Apache-2.0
// Facts: at this place of this map, decoding must show this value, because the C compiler reads it so.
#pragma once

#include "json.hpp"

#include <cstdio>
#include <cstring>
#include <string>

struct everything;
struct numbers;
struct odd;
struct point;
struct key;
struct other;
struct five;
struct flexible;
struct page_and_more;

namespace guest {

/// Where facts are stated of: a map and, unless it is the map's only value, which part of which element.
struct Place {
  unsigned map_id = 0;
  std::string map_name;
  std::string element; ///< JSON members that name the element; empty for the only value of a map
  std::string path;    ///< of the variable, for sections
};

class Facts {
public:
  explicit Facts(std::FILE* out) : out_(out) {}
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  void at(Place place) { place_ = std::move(place); }

  void state(const std::string& path, const std::string& json) {
    const char* dot = place_.path.empty() || path.empty() || path.front() == '[' ? "" : ".";
    std::fprintf(out_, "%s\n{\"map\":%u,\"name\":\"%s\",%s\"path\":\"%s%s%s\",\"json\":%s}",
                 count_ == 0 ? "" : ",", place_.map_id, place_.map_name.c_str(), place_.element.c_str(),
                 place_.path.c_str(), dot, path.c_str(), json.c_str());
    ++count_;
  }

private:
  std::FILE* out_;
  Place place_;
  unsigned count_ = 0;
};

/// One for each type of known.h: every member of it, at the place where `facts` stands.
void state_value(Facts& facts, const everything& value);
void state_value(Facts& facts, const numbers& value);
void state_value(Facts& facts, const odd& value);
void state_value(Facts& facts, const point& value);
void state_value(Facts& facts, const key& value);
void state_value(Facts& facts, const other& value);
void state_value(Facts& facts, const five& value);
void state_value(Facts& facts, const flexible& value);
void state_value(Facts& facts, const page_and_more& value);

} // namespace guest
