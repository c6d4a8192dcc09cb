// SPDX-License-Identifier: Apache-2.0
// What writers that choose among rows share: values read back as a report has them, and where a row ends.
//
// Thread rule: plain values.
#pragma once

#include "host/report/json_text.hpp"
#include "host/report/json_value.hpp"
#include "host/report/writer.hpp"

#include <rapidjson/document.h>
#include <string>
#include <string_view>

namespace mapscope::pipeline {

/// A value as its JSON, parsed again.
class ReadBack {
public:
  /// decode(visitor) says what the value is. With a parse error where it is none.
  template <class Decode> rapidjson::Document operator()(const Decode& decode) {
    text_.text.clear();
    {
      report::JsonText out(text_, false, false);
      report::JsonValue into(out);
      decode(into);
    }
    rapidjson::Document value;
    value.Parse(text_.text.data(), text_.text.size());
    return value;
  }

private:
  struct Text final : report::Stream {
    void append(std::string_view more) override { text.append(more); }
    std::string text;
  };
  Text text_;
};

/// Whether the fields that come belong to a row.
class OpenRow {
public:
  void begin(const report::Row& row) { depth_ = row.open ? 1 : 0; }
  [[nodiscard]] bool is_open() const { return depth_ != 0; }
  void take(const report::Field& field) {
    using report::FieldKind;
    if (depth_ == 0) return;
    if (field.kind == FieldKind::object || field.kind == FieldKind::list) ++depth_;
    if (field.kind == FieldKind::end) --depth_;
  }

private:
  unsigned depth_ = 0; ///< in the row, 1 at its outermost
};

} // namespace mapscope::pipeline
