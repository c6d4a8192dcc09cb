// SPDX-License-Identifier: Apache-2.0
// A renderer's row as an element that another plugin is handed.
//
// Thread rule: plain values.
#pragma once

#include "host/catalog/catalog.hpp"

#include <mapscope/contract.hpp>
#include <mapscope/plugin.h>

#include <cstring>
#include <vector>

namespace mapscope::plugin {

/// The types of a map's keys and values, as handles of the call that asks.
struct TypeHandles {
  msc_type key = MSC_BYTES, value = MSC_BYTES;
};

class WalkedMap {
public:
  WalkedMap(const catalog::Map& map, TypeHandles types) : kva_(map.kva), types_(types) {}

  /// Its bytes stay the row's; `copies` are those of the element.
  [[nodiscard]] msc_element element(const msc_row& row, std::vector<msc_value>& copies) const {
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
    if (!contract::is_per_cpu(row)) return out;
    copies.assign(row.copies, row.copies + row.copy_count);
    for (msc_value& copy : copies) copy = typed(copy, types_.value);
    out.copies = copies.data(), out.copy_count = copies.size();
    return out;
  }

private:
  static constexpr std::uint32_t first_index = 0;
  static msc_value typed(msc_value value, msc_type declared) {
    if (value.type == MSC_DECLARED) value.type = declared;
    return value;
  }

  std::uint64_t kva_;
  TypeHandles types_;
};

} // namespace mapscope::plugin
