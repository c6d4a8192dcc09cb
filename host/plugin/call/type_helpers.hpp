// SPDX-License-Identifier: Apache-2.0
// The helpers that answer questions about types: type_find() and those that take what it gives.
//
// Refuses: handles that it did not give. What was last asked for in vain is remembered: it says why a render
// ends. Thread rule: belongs to the thread that renders.
#pragma once

#include "host/plugin/call/task.hpp"

#include <mapscope/plugin.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace mapscope::plugin {

class VisibleMaps;
class Words;

class TypeHelpers {
public:
  /// `options`: of the plugin, which name types that are also looked for in files that were given.
  TypeHelpers(const Task& task, Words& words, const VisibleMaps& maps,
              const std::map<std::string, std::string>& options)
      : task_(task), words_(words), maps_(maps), options_(options) {}

  int find(std::uint32_t scope, const char* name, msc_type* found);
  int size(msc_type type, std::size_t* size);
  int member(msc_type type, const char* path, msc_member* member);
  int member_at(msc_type type, std::uint32_t index, msc_member_info* info);
  int holder(msc_type held, msc_type after, msc_member_info* info);
  int sized(std::size_t least, std::size_t most, msc_type after, msc_member_info* info);
  int enumerator_at(msc_type type, std::uint32_t index, msc_enumerator* info);

  [[nodiscard]] std::optional<catalog::TypeRef> resolve(msc_type type) const;
  /// What a helper answers of a type that resolve() does not know: bytes are no mistake.
  int no_type(msc_type type, std::string_view helper);

  /// Something was asked for in vain; of a member `of` is the type, for a hint when it is told.
  void miss(std::string what, catalog::TypeRef of = {}, std::string_view path = {});
  [[nodiscard]] bool has_missed() const { return !missing_.empty(); }
  [[nodiscard]] std::string missing_text() const;

private:
  [[nodiscard]] std::shared_ptr<const btf::Types> given(std::uint64_t tag) const;
  [[nodiscard]] bool is_configured(std::string_view spelled) const;
  std::optional<msc_type> find_given(std::string_view spelled);

  const Task& task_;
  Words& words_;
  const VisibleMaps& maps_;
  const std::map<std::string, std::string>& options_;
  std::optional<std::unordered_set<btf::TypeId>> embedded_; ///< of the map's types
  std::string missing_;                                     ///< the type or member last asked for in vain
  catalog::TypeRef missing_of_;
  std::string missing_path_;
};

} // namespace mapscope::plugin
