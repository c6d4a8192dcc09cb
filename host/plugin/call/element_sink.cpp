// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/element_sink.hpp"

#include <utility>

namespace mapscope::plugin {

int ElementSink::row(const msc_row& row) {
  if (row.shape == MSC_VALUE) {
    const auto* data = static_cast<const std::byte*>(row.value.data);
    if (data != nullptr) bytes_.assign(data, data + row.value.size);
    held_ = row, is_held_ = true;
    if (data != nullptr) held_.value.data = bytes_.data();
    return MSC_OK;
  }
  if (std::exchange(is_held_, false))
    if (const int rc = repeated(held_); rc != MSC_OK) return rc;
  return element(row);
}

int ElementSink::field(const msc_field& field) {
  if (const int rc = flush(); rc != MSC_OK) return rc;
  return member(field);
}

int ElementSink::flush() { return std::exchange(is_held_, false) ? element(held_) : int{MSC_OK}; }

} // namespace mapscope::plugin
