// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_fields.hpp"

#include "host/btf/decoder.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::report {

void TextFields::begin() {
  tree_.clear();
  names_.clear();
  lists_.clear();
  pages_ = {};
  tree_.begin_struct(std::nullopt);
}

void TextFields::add(const Field& field) {
  if (!field.name.empty()) tree_.member(*names_.emplace(field.name).first);
  switch (field.kind) {
  case FieldKind::object:
    lists_.push_back(false);
    return tree_.begin_struct(std::nullopt);
  case FieldKind::list:
    lists_.push_back(true);
    return tree_.begin_list();
  case FieldKind::end:
    return close();
  case FieldKind::number: // as a word: in values zeros are hidden, but here 0 was found out
    return tree_.word(fmt::format("{}", field.number));
  case FieldKind::signed_number:
    return tree_.word(fmt::format("{}", static_cast<std::int64_t>(field.number)));
  case FieldKind::flag:
    return tree_.word(field.number != 0 ? "true" : "false");
  case FieldKind::address:
    return tree_.pointer(field.number);
  case FieldKind::real:
    return tree_.word(fmt::format("{}", field.real));
  case FieldKind::text:
    return text(field.text);
  case FieldKind::hex:
    return tree_.bytes(field.value.bytes);
  case FieldKind::page:
    return page(field.value.bytes);
  case FieldKind::typed:
    if (field.value.decoder == nullptr) return tree_.bytes(field.value.bytes);
    cuts_.add(beside_arrays(field.value.decoder->decode(field.value.bytes, tree_)));
    return tree_.keep_zero(); // constants of value 0 have names, too
  case FieldKind::absent:
    return tree_.word("-");
  }
}

void TextFields::close() {
  if (!full_) shorten(lists_.back());
  const bool is_list = lists_.back(), names_flags = tree_.is_open_member("flag_names");
  if (is_list)
    tree_.end_array();
  else
    tree_.end_struct();
  if (is_list && names_flags) tree_.name_flags();
  if (pages_.count != 0) close_page();
  lists_.pop_back();
}

/// One of several lines keeps them.
void TextFields::text(std::string_view text) {
  if (text.find('\n') == text.npos) return tree_.word(text);
  tree_.begin_lines();
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    tree_.line(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  tree_.end_array();
}

void TextFields::page(std::span<const std::byte> bytes) {
  if (shows_pages_ || lists_.size() < 2 || lists_.back()) return tree_.memory(bytes);
  ++pages_.count;
  pages_.bytes += bytes.size();
  pages_.depth = lists_.size();
  pages_.unread += bytes.empty() ? 1 : 0;
  pages_.with_content += std::ranges::any_of(bytes, [](std::byte b) { return b != std::byte{0}; }) ? 1 : 0;
  tree_.word("page"); // goes with the record it is in
}

/// What held a page goes with it; their list says how many there were.
void TextFields::close_page() {
  if (lists_.size() == pages_.depth) return tree_.take_back();
  if (lists_.size() + 1 != pages_.depth) return;
  tree_.take_back();
  tree_.word(pages_text());
  pages_ = {};
}

std::string TextFields::pages_text() const {
  std::string text = fmt::format("{} with {} KiB, {} of them not all zeros", pages_.count,
                                 (pages_.bytes + 1023) / 1024, pages_.with_content);
  if (pages_.unread != 0) text += fmt::format(", {} could not be read", pages_.unread);
  return text + " (report.arena_bytes=hex shows them)";
}

} // namespace mapscope::report
