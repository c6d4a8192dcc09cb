// SPDX-License-Identifier: Apache-2.0
// What the tests of the report share: a stream that keeps its text, values by hand, an independent JSON
// reader.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/report/json_value.hpp"
#include "host/report/text_value.hpp"
#include "host/report/writer.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <string>
#include <vector>

namespace mapscope::report {

struct Kept final : Stream {
  std::string text;
  void append(std::string_view more) override { text += more; }
};

using Events = std::function<void(btf::ValueVisitor&)>;

/// A decoder that says the same whatever the bytes.
class Says final : public btf::Decoder {
public:
  explicit Says(Events events) : events_(std::move(events)) {}
  btf::Cuts decode(std::span<const std::byte>, btf::ValueVisitor& visitor) const override {
    events_(visitor);
    return {};
  }
  void decode(std::span<const std::byte>, btf::ValueVisitor& visitor, btf::Progress&) const override {
    events_(visitor);
  }
  [[nodiscard]] std::string_view type_name() const override { return "by hand"; }

private:
  Events events_;
};

inline std::string json_of(const Events& events, bool pretty = false, bool big_as_strings = false) {
  Kept kept;
  JsonText out(kept, pretty, big_as_strings);
  JsonValue value(out);
  events(value);
  out.flush();
  return kept.text;
}

/// Fails the running test when the text is no JSON; numbers keep their 64 bits.
inline rapidjson::Document parsed(const std::string& json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(json.c_str());
  EXPECT_FALSE(document.HasParseError()) << json;
  return document;
}

inline std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

inline catalog::Map a_map(std::string type_name = "hash", std::uint32_t max_entries = 8) {
  catalog::Map map;
  map.id = 7, map.name = "m", map.type = 1, map.type_name = std::move(type_name);
  map.key_size = 4, map.value_size = 8, map.max_entries = max_entries;
  return map;
}

/// One map's text from its rows; `ends` is how it ended.
inline std::string map_text(Format format, const catalog::Map& map, const std::vector<Row>& rows,
                            const Outcome& ends = {}, const Options& options = {}) {
  Kept kept;
  const auto writer = make_map_writer(format, options, kept);
  writer->begin(map);
  for (const Row& row : rows) writer->row(row);
  writer->end(ends);
  return kept.text;
}

} // namespace mapscope::report
