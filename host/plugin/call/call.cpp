// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/call.hpp"
#include "host/report/special_fields.hpp"
#include "host/target/target.hpp"

#include "host/base/utf8.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/plugin/select/options.hpp"
#include "host/plugin/verify/elf_image.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace {

using namespace mapscope;

constexpr std::size_t longest_note = 400, longest_name = 256;
constexpr std::uint64_t table_entries_at_once = 1 << 16; // between two looks at the budget

const config::MapRule* rule_with(const config::Config& config, const catalog::Map& map, auto has) {
  const auto found = std::ranges::find_if(
      config.maps, [&](const config::MapRule& rule) { return has(rule) && map.names().fit(rule.glob); });
  return found != config.maps.end() ? &*found : nullptr;
}

/// What rules for maps match.
catalog::Names names_of(const catalog::Map& map, const plugin::AllocatorCall* allocator) {
  return allocator != nullptr ? catalog::Names(allocator->variable->name) : map.names();
}

std::uint64_t limit_for(const config::Config& config, const catalog::Map& map) {
  const auto* rule = rule_with(config, map, [](const config::MapRule& r) { return r.limit.has_value(); });
  return rule != nullptr ? *rule->limit : config.report.limit;
}

} // namespace

msc_call::msc_call(const plugin::Environment& environment, const catalog::Map& map,
                   std::span<const plugin::Choice> choices, const plugin::Limits& limits,
                   report::MapWriter& writer, plugin::AllocatorCall* allocator, plugin::Delivery* delivery)
    : environment_(environment), map_(map), choices_(choices), choice_(choices.front()), writer_(writer),
      allocator_(allocator), delivery_(delivery), reader_(environment.target->space()),
      own_budget_(std::in_place, limits), budget_(*own_budget_), limit_(limit_for(*environment.config, map)),
      options_(
          plugin::option_values(choice_.plugin->manifest(), names_of(map, allocator), *environment.config)) {}

msc_call::msc_call(msc_call& outer, const catalog::Map& map, std::span<const plugin::Choice> choices,
                   plugin::Delivery& delivery, report::MapWriter& nowhere)
    : environment_(outer.environment_), map_(map), choices_(choices), choice_(choices.front()),
      writer_(nowhere), allocator_(nullptr), delivery_(&delivery), is_walk_(true),
      reader_(environment_.target->space()), budget_(outer.budget_), limit_(0),
      options_(
          plugin::option_values(choice_.plugin->manifest(), names_of(map, nullptr), *environment_.config)) {}

msc_call::~msc_call() = default;

msc_target msc_call::target() const {
  msc_target target = target_of(map_);
  target.attach = choice_.attach;
  target.row_limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit_, UINT32_MAX));
  if (is_kernel_target()) target.name = nullptr;
  if (allocator_ == nullptr) return target;
  target.root = allocator_->variable->root;
  target.root_type = map_tag | allocator_->variable->type;
  target.root_name = allocator_->variable->name.c_str();
  return target;
}

int msc_call::enter() {
  if (std::this_thread::get_id() != thread_) { // nothing else of this object may be touched from here
    other_thread_ = true;
    return MSC_EINVAL;
  }
  return budget_.call() ? MSC_OK : MSC_STOP;
}

int msc_call::misuse(const std::string& what) {
  bug_ = true;
  (void)note(MSC_EINVAL, ("plugin bug: " + what).c_str());
  return MSC_EINVAL;
}

int msc_call::read(std::uint32_t space, std::uint64_t address, void* to, std::size_t size) {
  if (size > MSC_READ_MAX) return misuse(fmt::format("read() of {} bytes", size));
  if (!budget_.read(size)) return MSC_STOP;
  if (space == MSC_ARENA) return read_arena(address, to, size);
  if (space >= MSC_CPU0) {
    const auto& per_cpu = environment_.target->per_cpu();
    if (!per_cpu.is_possible(space - MSC_CPU0)) return MSC_ENOENT;
    const auto offset = per_cpu.offset(space - MSC_CPU0);
    if (!offset && size != 0) { // the CPU exists, where its area lies is not in the dump
      lacks_memory_ = true;
      return MSC_EFAULT;
    }
    address += offset.value_or(0);
  } else if (space != MSC_KERNEL) {
    return misuse(fmt::format("read() from address space {}", space));
  }
  target::Fault fault{};
  const std::size_t done = reader_.read_some(address, {static_cast<std::byte*>(to), size}, &fault);
  if (fault == target::Fault::none) return MSC_OK;
  if (!first_fault_) first_fault_.emplace(address + done, fault);
  lacks_memory_ = lacks_memory_ || fault == target::Fault::not_in_dump;
  return MSC_EFAULT;
}

