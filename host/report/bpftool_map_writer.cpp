// SPDX-License-Identifier: Apache-2.0
// What `bpftool -j map dump` prints of a map (tools/bpf/bpftool/map.c): what get_next_key leads to, and what
// a look-up makes of it.
#include "host/btf/decoder.hpp"
#include "host/report/bpftool_slots.hpp"
#include "host/report/bpftool_value.hpp"
#include "host/report/formats.hpp"

namespace mapscope::report {

namespace {

std::span<const std::byte> bytes_of(const std::uint32_t& number) {
  return std::as_bytes(std::span(&number, 1));
}

class BpftoolMapWriter final : public MapWriter {
public:
  BpftoolMapWriter(const Options& options, Stream& stream)
      : out_(stream, false, false), value_(out_), options_(options), is_alone_(options.one_map) {}

  void begin(const catalog::Map& map) override {
    map_ = &map;
    slots_.begin(map);
    has_typed_index_ = map.key_type != 0;
    // Given by its own BTF object, or the kernel's: bpftool knows no other.
    has_own_types_ = map.types_from.empty() && (map.value_type != 0 || map.vmlinux_value_type != 0);
    if (!is_alone_) {
      out_.begin_object();
      out_.key("id"), out_.number(std::uint64_t{map.id});
      out_.key("elements");
    }
    out_.begin_array();
  }
  /// No map of the kernel's.
  void begin_allocator(std::string_view /*name*/, const catalog::Map& /*section*/) override {
    is_map_ = false;
  }
  void row(const Row& row) override;
  void field(const Field& field) override;
  void end(const Outcome& outcome) override;
  [[nodiscard]] bool has_helpers() const override { return true; }
  [[nodiscard]] std::unique_ptr<MapWriter> helper(Stream& to) const override;
  void add(std::string_view text, const Cuts& cuts) override {
    out_.raw(text);
    add_cuts(cuts);
  }

private:
  void key(const Row& row);
  void element(const Row& row);
  void copies(const Row& row);
  void formatted_key(const Row& row);
  bool is_again(const Row& row);
  [[nodiscard]] bool has_type(const Typed& typed) const {
    return has_own_types_ && typed.decoder != nullptr && !typed.decoder->type_name().empty();
  }

  JsonText out_;
  BpftoolValue value_;
  BpftoolSlots slots_{out_};
  Options options_;
  const catalog::Map* map_ = nullptr;
  bool is_alone_, is_map_ = true;
  bool has_typed_index_ = false, has_own_types_ = false;
  bool row_open_ = false, has_value_ = false;
  unsigned depth_ = 0; ///< objects and lists of a row's fields that are open
};

/// What it has begun with is in the text already.
std::unique_ptr<MapWriter> BpftoolMapWriter::helper(Stream& to) const {
  auto made = std::make_unique<BpftoolMapWriter>(options_, to);
  made->begin(*map_);
  made->out_.forget();
  return made;
}

void BpftoolMapWriter::key(const Row& row) {
  const bool is_entry = row.shape == Shape::entry || row.shape == Shape::percpu_entry;
  write_bytes(out_, "key", is_entry ? row.key.bytes : bytes_of(row.index));
}

void BpftoolMapWriter::formatted_key(const Row& row) {
  out_.key("formatted"), out_.begin_object();
  const bool is_entry = row.shape == Shape::entry || row.shape == Shape::percpu_entry;
  if (is_entry && has_type(row.key)) out_.key("key"), decode(row.key, value_);
  if (!is_entry && has_typed_index_) out_.key("key"), out_.number(std::uint64_t{row.index});
}

void BpftoolMapWriter::element(const Row& row) {
  out_.begin_object();
  key(row);
  if (!row.value.readable) {
    write_lookup_error(out_, "Bad address");
    return out_.end_object();
  }
  write_bytes(out_, "value", row.value.bytes);
  if (has_type(row.value)) {
    formatted_key(row);
    out_.key("value"), decode(row.value, value_);
    out_.end_object();
  }
  out_.end_object();
}

void BpftoolMapWriter::copies(const Row& row) {
  out_.begin_object();
  key(row);
  const auto each = [&](const auto& write) {
    out_.key("values"), out_.begin_array();
    for (std::size_t cpu = 0; cpu < row.copies.size(); ++cpu) {
      if (!row.copies[cpu]) continue;
      out_.begin_object();
      out_.key("cpu"), out_.number(std::uint64_t{cpu});
      write(*row.copies[cpu]);
      out_.end_object();
    }
    out_.end_array();
  };
  each([&](const Typed& copy) { write_bytes(out_, "value", copy.bytes); });
  if (std::ranges::any_of(row.copies, [&](const auto& copy) { return copy && has_type(*copy); })) {
    formatted_key(row);
    each([&](const Typed& copy) { out_.key("value"), decode(copy, value_); });
    out_.end_object();
  }
  out_.end_object();
}

/// An array's first element comes twice: as the map's value, and among the others.
bool BpftoolMapWriter::is_again(const Row& row) {
  if (row.shape == Shape::value) has_value_ = true;
  return row.shape == Shape::element && row.index == 0 && has_value_;
}

void BpftoolMapWriter::row(const Row& row) {
  row_open_ = row.open;
  if (!is_map_ || !slots_.shows_rows()) return;
  if (row.shape == Shape::percpu_element || row.shape == Shape::percpu_entry)
    copies(row);
  else if (row.shape != Shape::queued && row.shape != Shape::slot && !is_again(row))
    element(row);
}

void BpftoolMapWriter::field(const Field& field) {
  if (!row_open_) return is_map_ ? slots_.field(field) : void();
  if (field.kind == FieldKind::object || field.kind == FieldKind::list) ++depth_;
  if (field.kind != FieldKind::end) return;
  if (depth_ == 0)
    row_open_ = false;
  else
    --depth_;
}

void BpftoolMapWriter::end(const Outcome& outcome) {
  if (!is_map_) return;
  slots_.end(outcome.status == Status::complete);
  out_.end_array();
  if (!is_alone_) out_.end_object();
  out_.end_line();
  out_.flush();
}

/// Of what is no map bpftool knows nothing.
class Nothing final : public MapWriter, public ReportWriter {
public:
  void begin(const catalog::Map& /*map*/) override {}
  void begin_allocator(std::string_view /*name*/, const catalog::Map& /*section*/) override {}
  void row(const Row& /*row*/) override {}
  void field(const Field& /*field*/) override {}
  void end(const Outcome& /*outcome*/) override {}

  void begin(const Meta& /*meta*/) override {}
  void before_extension(std::string_view /*id*/, std::span<const Finding> /*findings*/) override {}
  void before_map() override {}
  void before_allocator() override {}
  void end(std::span<const catalog::Program> /*programs*/, std::span<const PluginUse> /*plugins*/,
           std::span<const Finding> /*findings*/) override {}
};

} // namespace

std::unique_ptr<MapWriter> make_bpftool_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<BpftoolMapWriter>(options, stream);
}

std::unique_ptr<MapWriter> make_bpftool_extension_writer(const Options& /*options*/, Stream& /*stream*/) {
  return std::make_unique<Nothing>();
}

std::unique_ptr<ReportWriter> make_bpftool_report_writer(const Options& /*options*/, Stream& /*stream*/) {
  return std::make_unique<Nothing>();
}

} // namespace mapscope::report
