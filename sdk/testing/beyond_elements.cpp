// SPDX-License-Identifier: Apache-2.0
// Maps and elements that are made up: of the right shape and size, and full of whatever memory is full of.
#include "beyond.hpp"

#include <cstring>
#include <functional>
#include <linux/bpf.h>

namespace mapscope::testing {

namespace {

constexpr std::size_t largest_key = 64 << 10, largest_value = 256 << 10;

std::uint32_t shape_of(std::uint32_t map_type) {
  switch (map_type) {
  case BPF_MAP_TYPE_ARRAY:
    return MSC_ELEMENT;
  case BPF_MAP_TYPE_PERCPU_ARRAY:
    return MSC_PERCPU_ELEMENT;
  case BPF_MAP_TYPE_PERCPU_HASH:
  case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    return MSC_PERCPU_ENTRY;
  case BPF_MAP_TYPE_QUEUE:
  case BPF_MAP_TYPE_STACK:
    return MSC_QUEUED;
  default:
    return MSC_ENTRY;
  }
}

std::vector<std::byte> drawn_bytes(const Beyond& beyond, std::uint64_t address, std::size_t size) {
  std::vector<std::byte> bytes(size);
  read_beyond(beyond, MSC_KERNEL, address, bytes);
  return bytes;
}

FakeHost::Element element(const Beyond& beyond, const msc_target& target, std::uint32_t index,
                          const std::map<std::uint32_t, std::uint64_t>& cpus) {
  const std::uint64_t at = target.map + (std::uint64_t{index} << 24);
  FakeHost::Element made;
  made.shape = shape_of(target.map_type);
  const bool is_keyed = made.shape == MSC_ENTRY || made.shape == MSC_PERCPU_ENTRY;
  made.key = drawn_bytes(beyond, at, is_keyed ? target.key_size : sizeof index);
  if (!is_keyed) std::memcpy(made.key.data(), &index, sizeof index);
  const bool is_there = index != 2 && target.value_size <= largest_value;
  const auto value = [&](std::uint64_t place) {
    return is_there ? std::optional(drawn_bytes(beyond, place, target.value_size)) : std::nullopt;
  };
  if (made.shape != MSC_PERCPU_ELEMENT && made.shape != MSC_PERCPU_ENTRY) {
    made.value = value(at + 4096);
    return made;
  }
  const std::size_t count = cpus.empty() || index == 3 ? 0 : cpus.rbegin()->first + 1;
  if (count * target.value_size > largest_value) return made;
  made.copies.resize(count);
  for (const auto& [cpu, offset] : cpus)
    if (cpu < count) made.copies[cpu] = {true, value(at + 4096 + offset)};
  return made;
}

} // namespace

FakeHost::Elements elements_beyond(const Beyond& beyond, const msc_target& target,
                                   const std::map<std::uint32_t, std::uint64_t>& cpus) {
  FakeHost::Elements elements{.all = {}, .lost = beyond.without_memory || beyond.seed % 5 == 3};
  if (beyond.without_memory || target.key_size > largest_key) return elements;
  for (std::uint32_t index = 0; index < 5 && index < target.max_entries; ++index)
    elements.all.push_back(element(beyond, target, index, cpus));
  return elements;
}

bool map_beyond(const Beyond& beyond, std::string_view name, FakeHost::Map& map) {
  const std::uint64_t drawn = std::hash<std::string_view>()(name) ^ beyond.seed;
  if (drawn % 4 == 0) return false;
  map.name = name;
  map.target = {};
  map.target.size = sizeof map.target;
  map.target.map = 0xffff990000000000 + (drawn & 0xfffff8);
  map.target.map_type = BPF_MAP_TYPE_HASH;
  map.target.id = static_cast<std::uint32_t>(drawn % 1000);
  map.target.key_size = drawn % 2 == 0 ? sizeof(std::uint32_t) : sizeof(std::uint64_t);
  map.target.value_size = static_cast<std::uint32_t>(8 * (1 + drawn % 8));
  map.target.max_entries = 4;
  if (drawn % 3 != 0) map.key_type = "key of " + map.name, map.value_type = "value of " + map.name;
  return true;
}

} // namespace mapscope::testing
