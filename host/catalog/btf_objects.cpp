// SPDX-License-Identifier: Apache-2.0
#include "host/btf/legible.hpp"
#include "host/catalog/layout.hpp"
#include "host/catalog/walks.hpp"

#include <fmt/format.h>

namespace mapscope::catalog {

namespace {
/// The kernel itself refuses program BTF above 16 MiB (BTF_MAX_SIZE, kernel/bpf/btf.c); modules stay far
/// below.
constexpr std::uint32_t largest_btf = 64U << 20;
/// btf.name is char[MODULE_NAME_LEN]: 64 - sizeof(unsigned long).
constexpr std::size_t name_size = 56;
} // namespace

BtfObjects::BtfObjects(Walk& walk, std::shared_ptr<const btf::Types> kernel)
    : walk_(walk), kernel_(std::move(kernel)) {
  Layout btf(walk.kernel, "struct btf");
  fields_ = {.size = btf.size(),
             .data = btf.need("data"),
             .data_size = btf.need("data_size"),
             .id = btf.need("id"),
             .base = btf.want("base_btf"), // these three: 951bb64621b8, 5331232ab9b8
             .name = btf.want("name"),
             .kernel = btf.want("kernel_btf")};
  layout_error_ = btf.error();
}

Result<BtfObjects::Record> BtfObjects::record_at(std::uint64_t address) {
  if (layout_error_) return std::unexpected(*layout_error_);
  target::Fault fault{};
  const auto object = Object::read(walk_.reader, address, fields_.size, &fault);
  if (!object)
    return fail_at(Errc::not_in_dump, address,
                   fmt::format("struct btf at {:#x} is {}", address,
                               target::fault_text(fault, walk_.reader.space(), address)));
  return Record{.data = object->get<std::uint64_t>(fields_.data),
                .base = object->get<std::uint64_t>(fields_.base).value_or(0),
                .data_size = object->get<std::uint32_t>(fields_.data_size),
                .id = object->get<std::uint32_t>(fields_.id),
                .kernel = object->get<std::uint8_t>(fields_.kernel).value_or(0) != 0,
                .name = fields_.name ? object->text(*fields_.name, name_size) : ""};
}

Result<void> BtfObjects::list(std::vector<BtfObject>& into) {
  return for_each_in_idr(walk_, "btf_idr", [&](std::uint64_t index, std::uint64_t address) {
    const auto record = record_at(address);
    if (!record)
      return walk_.gaps.push_back({.text = fmt::format("BTF object {}: {}", index, record.error().text),
                                   .btf = static_cast<std::uint32_t>(index)});
    into.push_back({address, static_cast<std::uint32_t>(index), record->name, record->kernel});
  });
}

std::optional<std::uint32_t> BtfObjects::id_at(std::uint64_t address) {
  if (const auto record = record_at(address)) return record->id;
  return std::nullopt;
}

Result<std::shared_ptr<const btf::Types>> BtfObjects::types_at(std::uint64_t address) {
  if (const auto known = parsed_.find(address); known != parsed_.end()) return known->second;
  return parsed_.emplace(address, parse(address)).first->second;
}

Result<std::shared_ptr<const btf::Types>> BtfObjects::base_of(const Record& record) {
  if (record.base == 0) return std::shared_ptr<const btf::Types>();
  // Only the kernel's own BTF is ever a base (btf_parse_module, bpf_prog's base_btf); a chain is not
  // followed.
  const auto base = record_at(record.base);
  if (!base) return std::unexpected(base.error());
  if (!base->kernel || base->base != 0)
    return fail_at(Errc::corrupt, record.base, "its base is not the kernel's own BTF");
  return kernel_;
}

Result<std::shared_ptr<const btf::Types>> BtfObjects::parse(std::uint64_t address) {
  const auto record = record_at(address);
  if (!record) return std::unexpected(record.error());
  if (record->kernel && record->base == 0) return kernel_;
  if (record->data == 0 || record->data_size == 0 || record->data_size > largest_btf)
    return fail_at(Errc::corrupt, address,
                   fmt::format("BTF object {} says it has {} bytes at {:#x}", record->id, record->data_size,
                               record->data));
  std::vector<std::byte> raw(record->data_size);
  if (const auto fault = walk_.reader.read(record->data, raw); fault != target::Fault::none)
    return fail_at(Errc::not_in_dump, record->data,
                   fmt::format("the data of BTF object {} is {}", record->id,
                               target::fault_text(fault, walk_.reader.space(), record->data)));
  auto base = base_of(*record);
  if (!base) return std::unexpected(std::move(base.error()).within(fmt::format("BTF object {}", record->id)));
  auto types = btf::Types::parse(
      raw, record->name.empty() ? fmt::format("BTF object {}", record->id) : record->name, *base);
  if (types)
    if (auto lost = btf::lost_rest(**types); !lost.empty())
      walk_.gaps.push_back({.text = std::move(lost), .btf = record->id});
  return types;
}

} // namespace mapscope::catalog
