// SPDX-License-Identifier: Apache-2.0
// Types that a person gives: files with types, and what the keys and values of maps are.
//
// Refuses: to take a type that has not as many bytes as the map's keys or values; the map then is what it
// was, and a note says why. Thread rule: plain values.
#pragma once

#include "host/btf/types_file.hpp"
#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::pipeline {

class GivenTypes {
public:
  /// Those that `first` names come ahead of the configuration's. Errors begin with the file's name.
  static Result<GivenTypes> read(const std::vector<std::string>& first, const config::Config& config);

  /// Before anything else is asked: types that go on from the kernel's own take them from here.
  Result<void> stand_on(const std::shared_ptr<const btf::Types>& kernel);
  /// What rules say of the maps; once for each of their lists.
  void apply(std::vector<catalog::Map>& maps) const;
  /// Those of the files, in order.
  [[nodiscard]] const catalog::TypeObjects& objects() const { return objects_; }

private:
  struct Part;
  void apply(catalog::Map& map, const Part& part) const;
  catalog::TypeRef find(catalog::Map& map, const Part& part, const std::string& spelled,
                        const std::string& origin) const;

  std::vector<btf::TypesFile> files_;
  std::vector<config::MapRule> rules_; ///< with a type in them
  catalog::TypeObjects objects_;
  std::shared_ptr<const btf::Types> kernel_;
};

} // namespace mapscope::pipeline
