// SPDX-License-Identifier: Apache-2.0
#include "host/report/formats.hpp"
#include "host/report/json_parts.hpp"
#include "host/report/json_value.hpp"

#include <fmt/format.h>
#include <map>

namespace mapscope::report {

namespace {

using Layout = JsonText::Layout;

class JsonMapWriter : public MapWriter {
public:
  JsonMapWriter(const Options& options, Stream& stream)
      : out_(stream, options.pretty, options.big_numbers_as_strings, options.pretty ? 2 : 0), value_(out_),
        options_(options) {}

  void begin(const catalog::Map& map) override;
  void begin_allocator(std::string_view name, const catalog::Map& section) override;
  void row(const Row& row) override;
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] bool has_helpers() const override { return true; }
  [[nodiscard]] std::unique_ptr<MapWriter> helper(Stream& to) const override;
  void add(std::string_view text, const Cuts& cuts) override {
    out_.raw(text);
    add_cuts(cuts);
  }

protected:
  /// The object itself, for what is no map and has no header.
  void begin_object(std::string_view title) {
    out_.begin_object(Layout::lines);
    out_.key("title"), out_.string(title);
  }

private:
  void open_list(Shape shape);
  void close_list();
  void decoded(const char* key, const Typed& typed);
  void decoded_or_bytes(const Typed& typed);
  void hex(const char* key, const Typed& typed);
  void slot(const Row& row);
  void copies(std::span<const std::optional<Typed>> copies);
  void page(std::span<const std::byte> bytes);
  void close_field();
  [[nodiscard]] std::string path_of(std::string_view name) const;
  void open_field(const Field& field, bool is_list);
  void note_form(const Field& field);
  void note_number(const Field& field, bool is_big);
  void forms();
  void cut_values();

