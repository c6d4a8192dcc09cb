// SPDX-License-Identifier: Apache-2.0
#include "host/base/counted.hpp"
#include "host/base/display_width.hpp"
#include "host/report/declared.hpp"
#include "host/report/formats.hpp"
#include "host/report/text_cells.hpp"
#include "host/report/text_fields.hpp"
#include "host/report/text_records.hpp"
#include "host/report/text_rows.hpp"

#include <algorithm>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

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

class TextMapWriter : public MapWriter {
public:
  TextMapWriter(const Options& options, Stream& stream)
      : options_(options), fields_(options), stream_(stream),
        value_(options.inside, options.zeros, options.full),
        rows_(options.width, 2, [this](std::string_view text) { put(text); }) {}

  void begin(const catalog::Map& map) override;
  void begin_allocator(std::string_view name, const catalog::Map& section) override;
  void row(const Row& row) override;
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] Cuts cuts() const override {
    Cuts all = cuts_;
    all.add(beside_arrays(MapWriter::cuts()));
    all.add(fields_.cuts());
    return all;
  }

protected:
  void put_title(const std::string& title) { put(bold(title) + '\n'); }
  /// A member of the map that is whole: its name, and what follows on the same line or on lines of its own.
  [[nodiscard]] virtual std::string map_field();
  /// What of the members was kept to stand beside others.
  [[nodiscard]] virtual std::string take_words() { return ""; }

  Options options_;
  TextFields fields_;

private:
  [[nodiscard]] std::string bold(const std::string& text) const {
    return options_.color ? "\033[1m" + text + "\033[0m" : text;
  }
  [[nodiscard]] std::string alert(Status status) const {
    const std::string mark = fmt::format("[{}]", status_name(status));
    return options_.color ? "\033[33m" + mark + "\033[0m" : mark;
  }
  [[nodiscard]] std::string end_lines(const Outcome& outcome) const;

  static std::string type_text(const catalog::Map& map, bool is_key);
  [[nodiscard]] std::string program_text(std::uint32_t id) const;
  [[nodiscard]] std::string users_of(const catalog::Map& map, std::size_t column) const;
  void put(std::string_view text);
  void flush() {
    if (!buffer_.empty()) stream_.append(buffer_);
    buffer_.clear();
  }
  void show(const Typed& typed, TextTree& into);
  void single(const Row& row);
  [[nodiscard]] std::string value_text() const;
  void hold_ops();
  void put_ops(bool with_programs);
  void pair(const Row& row);
  void slot(const Row& row);
  [[nodiscard]] std::string slot_lines(const Row& row) const;
  [[nodiscard]] std::string pair_lines();
  void add_payload(const Typed& typed);
  void add_cells_of(const TextTree& tree, unsigned part, const std::string& path);
  void end_row();
  [[nodiscard]] bool wants_plain() const { return rows_.wants_plain() || next_.is_other; }
  void per_cpu(const Row& row);
  void end_fields();
  [[nodiscard]] std::string row_fields() const;
  void drop_address_of_owner();
  [[nodiscard]] bool tells_programs() const;
  void decode_key(const Row& row);
  /// One CPU's.
  struct Copy {
    std::string text;
    bool cut = false; ///< the text does not tell all of it
    std::span<const std::byte> bytes;
    [[nodiscard]] bool same(const Copy& other) const;
  };
  [[nodiscard]] Copy copy_of(const Typed& typed);
  [[nodiscard]] std::string cpu_lines(const std::vector<Copy>& copies);

  Stream& stream_;
  std::string buffer_;
  TextTree key_; ///< shown in full: entries are told apart by it
  TextTree value_;
  Cuts cuts_; ///< by this format's own limits
  TextRows rows_;
  TextRow next_; ///< the row that has begun
  std::uint32_t max_entries_ = 0;
  bool head_is_open_ = false; ///< its line has not ended
  bool is_ops_ = false;       ///< struct_ops
  std::string ops_;           ///< its value, which waits for its programs
  std::string brief_ops_;     ///< the same without what these tell
  bool is_short_ = false;     ///< the whole map is one line
  bool is_single_ = false;    ///< the map is one value
  std::string_view counted_as_ = "entry";
  bool row_open_ = false; ///< fields are the last row's
};

