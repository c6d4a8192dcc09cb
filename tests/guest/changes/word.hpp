// SPDX-License-Identifier: Apache-2.0
// What the guest says that it changed, in the form in which mapscope's diff says what differs.
#pragma once

#include "../bpf/known.h"
#include "../loader/json.hpp"

#include <string>
#include <vector>

namespace guest {

/// Of one map or program: {"what":...,"name":...,"type_name":...,"changes":[...]}
class Word {
public:
  Word(const char* what, const char* name, const char* type)
      : head_("{\"what\":" + json::quoted(what) + ",\"name\":" + json::quoted(name) +
              ",\"type_name\":" + json::quoted(type)) {}

  Word& added(const std::string& key, const std::string& value) { return change("added", key, value); }
  Word& gone(const std::string& key, const std::string& value) { return change("gone", key, value); }
  Word& added_without_value(const std::string& key) { return add("added", key, ""); }
  /// `from` and `to` are JSON.
  Word& changed(const std::string& key, const std::string& path, const std::string& from,
                const std::string& to) {
    return add("changed", key, ",\"path\":" + json::quoted(path) + ",\"from\":" + from + ",\"to\":" + to);
  }
  /// Of integers: also by how much.
  template <class T> Word& went(const std::string& key, const std::string& path, T from, T to) {
    const auto by = static_cast<s64>(static_cast<u64>(to) - static_cast<u64>(from));
    return changed(key, path, std::to_string(from), std::to_string(to) + ",\"by\":" + std::to_string(by));
  }

  [[nodiscard]] std::string text() const { return head_ + ",\"changes\":" + json::list(changes_) + "}"; }
  [[nodiscard]] std::string is_new() const { return head_ + ",\"new\":true}"; }
  [[nodiscard]] std::string is_gone() const { return head_ + ",\"gone\":true}"; }

private:
  Word& change(const char* kind, const std::string& key, const std::string& value) {
    return add(kind, key, ",\"value\":" + value);
  }
  Word& add(const char* kind, const std::string& key, const std::string& rest) {
    changes_.push_back("{\"change\":" + json::quoted(kind) +
                       (key.empty() ? "" : ",\"key\":" + json::quoted(key)) + rest + "}");
    return *this;
  }

  std::string head_;
  std::vector<std::string> changes_;
};

inline std::string plain(u64 value) { return std::to_string(value); }

inline std::string plain(const numbers& value) {
  return "{\"count\":" + std::to_string(value.count) + ",\"sum\":" + std::to_string(value.sum) +
         ",\"last\":" + std::to_string(value.last) + ",\"level\":" + std::to_string(value.level) +
         ",\"flags\":" + std::to_string(value.flags) + "}";
}

template <class T> std::string plain(const std::vector<T>& values) {
  std::vector<std::string> all;
  for (const T& value : values) all.push_back(plain(value));
  return json::list(all);
}

} // namespace guest
