// SPDX-License-Identifier: Apache-2.0
// Allocators: what they hand out, and their slots.
#include "host/base/utf8.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/call/call.hpp"

#include <mapscope/contract.hpp>

#include <cstring>

using namespace mapscope;

int msc_call::slots(const msc_slots& slots) {
  constexpr std::size_t longest_reason = 400;
  if (const auto problem = contract::record_problem("slots()", slots); !problem.empty())
    return words_.misuse(problem);
  if (task_.allocator == nullptr || task_.allocator->has_pool)
    return words_.misuse("slots() of a map, or once more");
  report::SlotPool& pool = task_.allocator->pool;
  const auto payload = types_.resolve(slots.payload);
  if (slots.payload != MSC_BYTES && !payload) return words_.misuse("slots() with a payload that is no type");
  if (slots.stride != 0 && slots.header >= slots.stride)
    return words_.misuse("slots() without room for a payload");
  pool.stride = slots.stride, pool.header = slots.header;
  if (payload) pool.payload = *payload;
  if (slots.reason != nullptr)
    pool.reason = valid_utf8({slots.reason, ::strnlen(slots.reason, longest_reason)});
  task_.allocator->has_pool = true;
  if (task_.delivery != nullptr) {
    msc_slots checked = slots;
    checked.reason = slots.reason != nullptr ? pool.reason.c_str() : nullptr;
    task_.delivery->slots(checked);
  }
  return MSC_OK;
}

int msc_call::slot(const msc_slot& slot) {
  if (const auto problem = contract::record_problem("slot()", slot); !problem.empty())
    return words_.misuse(problem);
  if (task_.allocator == nullptr || !task_.allocator->has_pool) return words_.misuse("slot() before slots()");
  if (!task_.budget.entry()) return MSC_STOP;
  if (task_.delivery != nullptr) return task_.delivery->slot(slot), MSC_OK;
  task_.allocator->pool.slots.push_back(
      {static_cast<std::uint32_t>(slot.addr), slot.idx, slot.genn, slot.live != 0});
  return MSC_OK;
}