void TextMapWriter::begin(const catalog::Map& map) {
  max_entries_ = map.max_entries;
  if (map.type_name == "arena") counted_as_ = "page";
  std::string head = bold(fmt::format("map {} {}", map.id, printable(map.label())));
  head += map.is_read ? fmt::format("  {}, key {} B{}, value {} B{}, max_entries {}",
                                    printable(map.type_name), map.key_size, type_text(map, true),
                                    map.value_size, type_text(map, false), map.max_entries)
                      : "  of unknown type and sizes";
  if (!map.flag_names.empty()) head += fmt::format(", {}", fmt::join(map.flag_names, "|"));
  if (!map.types_from.empty()) head += fmt::format(", types from {}", printable(map.types_from));
  if (map.frozen.value_or(false)) head += ", frozen";
  if (!map.programs.empty()) head += ", used by " + users_of(map, display_width(head));
  is_ops_ = map.type_name == "struct_ops";
  put(head);
  head_is_open_ = true;
}

/// " (task_ctx)"; "" where the type has no name.
std::string TextMapWriter::type_text(const catalog::Map& map, bool is_key) {
  const std::string name = declared_name(map, is_key);
  return name.empty() ? "" : fmt::format(" ({})", printable(name));
}

/// "sched_wakeup[127]"; by the id alone where nothing tells the name.
std::string TextMapWriter::program_text(std::uint32_t id) const {
  const auto* const names = options_.programs.get();
  const auto found = names != nullptr ? names->find(id) : ProgramNames::const_iterator{};
  if (names == nullptr || found == names->end() || found->second.empty())
    return fmt::format("program {}", id);
  return fmt::format("{}[{}]", printable(found->second), id);
}

/// As many as fit on the line, or one, and how many more there are.
std::string TextMapWriter::users_of(const catalog::Map& map, std::size_t column) const {
  constexpr std::size_t before = 10, behind = 6; // ", used by ", " +1234"
  std::string out;
  for (std::size_t i = 0; i < map.programs.size(); ++i) {
    const std::string next = (i == 0 ? "" : ", ") + program_text(map.programs[i]);
    const std::size_t used = column + before + display_width(out) + display_width(next) + behind;
    if (i != 0 && used > options_.width && !options_.full)
      return out + fmt::format(" +{}", map.programs.size() - i);
    out += next;
  }
  return out;
}

/// What belongs to the map begins on a line of its own.
void TextMapWriter::put(std::string_view text) {
  if (std::exchange(head_is_open_, false)) buffer_ += '\n';
  buffer_ += text;
  if (buffer_.size() >= 64U << 10) flush();
}

