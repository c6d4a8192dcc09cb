// SPDX-License-Identifier: Apache-2.0
#include "expected.hpp"

#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string>

namespace mapscope::guest {

namespace {

using rapidjson::SizeType;
using rapidjson::Value;

std::string text_of(const Value* value) {
  if (value == nullptr) return "nothing";
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value->Accept(writer);
  const std::string text = buffer.GetString();
  return text.size() <= 200 ? text : text.substr(0, 200) + "...";
}

class Comparison {
public:
  explicit Comparison(Tally& tally) : tally_(tally) {}

  void value(const Value& stated, const Value* shown, const std::string& path) {
    if (stated.IsObject())
      object(stated, shown, path);
    else if (stated.IsArray())
      list(stated, shown, path);
    else
      cell(shown != nullptr && stated == *shown, stated, shown, path);
  }

private:
  void cell(bool same, const Value& stated, const Value* shown, const std::string& path) {
    tally_.add(same);
    EXPECT_TRUE(same) << path << ": stated " << text_of(&stated) << ", shown " << text_of(shown);
  }

  static const Value* member(const Value* of, const char* name) {
    return of != nullptr && of->IsObject() && of->HasMember(name) ? &(*of)[name] : nullptr;
  }

  void object(const Value& stated, const Value* shown, const std::string& path) {
    for (const auto& [name, inner] : stated.GetObject())
      value(inner, member(shown, name.GetString()), path + "." + name.GetString());
  }

  void list(const Value& stated, const Value* shown, const std::string& path) {
    const bool is_list = shown != nullptr && shown->IsArray();
    const SizeType length = is_list ? shown->Size() : 0;
    cell(stated.Size() == length && (is_list || stated.Empty()), stated, shown, path + " (length)");
    for (SizeType i = 0; i < stated.Size(); ++i)
      value(stated[i], is_list ? counterpart(stated[i], *shown, i) : nullptr,
            path + "[" + std::to_string(i) + "]");
  }

  /// The element with the same key or the same owner, where elements have one.
  static const Value* counterpart(const Value& element, const Value& list, SizeType place) {
    for (const char* name : {"key_hex", "owner"})
      if (const Value* stated = member(&element, name)) return with_member(list, name, *stated);
    return place < list.Size() ? &list[place] : nullptr;
  }

  static const Value* with_member(const Value& list, const char* name, const Value& stated) {
    for (const Value& candidate : list.GetArray())
      if (const Value* shown = member(&candidate, name); shown != nullptr && *shown == stated)
        return &candidate;
    return nullptr;
  }

  Tally& tally_;
};

} // namespace

void compare_expected(const Value& stated, const Value& shown, Tally& tally) {
  Comparison(tally).value(stated, &shown, "");
}

} // namespace mapscope::guest
