// SPDX-License-Identifier: Apache-2.0
// Maps whose slots refer to something (the report's fd_array), and the one value of a struct_ops map.
#include "host/pipeline/lookup_fields.hpp"
#include "host/pipeline/lookup_taker.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <linux/bpf.h>

namespace mapscope::pipeline {

namespace {

using Bytes = std::span<const std::byte>;
using lookup::Element;

std::uint32_t number_at(Bytes bytes, std::size_t offset) {
  std::uint32_t number = 0;
  if (offset + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

/// Id, name, tag and type; the id alone of one that came since.
void put_program(LookupFields& fields, const lookup::Listing& listing, std::uint32_t id) {
  fields.number("id", id);
  const catalog::Program* const program = listing.program(id);
  if (program == nullptr || !program->is_read) return;
  fields.text("name", program->name), fields.text("tag", program->tag);
  fields.text("type", program->type_name);
}

bool is_array_of_slots(std::uint32_t type) {
  return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
         type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_CPUMAP;
}

class Slots final : public LookupTaker {
public:
  using LookupTaker::LookupTaker;

  void finish() override {
    LookupFields fields(writer_);
    if (!is_keyed()) std::ranges::sort(slots_, {}, &Slot::index);
    fields.object("fd_array");
    fields.number("populated", seen());
    fields.number("scanned", is_array_of_slots(map_.type) ? map_.max_entries : seen());
    if (!is_keyed()) put_indices(fields);
    fields.list("slots");
    for (const Slot& slot : slots_) put(fields, slot);
    fields.end();
    fields.end();
  }

private:
  struct Slot {
    std::uint32_t index = 0;
    std::vector<std::byte> key, value;
  };
  static constexpr std::size_t most_indices = 1024; ///< as the report's format says

  [[nodiscard]] bool is_keyed() const { return map_.type == BPF_MAP_TYPE_HASH_OF_MAPS; }

  void show(const Element& element) override {
    slots_.push_back({number_at(element.key, 0),
                      {element.key.begin(), element.key.end()},
                      {element.value.begin(), element.value.end()}});
  }

  void put_indices(LookupFields& fields) const {
    const std::size_t count = std::min(slots_.size(), most_indices);
    if (count != 0) {
      fields.list("indices");
      for (const Slot& slot : std::span(slots_).first(count)) fields.number({}, slot.index);
      fields.end();
    }
    if (seen() > count) fields.flag("indices_truncated");
  }

  void put(LookupFields& fields, const Slot& slot) {
    fields.object({});
    if (is_keyed()) {
      fields.hex("key_hex", slot.key);
      if (values_.has_key_type()) fields.typed("key", values_.key(slot.key));
    } else {
      fields.number("index", slot.index);
    }
    describe(fields, slot);
    fields.end();
  }

  void describe(LookupFields& fields, const Slot& slot) const {
    const std::uint32_t first = number_at(slot.value, 0), program = number_at(slot.value, sizeof first);
    switch (map_.type) {
    case BPF_MAP_TYPE_PROG_ARRAY:
      fields.text("kind", "program");
      return put_program(fields, context_.listing, first);
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_DEVMAP_HASH: // struct bpf_devmap_val
      fields.text("kind", "device");
      fields.signed_number("ifindex", static_cast<std::int32_t>(first));
      break;
    case BPF_MAP_TYPE_CPUMAP: // struct bpf_cpumap_val
      fields.text("kind", "cpu");
      fields.number("cpu", slot.index), fields.number("qsize", first);
      break;
    default:
      fields.text("kind", "map");
      return put_map(fields, first);
    }
    if (program != 0) fields.number("program", program);
  }

  void put_map(LookupFields& fields, std::uint32_t id) const {
    fields.number("id", id);
    if (const catalog::Map* map = context_.listing.map(id); map != nullptr) fields.text("name", map->name);
  }

  std::vector<Slot> slots_;
};

/// The kernel's wrapper, struct bpf_struct_ops_NAME, has the ops as its member `data`; functions in them are
/// ids of programs.
class StructOps final : public LookupTaker {
public:
  StructOps(const LookupContext& context, const catalog::Map& map, const lookup::Access& access,
            report::MapWriter& writer)
      : LookupTaker(context, map, access, writer), types_(map.vmlinux_types) {
    if (!types_) return;
    const auto data = types_->member(map.vmlinux_value_type, "data");
    if (!data || !types_->size(data->type)) return;
    ops_ = data->type, at_ = data->offset(), size_ = *types_->size(data->type);
    values_.take_value_type(types_, ops_);
  }

private:
  void show(const Element& element) override {
    const bool has_ops = ops_ != 0 && at_ + size_ <= element.value.size();
    const Bytes ops = has_ops ? element.value.subspan(at_, size_) : element.value;
    report::Row row;
    row.shape = report::Shape::value, row.value = values_.value(ops);
    writer_.row(row);
    if (!has_ops) return;
    LookupFields fields(writer_);
    fields.object("struct_ops");
    put_state(fields, element.value);
    fields.object("programs");
    put_programs(fields, ops);
    fields.end();
    fields.end();
  }

  /// enum bpf_struct_ops_state, kernel/bpf/bpf_struct_ops.c
  void put_state(LookupFields& fields, Bytes value) const {
    constexpr const char* names[] = {"init", "inuse", "tobefree", "ready"};
    constexpr std::string_view prefix = "bpf_struct_ops_";
    auto state = types_->member(map_.vmlinux_value_type, "common.state"); // 6.9
    if (!state) state = types_->member(map_.vmlinux_value_type, "state");
    if (state) {
      const std::uint32_t number = number_at(value, state->offset());
      fields.text("state", number < std::size(names) ? names[number] : fmt::format("state_{}", number));
    }
    const auto name = types_->name_of(types_->peel(map_.vmlinux_value_type));
    if (name.starts_with(prefix)) fields.text("ops", name.substr(prefix.size()));
  }

  void put_programs(LookupFields& fields, Bytes ops) const {
    constexpr std::uint32_t most_members = 1U << 10;
    for (std::uint32_t i = 0; i < most_members; ++i) {
      const auto member = types_->member_at(types_->peel(ops_), i);
      if (!member) return;
      const std::uint32_t id = number_at(ops, member->member.offset());
      if (id == 0 || !types_->is_function_pointer(member->member.type)) continue;
      fields.object(member->name);
      put_program(fields, context_.listing, id);
      fields.end();
    }
  }

  std::shared_ptr<const btf::Types> types_;
  btf::TypeId ops_ = 0;
  std::size_t at_ = 0, size_ = 0;
};

} // namespace

std::unique_ptr<LookupTaker> make_slot_taker(const LookupContext& context, const catalog::Map& map,
                                             const lookup::Access& access, report::MapWriter& writer) {
  if (access.way == lookup::Way::only) return std::make_unique<StructOps>(context, map, access, writer);
  if (is_array_of_slots(map.type) || map.type == BPF_MAP_TYPE_HASH_OF_MAPS ||
      map.type == BPF_MAP_TYPE_DEVMAP_HASH)
    return std::make_unique<Slots>(context, map, access, writer);
  return nullptr;
}

} // namespace mapscope::pipeline
