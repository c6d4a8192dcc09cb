// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_map_writer.hpp"

#include "host/base/counted.hpp"
#include "host/report/formats.hpp"
#include "host/report/text_cells.hpp"

#include <algorithm>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <utility>

namespace mapscope::report {

namespace {

/// What a slot holds, beside the entry that points to it: the name that JSON has for it.
constexpr const char* payload = "payload";

/// What stands behind a label may begin with a line of its own.
const char* colon_before(std::string_view text) { return text.starts_with('\n') ? ":" : ": "; }

std::string line_of(std::string_view label, std::string_view text) {
  return fmt::format(FMT_COMPILE("  {}{}{}\n"), label, colon_before(text), text);
}

std::uint64_t address_of(const SlotNumbers& slot) {
  return slot.address != 0 ? slot.address : slot.user_addr;
}

std::string times(std::int32_t number) { return counted(static_cast<std::uint32_t>(number), "time"); }

} // namespace

void TextMapWriter::begin(const catalog::Map& map) {
  max_entries_ = map.max_entries;
  if (map.type_name == "arena") counted_as_ = "page";
  is_ops_ = map.type_name == "struct_ops";
  put(map_head(map, options_));
  head_is_open_ = true;
}

/// What belongs to the map begins on a line of its own.
void TextMapWriter::put(std::string_view text) {
  if (std::exchange(head_is_open_, false)) buffer_ += '\n';
  buffer_ += text;
  if (buffer_.size() >= 64U << 10) flush();
}

void TextMapWriter::begin_allocator(std::string_view name, const catalog::Map& section) {
  counted_as_ = "slot";
  put(bold_text(fmt::format("allocator {}", printable(name)), options_) +
      fmt::format("  in map {} {}\n", section.id, printable(section.names().longest())));
}

void TextMapWriter::show(const Typed& typed, TextTree& into) {
  into.clear();
  if (!typed.readable)
    into.unsupported("could not be read");
  else if (typed.decoder != nullptr)
    decode(typed, into);
  else
    into.bytes(typed.bytes);
  cuts_.add(into.cuts());
}

void TextMapWriter::decode_key(const Row& row) {
  key_.clear();
  if (row.shape == Shape::element || row.shape == Shape::percpu_element || row.shape == Shape::queued)
    key_.unsigned_int(32, row.index);
  else
    show(row.key, key_);
}

void TextMapWriter::row(const Row& row) {
  switch (row.shape) {
  case Shape::value:
    return single(row);
  case Shape::entry:
  case Shape::element:
    return pair(row);
  case Shape::percpu_element:
  case Shape::percpu_entry:
    return per_cpu(row);
  case Shape::queued:
    return pair(row);
  case Shape::slot:
    return slot(row);
  }
}

/// "3 (reused 2 times) at 0x60a0: task_ctx{weight=100}"
std::string TextMapWriter::slot_lines(const Row& row) const {
  const std::string reused = row.slot.genn != 0 ? fmt::format(" (reused {})", times(row.slot.genn)) : "";
  const std::string head =
      fmt::format(FMT_COMPILE("{}{} at {:#x}"), row.slot.idx, reused, address_of(row.slot));
  const std::string text = value_.lines(options_.width, static_cast<unsigned>(head.size()) + 4, 2);
  return line_of(head, text);
}

void TextMapWriter::add_cells_of(const SlotNumbers& slot) {
  const auto add = [this](unsigned part, const char* name, std::string text) {
    next_.cells.cells.push_back({Cell::Kind::number, false, part, name, std::move(text)});
  };
  add(0, "slot", std::to_string(slot.idx));
  add(1, "at", fmt::format(FMT_COMPILE("{:#x}"), address_of(slot)));
  add(1, "reused", std::to_string(slot.genn));
}

void TextMapWriter::slot(const Row& row) {
  show(row.value, value_);
  next_ = {};
  if (rows_.wants_cells()) add_cells_of(row.slot);
  add_cells_of(value_, 2, "value");
  if (wants_plain()) next_.plain = slot_lines(row);
  end_row();
}

void TextMapWriter::end_fields() {
  fields_.end();
  const bool has_fields = !fields_.tree().root().children.empty();
  if (row_open_) {
    if (has_fields && wants_plain()) next_.plain += row_fields();
    if (has_fields) add_cells_of(fields_.tree(), 3, "");
    if (!options_.full) drop_address_of_owner();
    end_row();
  } else if (has_fields) {
    put_ops(tells_programs());
    if (const std::string text = map_field(); !text.empty()) put(text);
  }
  row_open_ = false;
}

/// The key of local storage is where its owner was; who that is says more.
void TextMapWriter::drop_address_of_owner() {
  auto& cells = next_.cells.cells;
  const auto pid = std::ranges::find(cells, "owner.pid", &Cell::path);
  if (pid == cells.end() || cells.empty() || cells.front().part != 0 || !cells.front().text.starts_with("0x"))
    return;
  cells.front().text = pid->text;
  cells.front().path = "owner.pid";
  cells.erase(pid);
}

/// Each member's, in what the plugin says of a struct_ops map.
bool TextMapWriter::tells_programs() const {
  const auto& ops = fields_.tree().node(fields_.tree().root().children.front());
  return std::ranges::any_of(ops.children, [this](std::uint32_t index) {
    const auto& member = fields_.tree().node(index);
    return member.member == "programs" && !member.children.empty();
  });
}

/// On a line below the row, without the braces that hold them together.
std::string TextMapWriter::row_fields() const {
  const std::string line = fields_.tree().one_line();
  if (line.size() + 4 <= options_.width && !fields_.tree().root().has_lines)
    return fmt::format("    {}\n", line.substr(1, line.size() - 2));
  const std::string lines = fields_.tree().lines(options_.width, 4, 4);
  return (lines.starts_with('\n') ? lines.substr(1) : "    " + lines) + '\n';
}

std::string TextMapWriter::map_field() {
  const auto& member = fields_.tree().node(fields_.tree().root().children.front());
  const std::string name = printable(member.member);
  const std::string text =
      fields_.tree().lines_of(member, options_.width, static_cast<unsigned>(name.size()) + 4, 2);
  return line_of(name, text);
}

void TextMapWriter::field(const Field& field) {
  if (!row_open_ && !fields_.is_open()) { // a member of the map: on lines of its own
    fields_.begin();
    rows_.leave();
  }
  if (field.kind == FieldKind::end && !fields_.is_open()) return end_fields(); // the row's
  fields_.add(field);
  if (!row_open_ && !fields_.is_open()) end_fields();
}

void TextMapWriter::single(const Row& row) {
  if (max_entries_ > 1) return; // the elements follow, this one among them
  is_single_ = true;
  show(row.value, value_);
  if (value_.root().zero && value_.root().text.starts_with('.')) { // a data section: nothing more to say
    head_is_open_ = false;
    is_short_ = true;
    return put(": all zero\n");
  }
  if (is_ops_ && !options_.full) return (void)(ops_ = value_text()), hold_ops();
  put(value_text());
}

std::string TextMapWriter::value_text() const { return "  " + value_.lines(options_.width, 2, 2) + '\n'; }

/// Functions of the kernel's that call a program are told with the program, if those are.
void TextMapWriter::hold_ops() {
  for (const std::uint32_t index : value_.root().children) {
    TextTree::Node& member = value_.node_at(index);
    const bool calls = std::ranges::any_of(member.children, [&](std::uint32_t child) {
      const auto& part = value_.node(child);
      return part.member == "symbol" && part.text.starts_with("bpf__") && part.text.ends_with(member.member);
    });
    if (calls) member.zero = true;
  }
  brief_ops_ = value_text();
}

void TextMapWriter::put_ops(bool with_programs) {
  if (ops_.empty()) return;
  put(with_programs ? brief_ops_ : ops_);
  ops_.clear();
}

void TextMapWriter::pair(const Row& row) {
  decode_key(row);
  show(row.value, value_);
  row_open_ = row.open;
  if (row.open) fields_.begin();
  next_ = {};
  next_.is_flat = is_flat(key_) && is_flat(value_);
  add_cells_of(key_, 0, row.shape == Shape::queued ? "index" : "key");
  add_cells_of(value_, 1, "value");
  if (wants_plain()) next_.plain = pair_lines();
  if (row.payload) add_payload(*row.payload);
  if (!row.open) end_row();
}

/// What the tree tells, as cells of the row; what does not go into cells will have lines below it.
void TextMapWriter::add_cells_of(const TextTree& tree, unsigned part, const std::string& path) {
  if (!rows_.wants_cells() || tree.empty()) return;
  if (part == 0 && !is_flat(tree))
    return next_.cells.cells.push_back({.path = path, .text = tree.one_line()});
  const bool has_members = tree.root().kind == TextTree::Kind::record, is_payload = path == payload;
  if (part != 0 && has_members && !next_.is_flat && !tree.root().text.empty()) {
    next_.cells.cells.push_back(
        {Cell::Kind::note, false, part, path + " type", (is_payload ? path + ": " : "") + tree.root().text});
  }
  for (const Rest& rest :
       add_cells(tree, tree.root(), part, has_members && !is_payload ? "" : path, next_.cells)) {
    if (rest.node == &tree.root()) next_.is_other = true;
    const std::string name = rest.path + ' ';
    const std::string text =
        tree.lines_of(*rest.node, options_.width, static_cast<unsigned>(name.size()) + 6, 6);
    next_.cells.below += fmt::format("\n      {}{}", text.starts_with('\n') ? rest.path : name, text);
  }
}

void TextMapWriter::add_payload(const Typed& typed) {
  show(typed, value_);
  next_.is_flat = false;
  if (wants_plain()) {
    const std::string text = value_.lines(options_.width, 10, 4);
    next_.plain += fmt::format("    {}{}{}\n", payload, text.starts_with('\n') ? "" : " ", text);
  }
  add_cells_of(value_, 2, payload); // its members are told from the value's by it
}

void TextMapWriter::end_row() { rows_.add(std::move(next_)); }

std::string TextMapWriter::pair_lines() {
  const std::string key = key_.one_line();
  const auto column = static_cast<unsigned>(std::min<std::size_t>(key.size() + 4, options_.width / 2));
  return line_of(key, value_.lines(options_.width, column, 2));
}

void TextMapWriter::per_cpu(const Row& row) {
  decode_key(row);
  std::vector<CpuCopy> copies;
  for (const auto& copy : row.copies)
    copies.push_back(copy ? copy_of(*copy) : CpuCopy{"<not there>", false, {}});
  row_open_ = row.open;
  if (row.open) fields_.begin();
  rows_.leave();
  put(fmt::format("  {}:{}\n", key_.one_line(),
                  copies.empty() ? " <no copies>" : cpu_lines(copies, options_.inside, cuts_)));
}

CpuCopy TextMapWriter::copy_of(const Typed& typed) {
  show(typed, value_);
  CpuCopy copy{value_.lines(options_.width, 14, 4), value_.root().cut, typed.bytes};
  copy.cut = copy.cut || copy.text.find(inside_limit) != std::string::npos;
  return copy;
}

void TextMapWriter::end(const Outcome& outcome) {
  rows_.leave();
  put_ops(false);
  if (const std::string words = take_words(); !words.empty()) put(words);
  if (outcome.entry_count && !is_single_) // one value needs no count
    put(fmt::format("  {}\n", counted(*outcome.entry_count, counted_as_)));
  const std::string lines = end_lines(outcome, options_);
  if (!lines.empty() || !is_short_) put(lines + '\n');
  flush();
}

std::unique_ptr<MapWriter> make_text_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<TextMapWriter>(options, stream);
}

} // namespace mapscope::report
