// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/memory.hpp"

#include "host/plugin/call/budget.hpp"
#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/words.hpp"

#include "host/catalog/families.hpp"
#include "host/plugin/call/allocator_call.hpp"
#include "host/target/target.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

constexpr std::uint64_t table_entries_at_once = 1 << 16; // between two looks at the budget

} // namespace

Memory::Memory(const Task& task, Words& words)
    : task_(task), words_(words), reader_(task.environment.target->space()) {}

int Memory::of_cpu(std::uint32_t cpu, std::size_t size, std::uint64_t& address) {
  const auto& per_cpu = task_.environment.target->per_cpu();
  if (!per_cpu.is_possible(cpu)) return MSC_ENOENT;
  const auto offset = per_cpu.offset(cpu);
  if (!offset && size != 0) { // the CPU exists, where its area lies is not in the dump
    lacks_ = true;
    return MSC_EFAULT;
  }
  address += offset.value_or(0);
  return MSC_OK;
}

int Memory::read(std::uint32_t space, std::uint64_t address, void* to, std::size_t size) {
  if (size > MSC_READ_MAX) return words_.misuse(fmt::format("read() of {} bytes", size));
  if (!task_.budget.read(size)) return MSC_STOP;
  if (space == MSC_ARENA) return read_arena(address, to, size);
  if (space >= MSC_CPU0) {
    if (const int rc = of_cpu(space - MSC_CPU0, size, address); rc != MSC_OK) return rc;
  } else if (space != MSC_KERNEL) {
    return words_.misuse(fmt::format("read() from address space {}", space));
  }
  target::Fault fault{};
  const std::size_t done = reader_.read_some(address, {static_cast<std::byte*>(to), size}, &fault);
  if (fault == target::Fault::none) return MSC_OK;
  failed(address + done, fault);
  return MSC_EFAULT;
}

void Memory::failed(std::uint64_t address, target::Fault fault) {
  if (!first_fault_) first_fault_.emplace(address, fault);
  lacks_ = lacks_ || fault == target::Fault::not_in_dump;
}

void Memory::add(bool lacks, const FirstFault& fault) {
  lacks_ = lacks_ || lacks;
  if (!first_fault_) first_fault_ = fault;
}

/// What is looked at counts as read, and so does the time it takes: tables may be many, or lead in circles.
int Memory::mapped(std::uint64_t begin, std::uint64_t end, msc_mapping* found) {
  const target::Target& target = *task_.environment.target;
  while (begin < end) {
    std::uint64_t entries = table_entries_at_once;
    const target::Region region = target.space().translator->next_region(begin, end, &entries);
    const std::uint64_t looked_at = (table_entries_at_once - entries) * sizeof(std::uint64_t);
    if (!task_.budget.read(looked_at) || !task_.budget.call()) return MSC_STOP;
    begin = region.address;
    if (region.fault == target::Fault::unmapped) continue;
    *found = {region.address, region.size, 0};
    if (region.fault == target::Fault::none) {
      found->page = target.page_of(region.physical).value_or(0);
      return MSC_OK;
    }
    failed(region.address, region.fault);
    return MSC_EFAULT;
  }
  return MSC_ENOENT;
}

std::uint32_t Memory::cpu_count() {
  const std::uint32_t count = task_.environment.target->per_cpu().count();
  lacks_ = lacks_ || count == 0; // no kernel has none
  return count;
}

/// Of memory that lies ready there is nothing to bring in. As much as a store of pages may well hold.
int Memory::will_read(std::uint32_t space, std::uint64_t address, std::uint64_t size) {
  constexpr std::uint64_t most = 64U << 20;
  if (size == UINT64_MAX) return look_again();
  size = std::min(size, most);
  if (task_.map.is_live) return renew(space, address, size);
  if (space == MSC_KERNEL && task_.environment.target->source().gains_from_threads())
    target::bring_in(reader_.space(), address, size);
  return MSC_OK;
}

int Memory::read_now(const msc_pieces& pieces) {
  constexpr std::uint32_t largest = 64U << 10;
  if (pieces.size < sizeof pieces || pieces.piece == 0 || pieces.piece > largest ||
      pieces.count > MSC_READ_MAX / pieces.piece)
    return words_.misuse(fmt::format("read_now() of {} pieces of {} bytes", pieces.count, pieces.piece));
  if (pieces.addresses == nullptr || pieces.to == nullptr || pieces.there == nullptr)
    return words_.misuse("read_now() with NULL");
  const std::uint64_t size = pieces.count * pieces.piece;
  if (!task_.map.is_live) return MSC_ENOENT;
  if (!task_.budget.read(size)) return MSC_STOP;
  const bool could = task_.environment.target->source().read_now(
      std::span(pieces.addresses, pieces.count), pieces.piece, {static_cast<std::byte*>(pieces.to), size},
      {pieces.there, pieces.count});
  return could ? MSC_OK : MSC_ENOENT;
}

int Memory::look_again() {
  if (!task_.map.is_live) return MSC_OK;
  const memory::Source& source = task_.environment.target->source();
  const std::uint64_t before = source.arrivals();
  if (!source.look_again()) return MSC_EFAULT;
  return source.arrivals() == before ? MSC_OK : MSC_ENOENT;
}

/// A process forked off asks for what is much in few pieces.
int Memory::renew(std::uint32_t space, std::uint64_t address, std::uint64_t size) {
  constexpr std::uint64_t much = 64U << 10;
  if (space >= MSC_CPU0) {
    if (const int rc = of_cpu(space - MSC_CPU0, size, address); rc != MSC_OK) return rc;
  } else if (space != MSC_KERNEL) {
    return MSC_OK;
  }
  const memory::Source& source = task_.environment.target->source();
  const std::uint64_t before = source.arrivals();
  if (source.gains_from_threads() && size > much)
    target::bring_in(reader_.space(), address, size);
  else
    reader_.renew(address, size);
  return source.arrivals() == before ? MSC_OK : MSC_ENOENT;
}

/// Of an allocator, the one it lies in; of a map, the only one its programs have.
const catalog::Arena* Memory::arena() {
  if (arena_) return *arena_;
  arena_ = nullptr;
  if (task_.allocator != nullptr) {
    arena_ = task_.allocator->arena;
  } else if (task_.environment.families != nullptr) {
    const auto arenas = task_.environment.families->arenas_of(task_.map);
    if (arenas.size() == 1) arena_ = arenas.front();
  }
  return *arena_;
}

bool Memory::is_in_arena(std::uint64_t pointer, bool is_typed) {
  return arena() != nullptr && arena()->holds(pointer, is_typed);
}

int Memory::read_arena(std::uint64_t address, void* to, std::size_t size) {
  const catalog::Arena* arena = this->arena();
  if (arena == nullptr) return MSC_ENOENT;
  target::Fault fault{};
  const std::size_t done =
      catalog::read_arena(reader_, *arena, address, {static_cast<std::byte*>(to), size}, &fault);
  if (fault == target::Fault::none) return MSC_OK;
  failed(arena->kernel_address(address) + done, fault);
  return MSC_EFAULT;
}

} // namespace mapscope::plugin
