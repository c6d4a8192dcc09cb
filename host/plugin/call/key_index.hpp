// SPDX-License-Identifier: Apache-2.0
// The elements of one map by their keys, kept for the time of a render.
//
// Refuses: more bytes than it is given. Thread rule: one thread.
#pragma once

#include "host/plugin/call/element_sink.hpp"
#include "host/plugin/call/walked_map.hpp"

#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace mapscope::plugin {

class KeyIndex final : public ElementSink {
public:
  KeyIndex(const catalog::Map& map, TypeHandles types, std::uint64_t& room) : map_(map, types), room_(room) {}

  /// Null where there is none.
  [[nodiscard]] const msc_element* find(std::string_view key) const {
    const auto found = elements_.find(key);
    return found != elements_.end() ? &found->second.element : nullptr;
  }
  /// Bytes of its keys; nothing while there is none.
  [[nodiscard]] std::optional<std::size_t> key_size() const {
    return elements_.empty() ? std::nullopt : std::optional(elements_.begin()->first.size());
  }
  [[nodiscard]] bool is_full() const { return is_full_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  void note(int rc, std::string_view text) override {
    if (rc < MSC_OK && problem_.empty()) problem_ = text;
  }

private:
  struct Kept {
    std::unique_ptr<std::byte[]> bytes; ///< of key, value and copies
    std::vector<msc_value> copies;
    msc_element element;
  };

  int element(const msc_row& row) override;

  WalkedMap map_;
  std::uint64_t& room_; ///< bytes left for all indexes of one render
  std::unordered_map<std::string_view, Kept> elements_;
  WalkedMap::Room scratch_;
  std::string problem_;
  bool is_full_ = false;
};

} // namespace mapscope::plugin