void TextMapWriter::begin_allocator(std::string_view name, const catalog::Map& section) {
  counted_as_ = "slot";
  put(bold(fmt::format("allocator {}", printable(name))) +
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

void TextMapWriter::slot(const Row& row) {
  show(row.value, value_);
  next_ = {};
  const std::string address = fmt::format(FMT_COMPILE("{:#x}"), address_of(row.slot));
  const auto add = [&](unsigned part, const char* name, std::string text) {
    next_.cells.cells.push_back({Cell::Kind::number, false, part, name, std::move(text)});
  };
  add(0, "slot", std::to_string(row.slot.idx));
  add(1, "at", address);
  add(1, "reused", std::to_string(row.slot.genn));
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
  std::vector<Copy> copies;
  for (const auto& copy : row.copies)
    copies.push_back(copy ? copy_of(*copy) : Copy{"<not there>", false, {}});
  row_open_ = row.open;
  if (row.open) fields_.begin();
  rows_.leave();
  put(fmt::format("  {}:{}\n", key_.one_line(), copies.empty() ? " <no copies>" : cpu_lines(copies)));
}

TextMapWriter::Copy TextMapWriter::copy_of(const Typed& typed) {
  show(typed, value_);
  Copy copy{value_.lines(options_.width, 14, 4), value_.root().cut, typed.bytes};
  copy.cut = copy.cut || copy.text.find(inside_limit) != std::string::npos;
  return copy;
}

/// What a text leaves out is compared as the bytes it stands for.
bool TextMapWriter::Copy::same(const Copy& other) const {
  return text == other.text && ((!cut && !other.cut) || std::ranges::equal(bytes, other.bytes));
}

/// CPUs side by side with equal copies share a line.
std::string TextMapWriter::cpu_lines(const std::vector<Copy>& copies) {
  std::string out;
  std::uint64_t shown = 0;
  for (std::size_t first = 0; first < copies.size();) {
    if (options_.inside != 0 && ++shown > options_.inside) {
      cuts_.copies = std::max<std::uint64_t>(cuts_.copies, copies.size());
      return out + fmt::format("\n    ... {} of {} CPUs shown {}", first, copies.size(), inside_limit);
    }
    std::size_t end = first + 1;
    while (end < copies.size() && copies[end].same(copies[first])) ++end;
    const std::string cpus = end - first == copies.size() && copies.size() > 1 ? "all CPUs"
                             : end - first == 1                                ? fmt::format("cpu {}", first)
                                                : fmt::format("cpus {}-{}", first, end - 1);
    const std::string& text = copies[first].text;
    out += text.starts_with('\n') ? fmt::format("\n    {}{}", cpus, text)
                                  : fmt::format("\n    {:<8}  {}", cpus, text);
    first = end;
  }
  return out;
}

void TextMapWriter::end(const Outcome& outcome) {
  rows_.leave();
  put_ops(false);
  if (const std::string words = take_words(); !words.empty()) put(words);
  if (outcome.entry_count && !is_single_) // one value needs no count
    put(fmt::format("  {}\n", counted(*outcome.entry_count, counted_as_)));
  const std::string lines = end_lines(outcome);
  if (!lines.empty() || !is_short_) put(lines + '\n');
  flush();
}

/// What went wrong has a line of its own, before what was left out on purpose and what is good to know.
std::string TextMapWriter::end_lines(const Outcome& outcome) const {
  std::string out;
  const auto line = [&](const std::string& mark, const std::string& text) {
    out += fmt::format("  {}{}{}\n", mark, text.empty() ? "" : " ", printable(text));
  };
  const bool only_cut = outcome.status == Status::truncated;
  if (!outcome.error.empty())
    line(outcome.status == Status::complete ? "note:" : alert(only_cut ? Status::partial : outcome.status),
         outcome.error + (outcome.stands_in ? "; shown by " + outcome.renderer : ""));
  else if (outcome.status != Status::complete && !(only_cut && !outcome.limits.empty()))
    line(alert(outcome.status), "");
  for (const std::string& limit : outcome.limits)
    line(fmt::format("[{}]", status_name(Status::truncated)), limit);
  for (const std::string& note : outcome.notes) line("note:", note);
  return out;
}

/// What is no map: its fields, and how it ended.
class TextExtensionWriter final : public TextMapWriter {
public:
  TextExtensionWriter(const Options& options, std::string title, Stream& stream)
      : TextMapWriter(options, stream), title_(std::move(title)) {}
  void begin(const catalog::Map& /*map*/) override { put_title(title_); }

protected:
  /// Words and numbers that follow each other share lines, as those of a struct do.
  [[nodiscard]] std::string map_field() override {
    const auto& member = fields_.tree().node(fields_.tree().root().children.front());
    const std::string name = printable(member.member);
    if (member.kind == TextTree::Kind::scalar) return (void)words_.push_back({name, member.text}), "";
    return take_words() + fmt::format("  {}:{}\n", name,
                                      packed_lines(fields_.tree(), member, options_.width,
                                                   static_cast<unsigned>(name.size()) + 3, 4));
  }
  [[nodiscard]] std::string take_words() override {
    const std::vector<std::pair<std::string, std::string>> words = std::exchange(words_, {});
    if (words.size() == 1) return fmt::format("  {}: {}\n", words[0].first, words[0].second);
    std::string out, line;
    for (const auto& [name, text] : words) {
      const std::string next = fmt::format("{}={}", name, text);
      const bool fits = 2 + display_width(line) + 2 + display_width(next) <= options_.width;
      if (!line.empty() && !fits) out += fmt::format("  {}\n", std::exchange(line, ""));
      line += (line.empty() ? "" : ", ") + next;
    }
    return line.empty() ? "" : out + fmt::format("  {}\n", line);
  }

private:
  std::string title_;
  std::vector<std::pair<std::string, std::string>> words_; ///< not yet told
};

} // namespace

std::unique_ptr<MapWriter> make_text_extension_writer(const Options& options, std::string title,
                                                      Stream& stream) {
  return std::make_unique<TextExtensionWriter>(options, std::move(title), stream);
}

std::unique_ptr<MapWriter> make_text_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<TextMapWriter>(options, stream);
}

} // namespace mapscope::report
