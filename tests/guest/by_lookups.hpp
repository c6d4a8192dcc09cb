// SPDX-License-Identifier: Apache-2.0
// What look-ups of bpf(2) can show of a map, by the rules of the kernel and by nothing that a report says.
//
// spec: kernel/bpf of 6.1, 6.12 and 7.3; what a look-up changes in is not to be looked up.
#pragma once

#include <rapidjson/document.h>
#include <string>

namespace mapscope::guest {

enum class Seen { whole, in_part, not_at_all };

struct Sight {
  Seen seen = Seen::whole;
  std::string why; ///< part of what the report must say of it
};

/// Of a map as the guest stated it.
class ByLookups {
public:
  /// The guest's release, "6.1.0-57-cloud-amd64".
  explicit ByLookups(const std::string& release);

  [[nodiscard]] Sight sight_of(const rapidjson::Value& stated) const;
  /// What the report of look-ups must show, of what a report of memory must.
  [[nodiscard]] rapidjson::Document seen_of(const rapidjson::Value& stated,
                                            const rapidjson::Value& expected) const;

private:
  [[nodiscard]] bool may_be_asked_for(const rapidjson::Value& owner) const;
  void leave_owners(rapidjson::Document& expected) const;

  bool knows_threads_; ///< by descriptors of their own: since 6.9
};

} // namespace mapscope::guest