/// What is looked at counts as read, and so does the time it takes: tables may be many, or lead in circles.
int msc_call::mapped(std::uint64_t begin, std::uint64_t end, msc_mapping* found) {
  const target::Target& target = *environment_.target;
  while (begin < end) {
    std::uint64_t entries = table_entries_at_once;
    const target::Region region = target.space().translator->next_region(begin, end, &entries);
    if (!budget_.read((table_entries_at_once - entries) * sizeof(std::uint64_t)) || !budget_.call())
      return MSC_STOP;
    begin = region.address;
    if (region.fault == target::Fault::unmapped) continue;
    *found = {region.address, region.size, 0};
    if (region.fault == target::Fault::none) {
      found->page = target.page_of(region.physical).value_or(0);
      return MSC_OK;
    }
    if (!first_fault_) first_fault_.emplace(region.address, region.fault);
    lacks_memory_ = lacks_memory_ || region.fault == target::Fault::not_in_dump;
    return MSC_EFAULT;
  }
  return MSC_ENOENT;
}

std::uint32_t msc_call::cpu_count() {
  const std::uint32_t count = environment_.target->per_cpu().count();
  lacks_memory_ = lacks_memory_ || count == 0; // no kernel has none
  return count;
}

int msc_call::config(const char* key, msc_value* value) {
  const auto found = options_.find(std::string(key, ::strnlen(key, longest_name)));
  if (found == options_.end())
    return misuse(fmt::format("config() of \"{:.32}\", which its manifest does not declare", key));
  *value = {MSC_BYTES, found->second.c_str(), found->second.size()};
  return MSC_OK;
}

int msc_call::count(std::uint64_t more) {
  if (more > UINT64_MAX - counted_) return misuse("count() beyond any map");
  counted_ += more, counts_ = true;
  return MSC_OK;
}

int msc_call::use_for_note(const char* text) {
  return budget_.emit(1 + (text == nullptr ? 0 : ::strnlen(text, longest_note))) ? MSC_OK : MSC_STOP;
}

/// For the plugin's author, on the way that messages go.
int msc_call::debug(const char* text) {
  constexpr unsigned most_lines = 1000;
  if (++debug_lines_ > most_lines) return MSC_OK;
  const std::string_view said(text, ::strnlen(text, longest_note));
  if (delivery_ != nullptr) return delivery_->debug(said), MSC_OK;
  if (environment_.tell_author != nullptr)
    environment_.tell_author(fmt::format("{}, {}: {}", renderer(),
                                         is_kernel_target() ? choice_.why : fmt::format("map {}", map_.id),
                                         plugin::printable(said, longest_note)));
  return MSC_OK;
}

/// Of memory that lies ready there is nothing to bring in. As much as a store of pages may well hold.
int msc_call::will_read(std::uint32_t space, std::uint64_t address, std::uint64_t size) {
  constexpr std::uint64_t most = 64U << 20;
  if (space == MSC_KERNEL && environment_.target->source().gains_from_threads())
    target::bring_in(environment_.target->space(), address, std::min(size, most));
  return MSC_OK;
}

/// One without a word is as good as none where nothing went wrong.
int msc_call::note(int rc, const char* text) {
  if (const auto problem = contract::note_problem(rc); !problem.empty()) return misuse(problem);
  if (is_in_each() && rc == MSC_EFAIL) { // of one element
    decoded_->failed_because(valid_utf8(std::string_view(text, ::strnlen(text, longest_note))));
    return MSC_OK;
  }
  const bool is_first_gap = rc == MSC_EFAULT && !gaps_, is_first_failure = rc == MSC_EFAIL && !fails_;
  if (rc == MSC_EFAULT) gaps_ = true;
  if (rc == MSC_EFAIL) fails_ = true;
  const std::string_view spelled(text, ::strnlen(text, longest_note));
  Notes& notes = rc < MSC_OK ? problem_notes_ : rc > MSC_OK ? limit_notes_ : notes_;
  std::string said = valid_utf8(spelled);
  const bool is_empty = said.find_first_not_of(" \t\r\n") == said.npos;
  if (is_empty) said = no_word;
  const bool is_new = (!is_empty || rc < MSC_OK) && !notes.has_more &&
                      std::ranges::find(notes.texts, said) == notes.texts.end();
  if (is_new && notes.texts.size() < most_notes)
    notes.texts.push_back(std::move(said));
  else if (is_new)
    notes.has_more = true;
  if (delivery_ != nullptr && (is_new || is_first_gap || is_first_failure)) delivery_->note(rc, spelled);
  return MSC_OK;
}
