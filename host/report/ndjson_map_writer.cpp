// SPDX-License-Identifier: Apache-2.0
// One line per element; what is no element is kept for one line behind them.
#include "host/report/formats.hpp"
#include "host/report/json_parts.hpp"
#include "host/report/ndjson_fields.hpp"

#include <fmt/format.h>

namespace mapscope::report {

namespace {

class NdjsonMapWriter : public MapWriter {
public:
  NdjsonMapWriter(const Options& options, Stream& stream)
      : out_(stream, false, options.big_numbers_as_strings), value_(options.big_numbers_as_strings),
        summary_value_(options.big_numbers_as_strings),
        fields_(value_, decode_, options.arena_bytes != "none"),
        summary_fields_(summary_value_, decode_, options.arena_bytes != "none"),
        elements_(fields_, options.big_numbers_as_strings), summary_(options.big_numbers_as_strings),
        copy_(options.big_numbers_as_strings), more_(options.big_numbers_as_strings), options_(options) {
    out_.write_addresses_in_hex();
  }

  void begin(const catalog::Map& map) override;
  void begin_allocator(std::string_view name, const catalog::Map& section) override;
  void row(const Row& row) override;
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] bool has_helpers() const override { return true; }
  [[nodiscard]] std::unique_ptr<MapWriter> helper(Stream& to) const override {
    auto made = std::make_unique<NdjsonMapWriter>(options_, to);
    made->names_it_ = names_it_, made->has_index_ = has_index_;
    return made;
  }
  void add(std::string_view text, const Cuts& cuts) override {
    out_.raw(text);
    add_cuts(cuts);
  }

private:
  /// A line that is not to go out yet, as that of a per-CPU element whose fields are still to come.
  struct Held {
    std::string text, links, gaps;
  };

  void begin_lines(std::string_view name, std::uint32_t map_id, std::string_view type);
  void begin_line(JsonText& to) { to.begin_object(), to.begin_value(names_it_); }
  /// Closes the line and `more`, which has these members so far.
  void end_line(std::string_view more, std::string_view links, std::string_view gaps);
  void end_line(std::string_view more) {
    end_line(more, value_.links(), value_.gaps());
    value_.clear();
  }
  void plain(const Typed& typed, JsonText& to, std::string root) {
    write_plain(typed, to, value_, std::move(root), decode_);
  }
  void key(const Row& row, JsonText& to);
  void value(const Typed& typed, JsonText& to);
  void single(const Row& row);
  void settle_single();
  Held held();
  void copies(const Row& row);
  void more_of(const Row& row);
  void end_row();
  void element(const PlainElement& element);

