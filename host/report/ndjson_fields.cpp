// SPDX-License-Identifier: Apache-2.0
#include "host/report/ndjson_fields.hpp"

#include <fmt/format.h>

namespace mapscope::report {

void write_plain(const Typed& typed, JsonText& out, PlainValue& value, std::string root,
                 const DecodeInto& decode) {
  if (typed.decoder == nullptr) return out.hex(typed.bytes);
  value.begin(out, std::move(root));
  decode(typed, value);
}

void write_apart(JsonText& out, std::string_view links, std::string_view gaps) {
  for (const auto& [name, list] : {std::pair{"links", links}, {"gaps", gaps}})
    if (!list.empty()) out.key(name), out.begin_array(), out.begin_value(list), out.end_array();
}

std::string PlainFields::path_of(const Field& field) const {
  std::string path = root_;
  for (const Open& open : open_) {
    if (!open.name.empty()) path += '.' + open.name;
    if (open.is_list) path += fmt::format("[{}]", open.count - 1);
  }
  if (!field.name.empty()) path += '.' + std::string(field.name);
  return path.starts_with('.') ? path.substr(1) : path;
}

void PlainFields::end(JsonText& out) {
  if (open_.back().is_list)
    out.end_array();
  else
    out.end_object();
  open_.pop_back();
}

void PlainFields::write(JsonText& out, const Field& field) {
  if (field.kind == FieldKind::end) return end(out);
  if (field.kind == FieldKind::page && !shows_pages_) return;
  if (!open_.empty() && open_.back().is_list) ++open_.back().count;
  if (!field.name.empty()) out.key(field.name);
  switch (field.kind) {
  case FieldKind::object:
    open_.push_back({std::string(field.name)});
    return out.begin_object();
  case FieldKind::list:
    open_.push_back({std::string(field.name), true});
    return out.begin_array();
  case FieldKind::number:
    return out.number(field.number);
  case FieldKind::address:
    return out.address(field.number);
  case FieldKind::signed_number:
    return out.number(static_cast<std::int64_t>(field.number));
  case FieldKind::flag:
    return out.boolean(field.number != 0);
  case FieldKind::real:
    return out.real(field.real);
  case FieldKind::text:
    return out.string(field.text);
  case FieldKind::hex:
  case FieldKind::page:
    return out.hex(field.value.bytes);
  case FieldKind::typed:
    return write_plain(field.value, out, value_, path_of(field), decode_);
  default:
    return out.null();
  }
}

ElementFields::ElementFields(PlainFields& fields, bool big_numbers_as_strings)
    : fields_(fields), rest_(big_numbers_as_strings) {
  for (auto* parts : {&keys_, &values_})
    while (parts->size() < ElementList{}.keys.size())
      parts->push_back(std::make_unique<JsonPiece>(big_numbers_as_strings));
}

bool ElementFields::begin(std::string_view outer, const Field& field) {
  if (field.kind == FieldKind::list) list_ = find_element_list(outer, field.name);
  return list_ != nullptr;
}

JsonPiece& ElementFields::part_for(std::string_view name) {
  const auto find = [&](const auto& names, const auto& parts) -> JsonPiece* {
    const auto* const found = std::ranges::find(names, name);
    return found != names.end() ? parts[static_cast<std::size_t>(found - names.begin())].get() : nullptr;
  };
  if (JsonPiece* const key = find(list_->keys, keys_)) return *key;
  JsonPiece* const value = find(list_->values, values_);
  return value != nullptr ? *value : rest_;
}

void ElementFields::field(const Field& field, const std::function<void(const PlainElement&)>& element) {
  if (part_ != nullptr) {
    fields_.write(part_->text(), field);
    if (fields_.depth() != 0) return;
    part_ = nullptr;
    if (is_bare_) finish(element);
    return;
  }
  const bool is_end = field.kind == FieldKind::end;
  if (!in_element_ && is_end) return list_ = nullptr, void();
  if (!in_element_) {
    in_element_ = true;
    rest_.text().begin_object();
    is_bare_ = field.kind != FieldKind::object;
    if (!is_bare_) return;
  }
  if (is_end) return finish(element);
  JsonPiece& part = is_bare_ ? rest_ : part_for(field.name);
  const bool is_rest = &part == &rest_, is_all = list_->values.front().empty();
  Field plain = field;
  if (!is_rest) plain.name = "";
  if (is_bare_) plain.name = "value";
  fields_.begin(is_rest && !is_all ? "more" : "value");
  fields_.write(part.text(), plain);
  if (fields_.depth() != 0)
    part_ = &part;
  else if (is_bare_)
    finish(element);
}

void ElementFields::finish(const std::function<void(const PlainElement&)>& element) {
  in_element_ = false;
  rest_.text().end_object();
  const bool is_all = list_->values.front().empty();
  const auto best = [](const auto& parts) {
    std::string_view best;
    for (const auto& part : parts)
      if (const auto text = part->take(); best.empty()) best = text;
    return best;
  };
  const std::string_view key = best(keys_);
  if (is_all) return element({key, rest_.take(), ""});
  element({key, best(values_), rest_.take_members()});
}

} // namespace mapscope::report
