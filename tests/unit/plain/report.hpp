// SPDX-License-Identifier: Apache-2.0
// A report as short as a test can have it: V('{"kind":...}') in the usual form.
#pragma once

#include "host/plain/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mapscope::plain {

inline rapidjson::Document parsed(const std::string& text) {
  auto document = parse(text);
  if (document) return std::move(*document);
  ADD_FAILURE() << document.error().text << " in " << text;
  return {};
}

inline std::string uint(std::uint64_t number) {
  return R"({"kind":"uint","bits":64,"value":)" + std::to_string(number) + "}";
}
inline std::string member(const std::string& name, const std::string& value) {
  return R"({"name":")" + name + R"(","value":)" + value + "}";
}
inline std::string record(const std::string& members) {
  return R"({"kind":"struct","type_name":"s","members":[)" + members + "]}";
}
inline std::string list(const std::string& elements) {
  return R"({"kind":"array","len":3,"elements":[)" + elements + "]}";
}
inline std::string character(int code) {
  return R"({"kind":"int","bits":8,"value":)" + std::to_string(code) + "}";
}
inline std::string pointer(const std::string& more) { return R"({"kind":"ptr","value":4096)" + more + "}"; }

inline std::string plainly(const std::string& text) {
  const auto node = parsed(text);
  rapidjson::Document own;
  return json_text(plain(node, own.GetAllocator()), false);
}

} // namespace mapscope::plain