  JsonText out_;
  JsonValue value_;
  Options options_;
  std::optional<Shape> list_; ///< the list of rows that is open
  bool row_open_ = false;     ///< fields are members of the last row
  struct OpenField {
    bool is_list = false;
    std::string path; ///< "fd_array.slots[]"
  };
  std::vector<OpenField> open_fields_;
  struct Form {
    std::string_view name = {}; ///< "": as it looks
    bool has_numbers = false;
    std::uint64_t least_address = UINT64_MAX;
  };
  std::map<std::string, Form, std::less<>> forms_; ///< of fields, by path: see note_form()
};

void JsonMapWriter::begin(const catalog::Map& map) {
  out_.begin_object(Layout::lines);
  write_header(out_, map);
}

void JsonMapWriter::begin_allocator(std::string_view name, const catalog::Map& section) {
  out_.begin_object(Layout::lines);
  write_allocator_header(out_, name, section);
}

void JsonMapWriter::open_list(Shape shape) {
  if (list_ == shape) return;
  close_list();
  out_.key(list_name(shape)), out_.begin_array(Layout::lines);
  list_ = shape;
}

void JsonMapWriter::close_list() {
  if (list_) out_.end_array();
  list_.reset();
}

/// As deep in the text as this one is.
std::unique_ptr<MapWriter> JsonMapWriter::helper(Stream& to) const {
  auto made = std::make_unique<JsonMapWriter>(options_, to);
  made->out_.begin_object(Layout::lines);
  if (list_) made->open_list(*list_);
  made->out_.forget();
  return made;
}

void JsonMapWriter::decoded(const char* key, const Typed& typed) {
  if (typed.decoder == nullptr) return;
  out_.key(key);
  decode(typed, value_);
}

/// Where the format has a place that must be filled, untyped bytes stand as a value of kind "bytes".
void JsonMapWriter::decoded_or_bytes(const Typed& typed) {
  if (typed.decoder != nullptr)
    decode(typed, value_);
  else
    value_.bytes(typed.bytes);
}

void JsonMapWriter::hex(const char* key, const Typed& typed) { out_.key(key), out_.hex(typed.bytes); }

void JsonMapWriter::copies(std::span<const std::optional<Typed>> copies) {
  out_.key("per_cpu"), out_.begin_array(Layout::lines);
  for (const auto& copy : copies) {
    if (copy)
      decoded_or_bytes(*copy);
    else
      out_.null();
  }
  out_.end_array();
  out_.key("per_cpu_hex"), out_.begin_array(Layout::lines);
  for (const auto& copy : copies) {
    if (copy)
      out_.hex(copy->bytes);
    else
      out_.null();
  }
  out_.end_array();
}

void JsonMapWriter::slot(const Row& row) {
  open_list(row.shape);
  out_.begin_object();
  out_.key("idx"), out_.number(std::int64_t{row.slot.idx});
  out_.key("genn"), out_.number(std::int64_t{row.slot.genn});
  out_.key("user_addr"), out_.number(std::uint64_t{row.slot.user_addr});
  if (row.slot.address != 0) out_.key("address"), out_.number(row.slot.address);
  out_.key("payload");
  if (row.value.readable)
    decoded_or_bytes(row.value);
  else
    value_.unsupported(unread_slot);
  out_.end_object();
}

void JsonMapWriter::row(const Row& row) {
  if (row.shape == Shape::slot) return slot(row);
  if (row.shape == Shape::value) {
    if (!row.value.readable) return out_.key("value_unreadable"), out_.boolean(true);
    out_.key("value"), decoded_or_bytes(row.value);
    return hex("value_hex", row.value);
  }
  open_list(row.shape);
  const bool has_index = row.shape == Shape::element || row.shape == Shape::percpu_element;
  out_.begin_object();
  if (has_index || row.shape == Shape::queued) {
    out_.key(has_index ? "key" : "index"), out_.number(std::uint64_t{row.index});
  } else {
    decoded("key", row.key);
    hex("key_hex", row.key);
  }
  if (row.shape == Shape::percpu_element || row.shape == Shape::percpu_entry) {
    copies(row.copies);
  } else if (row.value.readable) {
    if (row.shape == Shape::element || row.shape == Shape::queued)
      out_.key("value"), decoded_or_bytes(row.value);
    else
      decoded("value", row.value);
    hex("value_hex", row.value);
  }
  if (row.payload) out_.key("payload"), decoded_or_bytes(*row.payload);
  row_open_ = row.open;
  if (!row.open) out_.end_object();
}

/// Memory in the reference's form: a list of numbers.
void JsonMapWriter::page(std::span<const std::byte> bytes) {
  if (options_.arena_bytes == "hex") return out_.hex(bytes);
  out_.begin_array();
  for (const std::byte byte : bytes) out_.number(std::uint64_t{static_cast<std::uint8_t>(byte)});
  out_.end_array();
}

void JsonMapWriter::close_field() {
  if (open_fields_.empty()) { // the row itself
    row_open_ = false;
    return out_.end_object();
  }
  if (open_fields_.back().is_list)
    out_.end_array();
  else
    out_.end_object();
  open_fields_.pop_back();
}

/// "entries[].owner.ip": lists have no numbers in it.
std::string JsonMapWriter::path_of(std::string_view name) const {
  std::string path;
  if (!open_fields_.empty())
    path = open_fields_.back().path;
  else if (row_open_ && list_)
    path = fmt::format("{}[]", list_name(*list_));
  if (path.empty() || name.empty()) return path.append(name);
  return path.append(".").append(name);
}

void JsonMapWriter::open_field(const Field& field, bool is_list) {
  open_fields_.push_back({is_list, path_of(field.name) + (is_list ? "[]" : "")});
}

/// What JSON writes like something else: who reads it back needs to know.
void JsonMapWriter::note_form(const Field& field) {
  constexpr std::uint64_t exact = 1ULL << 53;
  switch (field.kind) {
  case FieldKind::address: {
    Form& form = forms_[path_of(field.name)];
    form.name = "address", form.least_address = std::min(form.least_address, field.number);
    return;
  }
  case FieldKind::hex:
    forms_[path_of(field.name)].name = "hex";
    return;
  case FieldKind::page:
    forms_[path_of(field.name)].name = "page";
    return;
  case FieldKind::number:
    return note_number(field, field.number > exact);
  case FieldKind::signed_number:
    return note_number(field, field.number + exact > 2 * exact);
  default:
    return;
  }
}

/// Some are a number or an address, by their value (dsq_id).
void JsonMapWriter::note_number(const Field& field, bool is_big) {
  Form& form = forms_[path_of(field.name)];
  form.has_numbers = true;
  if (options_.big_numbers_as_strings && is_big && form.name.empty()) form.name = "number";
}

void JsonMapWriter::field(const Field& field) {
  if (field.kind == FieldKind::end) return close_field();
  if (field.kind == FieldKind::page && options_.arena_bytes == "none") return;
  if (!row_open_ && open_fields_.empty()) close_list();
  if (!field.name.empty()) out_.key(field.name);
  note_form(field);
  switch (field.kind) {
  case FieldKind::object:
    open_field(field, false);
    return out_.begin_object();
  case FieldKind::list:
    open_field(field, true);
    return out_.begin_array(Layout::lines);
  case FieldKind::number:
  case FieldKind::address:
    return out_.number(field.number);
  case FieldKind::signed_number:
    return out_.number(static_cast<std::int64_t>(field.number));
  case FieldKind::flag:
    return out_.boolean(field.number != 0);
  case FieldKind::real:
    return out_.begin_value(""), out_.raw_real(field.real);
  case FieldKind::text:
    return out_.string(field.text);
  case FieldKind::hex:
    return out_.hex(field.value.bytes);
  case FieldKind::typed:
    return decoded_or_bytes(field.value);
  case FieldKind::page:
    return page(field.value.bytes);
  default:
    return out_.null();
  }
}

void JsonMapWriter::forms() {
  std::erase_if(forms_, [](const auto& form) { return form.second.name.empty(); });
  if (forms_.empty()) return;
  out_.key("field_forms"), out_.begin_object();
  for (const auto& [path, form] : forms_) {
    const bool is_mixed = form.name == "address" && form.has_numbers;
    out_.key(path), out_.string(is_mixed ? fmt::format("address from {:#x}", form.least_address)
                                         : std::string(form.name));
  }
  out_.end_object();
}

/// What "limits" tells people; another format leaves out less, or more.
void JsonMapWriter::cut_values() {
  const Cuts all = cuts();
  if (!all.any()) return;
  out_.key("cut_values"), out_.begin_object();
  if (all.longest != 0) out_.key("longest"), out_.number(all.longest);
  if (all.nodes_of_list != 0) out_.key("nodes_of_list"), out_.number(all.nodes_of_list);
  if (all.depth) out_.key("depth"), out_.boolean(true);
  if (all.nodes) out_.key("nodes"), out_.boolean(true);
  out_.end_object();
}

void JsonMapWriter::end(const Outcome& outcome) {
  close_list();
  write_outcome(out_, outcome);
  cut_values(), forms();
  out_.end_object();
  out_.flush();
}

/// What is no map: its fields, and how it ended.
class JsonExtensionWriter final : public JsonMapWriter {
public:
  JsonExtensionWriter(const Options& options, std::string title, Stream& stream)
      : JsonMapWriter(options, stream), title_(std::move(title)) {}
  void begin(const catalog::Map& /*map*/) override { begin_object(title_); }

private:
  std::string title_;
};

} // namespace

std::unique_ptr<MapWriter> make_json_extension_writer(const Options& options, std::string title,
                                                      Stream& stream) {
  return std::make_unique<JsonExtensionWriter>(options, std::move(title), stream);
}

std::unique_ptr<MapWriter> make_json_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<JsonMapWriter>(options, stream);
}

} // namespace mapscope::report
