// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/worker/worker_trace.hpp"

#include "host/plugin/call/call.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

namespace mapscope::plugin {

Trace trace;

namespace {

constexpr std::uint32_t most_stops = 1000; // a plugin may clean up, and note why it ends

template <auto Slot, std::int32_t Index> struct Traced;

template <class Return, class... Arguments, Return (*msc_host::*Slot)(msc_call*, Arguments...),
          std::int32_t Index>
struct Traced<Slot, Index> {
  static Return call(msc_call* call, Arguments... arguments) {
    trace.helper = Index;
    trace.inside = true;
    const Return result = (host_table().*Slot)(call, arguments...);
    trace.inside = false;
    if constexpr (std::is_same_v<Return, int>)
      if (result == MSC_STOP && ++trace.stops > most_stops) trace.give_up(call);
    return result;
  }
  static void put_into(msc_host& table) { table.*Slot = call; }
};

/// Every helper there is, in the order of the table.
#define MAPSCOPE_HELPERS(DO)                                                                                 \
  DO(read)                                                                                                   \
  DO(cpu_count)                                                                                              \
  DO(type_find)                                                                                              \
  DO(type_size)                                                                                              \
  DO(type_member)                                                                                            \
  DO(config)                                                                                                 \
  DO(row)                                                                                                    \
  DO(count)                                                                                                  \
  DO(note)                                                                                                   \
  DO(field)                                                                                                  \
  DO(symbol)                                                                                                 \
  DO(mapped)                                                                                                 \
  DO(type_member_at)                                                                                         \
  DO(type_holder)                                                                                            \
  DO(symbol_address)                                                                                         \
  DO(finding)                                                                                                \
  DO(enumerator_at)                                                                                          \
  DO(type_sized)                                                                                             \
  DO(slots)                                                                                                  \
  DO(slot)                                                                                                   \
  DO(elements)                                                                                               \
  DO(find_map)                                                                                               \
  DO(lookup)                                                                                                 \
  DO(member_of)                                                                                              \
  DO(member_at)                                                                                              \
  DO(debug)                                                                                                  \
  DO(will_read)                                                                                              \
  DO(read_now)

#define NAME(helper) #helper,
constexpr std::array<std::string_view, (sizeof(msc_host) - offsetof(msc_host, read)) / sizeof(void*)> names =
    {MAPSCOPE_HELPERS(NAME)};
#undef NAME
static_assert(!names.back().empty(), "a helper without a trace");

msc_host make_table() {
  msc_host table = host_table();
#define TRACE(helper)                                                                                        \
  Traced<&msc_host::helper,                                                                                  \
         (offsetof(msc_host, helper) - offsetof(msc_host, read)) / sizeof(void*)>::put_into(table);
  MAPSCOPE_HELPERS(TRACE)
#undef TRACE
  return table;
}

} // namespace

const msc_host& traced_table() {
  static const msc_host table = make_table();
  return table;
}

std::string_view helper_name(std::int32_t index) {
  return index >= 0 && static_cast<std::size_t>(index) < names.size() ? names[static_cast<std::size_t>(index)]
                                                                      : "";
}

} // namespace mapscope::plugin
