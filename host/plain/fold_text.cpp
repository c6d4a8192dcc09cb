// SPDX-License-Identifier: Apache-2.0
#include "host/plain/fold_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace mapscope::plain {

namespace {

std::string text_at(const Json& frame, const char* name) {
  const Json* const text = find(frame, name);
  return text != nullptr && text->IsString() ? text->GetString() : "";
}

std::string frame_name(const Json& frame) {
  if (std::string symbol = text_at(frame, "symbol"); !symbol.empty()) return frame_text(symbol);
  const Json* const ip = find(frame, "ip");
  if (ip != nullptr && ip->IsUint64()) return fmt::format("{:#x}", ip->GetUint64());
  const Json* const offset = find(frame, "offset");
  const std::string file = text_at(frame, "build_id");
  if (file.empty() || offset == nullptr || !offset->IsUint64()) return "[unknown]";
  return fmt::format("[{}+{:#x}]", frame_text(file.substr(0, 8)), offset->GetUint64());
}

/// Of user space that keeps no frame pointers, where the walk ended.
bool is_nowhere(const Json& frame) {
  const Json* const ip = find(frame, "ip");
  return ip != nullptr && ip->IsUint64() && ip->GetUint64() == 0;
}

} // namespace

std::string frame_text(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == ';' || static_cast<unsigned char>(c) < ' ') c = '_';
  return out;
}

void add_frames(const Json& stack, std::vector<std::string>& line) {
  for (const char* const list : {"frames", "build_ids"}) {
    const Json* const frames = find(stack, list);
    if (frames == nullptr || !frames->IsArray()) continue;
    auto size = frames->Size();
    while (size != 0 && is_nowhere((*frames)[size - 1])) --size;
    for (rapidjson::SizeType i = size; i-- > 0;) line.push_back(frame_name((*frames)[i]));
  }
}

std::string letters_of(const Json& array) {
  std::string text;
  const Json* const elements = find(array, "elements");
  if (elements == nullptr || !elements->IsArray()) return "";
  for (const Json& element : elements->GetArray()) {
    const Json *const value = find(element, "value"), *const bits = find(element, "bits");
    const bool is_letter =
        is_kind(element, "char") || (bits != nullptr && bits->IsUint() && bits->GetUint() == 8);
    if (!is_letter || value == nullptr || !value->IsInt()) return "";
    const int code = value->GetInt();
    if (code == 0) return text;
    if (code < ' ' || code > '~') return "";
    text += static_cast<char>(code);
  }
  return text;
}

std::string letters_of(std::span<const std::byte> bytes) {
  std::string text;
  bool has_ended = false;
  for (const std::byte byte : bytes) {
    const auto code = std::to_integer<unsigned char>(byte);
    has_ended = has_ended || code == 0;
    if (has_ended ? code != 0 : code < ' ' || code > '~') return "";
    if (!has_ended) text += static_cast<char>(code);
  }
  return text;
}

} // namespace mapscope::plain