  const DecodeInto decode_ = [this](const Typed& typed, btf::ValueVisitor& into) { decode(typed, into); };
  JsonText out_;
  PlainValue value_, summary_value_;
  PlainFields fields_, summary_fields_;
  ElementFields elements_;
  JsonPiece summary_, copy_, more_;
  Options options_;
  std::string names_it_;   ///< the first members of each line
  bool has_index_ = false; ///< a single value is the one at index 0
  bool row_open_ = false;
  std::vector<Held> held_;
  std::optional<Held> single_; ///< the value of a map that has one, or of its first element
};

/// The first members of a line: whose element it is.
void NdjsonMapWriter::begin_lines(std::string_view name, std::uint32_t map_id, std::string_view type) {
  JsonText& to = copy_.text();
  to.begin_object();
  to.key("map"), to.string(name);
  to.key("map_id"), to.number(std::uint64_t{map_id});
  to.key("type"), to.string(type);
  to.end_object();
  names_it_ = copy_.take_members();
}

void NdjsonMapWriter::begin(const catalog::Map& map) {
  begin_lines(map.name, map.id, map.type_name);
  has_index_ = map.key_size != 0;
  JsonText& summary = summary_.text();
  summary.begin_object();
  summary.key("map_summary"), summary.begin_object();
  write_header(summary, map);
  summary_fields_.begin("map_summary");
}

void NdjsonMapWriter::begin_allocator(std::string_view name, const catalog::Map& section) {
  begin_lines(name, section.id, "allocator");
  JsonText& summary = summary_.text();
  summary.begin_object();
  summary.key("allocator_summary"), summary.begin_object();
  write_allocator_header(summary, name, section);
  summary_fields_.begin("allocator_summary");
}

void NdjsonMapWriter::end_line(std::string_view more, std::string_view links, std::string_view gaps) {
  if (!more.empty() || !links.empty() || !gaps.empty()) {
    out_.key("more"), out_.begin_object();
    if (!more.empty()) out_.begin_value(more);
    write_apart(out_, links, gaps);
    out_.end_object();
  }
  out_.end_object();
  out_.end_line();
}

void NdjsonMapWriter::key(const Row& row, JsonText& to) {
  to.key("key");
  switch (row.shape) {
  case Shape::value:
    return has_index_ ? to.number(std::uint64_t{0}) : to.null();
  case Shape::element:
  case Shape::percpu_element:
  case Shape::queued:
    return to.number(std::uint64_t{row.index});
  case Shape::slot:
    return to.number(std::int64_t{row.slot.idx});
  default:
    return plain(row.key, to, "key");
  }
}

void NdjsonMapWriter::value(const Typed& typed, JsonText& to) {
  to.key("value");
  if (typed.readable) return plain(typed, to, "value");
  value_.begin(to, "value");
  value_.unsupported("its memory could not be read");
}

/// Members of `more` that a row has by itself.
void NdjsonMapWriter::more_of(const Row& row) {
  JsonText& more = more_.text();
  more.begin_object();
  if (row.shape == Shape::slot) {
    more.key("genn"), more.number(std::int64_t{row.slot.genn});
    more.key("user_addr"), more.hex_number(row.slot.address != 0 ? row.slot.address : row.slot.user_addr);
  }
  if (row.payload) more.key("payload"), plain(*row.payload, more, "more.payload");
  fields_.begin("more");
}

void NdjsonMapWriter::row(const Row& row) {
  if (row.shape == Shape::value) return single(row);
  if (row.shape == Shape::element) single_.reset();
  settle_single();
  row_open_ = row.open;
  if (row.shape == Shape::percpu_element || row.shape == Shape::percpu_entry) return copies(row);
  begin_line(out_);
  key(row, out_), value(row.value, out_);
  if (!row.open && !row.payload && row.shape != Shape::slot) return end_line("");
  more_of(row);
  if (!row.open) end_row();
}

/// It may be the first of an array's elements, all of which are still to come, with what decoders add.
void NdjsonMapWriter::single(const Row& row) {
  JsonText& to = copy_.text();
  begin_line(to);
  key(row, to), value(row.value, to);
  single_ = held();
}

NdjsonMapWriter::Held NdjsonMapWriter::held() {
  copy_.text().end_object();
  Held line{std::string(copy_.take_members()), value_.links(), value_.gaps()};
  value_.clear();
  return line;
}

void NdjsonMapWriter::settle_single() {
  if (!single_) return;
  out_.begin_object(), out_.begin_value(single_->text);
  end_line("", single_->links, single_->gaps);
  single_.reset();
}

/// One line per CPU; with fields to come, these lines wait for them.
void NdjsonMapWriter::copies(const Row& row) {
  const std::size_t lines = std::max<std::size_t>(row.copies.size(), 1);
  for (std::size_t cpu = 0; cpu < lines; ++cpu) {
    const bool is_there = cpu < row.copies.size();
    JsonText& to = row.open ? copy_.text() : out_;
    begin_line(to);
    key(row, to);
    to.key("cpu"), is_there ? to.number(std::uint64_t{cpu}) : to.null();
    if (is_there && row.copies[cpu])
      value(*row.copies[cpu], to);
    else
      to.key("value"), to.null();
    if (!row.open) {
      end_line("");
      continue;
    }
    held_.push_back(held());
  }
  if (row.open) more_of(row);
}

/// What its fields made is the same in all lines of the row.
void NdjsonMapWriter::end_row() {
  row_open_ = false;
  more_.text().end_object();
  const std::string_view more = more_.take_members();
  if (held_.empty()) return end_line(more);
  const std::string links = value_.links(), gaps = value_.gaps();
  value_.clear();
  const auto both = [](const std::string& one, const std::string& other) {
    return one + (one.empty() || other.empty() ? "" : ",") + other;
  };
  for (const Held& held : held_) {
    out_.begin_object(), out_.begin_value(held.text);
    end_line(more, both(held.links, links), both(held.gaps, gaps));
  }
  held_.clear();
}

void NdjsonMapWriter::element(const PlainElement& element) {
  const auto or_null = [](std::string_view json) { return json.empty() ? "null" : json; };
  begin_line(out_);
  out_.key("key"), out_.begin_value(or_null(element.key));
  out_.key("value"), out_.begin_value(or_null(element.value));
  end_line(element.more);
}

void NdjsonMapWriter::field(const Field& field) {
  settle_single();
  if (row_open_) {
    if (field.kind == FieldKind::end && fields_.depth() == 0) return end_row();
    return fields_.write(more_.text(), field);
  }
  if (elements_.is_open()) return elements_.field(field, [this](const PlainElement& one) { element(one); });
  if (summary_fields_.depth() == 1 && elements_.begin(summary_fields_.outermost(), field)) return;
  summary_fields_.write(summary_.text(), field);
}

void NdjsonMapWriter::end(const Outcome& outcome) {
  settle_single();
  JsonText& summary = summary_.text();
  write_outcome(summary, outcome);
  write_apart(summary, summary_value_.links(), summary_value_.gaps());
  summary.end_object(), summary.end_object(), summary.end_line();
  out_.raw(summary_.take());
  out_.flush();
}

/// What is no map: its fields, and how it ended, in the line that the report's writer has begun.
class NdjsonExtensionWriter final : public MapWriter {
public:
  NdjsonExtensionWriter(const Options& options, Stream& stream)
      : without_brace_(stream), out_(without_brace_, false, options.big_numbers_as_strings),
        value_(options.big_numbers_as_strings), fields_(value_, decode_, options.arena_bytes != "none") {
    out_.write_addresses_in_hex();
  }

  void begin(const catalog::Map& /*map*/) override {
    out_.begin_object();
    fields_.begin("");
  }
  void begin_allocator(std::string_view /*name*/, const catalog::Map& section) override { begin(section); }
  void row(const Row& /*row*/) override {}
  void field(const Field& field) override { fields_.write(out_, field); }
  void end(const Outcome& outcome) override {
    write_outcome(out_, outcome);
    write_apart(out_, value_.links(), value_.gaps());
    out_.end_object(), out_.end_line();
    out_.flush();
  }

private:
  const DecodeInto decode_ = [this](const Typed& typed, btf::ValueVisitor& into) { decode(typed, into); };
  WithoutBrace without_brace_;
  JsonText out_;
  PlainValue value_;
  PlainFields fields_;
};

} // namespace

std::unique_ptr<MapWriter> make_ndjson_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<NdjsonMapWriter>(options, stream);
}

std::unique_ptr<MapWriter> make_ndjson_extension_writer(const Options& options, Stream& stream) {
  return std::make_unique<NdjsonExtensionWriter>(options, stream);
}

} // namespace mapscope::report
