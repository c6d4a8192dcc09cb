// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/call.hpp"

#include "host/report/special_fields.hpp"
#include "host/target/target.hpp"

#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/select/options.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace {

using namespace mapscope;

constexpr std::size_t longest_name = 256;

/// What rules for maps match.
catalog::Names names_of(const catalog::Map& map, const plugin::AllocatorCall* allocator) {
  return allocator != nullptr ? catalog::Names(allocator->variable->name) : map.names();
}

} // namespace

msc_call::msc_call(const plugin::Environment& environment, const catalog::Map& map,
                   std::span<const plugin::Choice> choices, const plugin::Limits& limits,
                   report::MapWriter& writer, plugin::AllocatorCall* allocator, plugin::Delivery* delivery,
                   plugin::LeftOut left_out)
    : own_budget_(std::in_place, limits),
      task_{environment, map, choices, *own_budget_, allocator, delivery, false, left_out}, writer_(writer),
      limit_(plugin::row_limit(*environment.config, map.names())),
      options_(plugin::option_values(task_.manifest(), names_of(map, allocator), *environment.config)) {}

msc_call::msc_call(msc_call& outer, const catalog::Map& map, std::span<const plugin::Choice> choices,
                   plugin::Delivery& delivery, report::MapWriter& nowhere)
    : task_{outer.task_.environment, map, choices, outer.task_.budget, nullptr, &delivery, true,
            outer.task_.left_out},
      writer_(nowhere), limit_(0),
      options_(plugin::option_values(task_.manifest(), names_of(map, nullptr), *task_.environment.config)) {}

/// Rows that others make into text have decoders of this object.
msc_call::~msc_call() {
  try {
    (void)writer_.cuts();
  } catch (const std::exception&) { // who asks the writer next is told
  }
}

msc_target msc_call::target() const {
  msc_target target = maps_.target_of(task_.map);
  target.attach = task_.choice().attach;
  target.row_limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit_, UINT32_MAX));
  if (task_.is_kernel_target()) target.name = nullptr;
  if (task_.allocator == nullptr) return target;
  target.root = task_.allocator->variable->root;
  target.root_type = plugin::map_tag | task_.allocator->variable->type;
  target.root_name = task_.allocator->variable->name.c_str();
  return target;
}

int msc_call::enter() {
  if (std::this_thread::get_id() != thread_) { // nothing else of this object may be touched from here
    other_thread_ = true;
    return MSC_EINVAL;
  }
  return task_.budget.call() ? MSC_OK : MSC_STOP;
}

int msc_call::config(const char* key, msc_value* value) {
  const auto found = options_.find(std::string(key, ::strnlen(key, longest_name)));
  if (found == options_.end())
    return words_.misuse(fmt::format("config() of \"{:.32}\", which its manifest does not declare", key));
  *value = {MSC_BYTES, found->second.c_str(), found->second.size()};
  return MSC_OK;
}

int msc_call::count(std::uint64_t more) {
  if (more > UINT64_MAX - counted_) return words_.misuse("count() beyond any map");
  counted_ += more, counts_ = true;
  return MSC_OK;
}
