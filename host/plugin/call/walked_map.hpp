// SPDX-License-Identifier: Apache-2.0
// A renderer's row as an element that another plugin is handed.
//
// Thread rule: plain values.
#pragma once

#include "host/plugin/call/type_handles.hpp"

#include <mapscope/contract.hpp>
#include <mapscope/plugin.h>

#include <cstring>
#include <span>
#include <vector>

namespace mapscope::plugin {

class WalkedMap {
public:
  WalkedMap(const catalog::Map& map, TypeHandles types) : kva_(map.kva), types_(types) {}

  /// What an element points to beside the row's own bytes.
  struct Room {
    std::vector<msc_value> copies;
    std::vector<std::byte> bytes;
  };

  /// With bytes of its own: whoever writes to them changes nothing of the row.
  [[nodiscard]] msc_element apart(const msc_row& row, Room& room) const {
    msc_element out = element(row, room);
    const std::size_t size = bytes_of(out, room.copies);
    if (room.bytes.size() < size) room.bytes.resize(size);
    move_to(room.bytes.data(), out, room.copies);
    return out;
  }

  /// Bytes of key, value and copies.
  [[nodiscard]] static std::size_t bytes_of(const msc_element& element, std::span<const msc_value> copies) {
    std::size_t size = size_of(element.key) + size_of(element.value);
    for (const msc_value& copy : copies) size += size_of(copy);
    return size;
  }
  /// Key, value and copies one behind the other, and they point there.
  static void move_to(std::byte* to, msc_element& element, std::span<msc_value> copies) {
    move(element.key, to), move(element.value, to);
    for (msc_value& copy : copies) move(copy, to);
  }

  [[nodiscard]] msc_element element(const msc_row& row, Room& room) const {
    msc_element out{.size = sizeof(msc_element),
                    .shape = row.shape,
                    .map = kva_,
                    .key = typed(row.key, types_.key),
                    .value = typed(row.value, types_.value),
                    .copies = nullptr,
                    .copy_count = 0,
                    .owner = 0};
    if (row.shape == MSC_VALUE) out.key = {MSC_BYTES, &first_index, sizeof first_index};
    if (contract::is_indexed(row)) out.key.type = types_.key;
    if (contract::has_owner(row)) std::memcpy(&out.owner, row.key.data, sizeof out.owner);
    room.copies.clear();
    if (!contract::is_per_cpu(row)) return out;
    room.copies.assign(row.copies, row.copies + row.copy_count);
    for (msc_value& copy : room.copies) copy = typed(copy, types_.value);
    out.copies = room.copies.data(), out.copy_count = room.copies.size();
    return out;
  }

private:
  static constexpr std::uint32_t first_index = 0;
  static msc_value typed(msc_value value, msc_type declared) {
    if (value.type == MSC_DECLARED) value.type = declared;
    return value;
  }
  static std::size_t size_of(const msc_value& value) { return value.data != nullptr ? value.size : 0; }
  static void move(msc_value& value, std::byte*& to) {
    const std::size_t size = size_of(value);
    if (size == 0) return;
    value.data = std::memcpy(to, value.data, size);
    to += size;
  }

  std::uint64_t kva_;
  TypeHandles types_;
};

} // namespace mapscope::plugin
