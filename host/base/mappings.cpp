// SPDX-License-Identifier: Apache-2.0
#include "host/base/mappings.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <sys/stat.h>
#include <utility>

namespace mapscope {

namespace {

struct Slot {
  std::atomic<bool> is_taken = false, is_ready = false;
  std::uintptr_t begin = 0, size = 0;
  int fd = -1;
  std::array<char, 4096> name{}; // PATH_MAX
};
std::array<Slot, 16> slots; // one file of memory, and few beside it

bool became_shorter(const Slot& slot) noexcept {
  struct stat status{};
  return ::fstat(slot.fd, &status) == 0 && static_cast<std::uint64_t>(status.st_size) < slot.size;
}

} // namespace

KnownMapping::KnownMapping(std::span<const std::byte> bytes, int fd, const std::string& name) {
  for (std::size_t i = 0; i < slots.size() && slot_ < 0; ++i)
    if (!slots[i].is_taken.exchange(true)) slot_ = static_cast<int>(i);
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  slot.begin = reinterpret_cast<std::uintptr_t>(bytes.data()), slot.size = bytes.size(), slot.fd = fd;
  std::strncpy(slot.name.data(), name.c_str(), slot.name.size() - 1);
  for (char& c : slot.name) // it goes to a terminal as it stands
    if (c != '\0' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) c = '?';
  slot.is_ready = true;
}

KnownMapping::KnownMapping(KnownMapping&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

KnownMapping::~KnownMapping() {
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  slot.is_ready = false;
  slot.is_taken = false;
}

const char* lost_file_at(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const Slot& slot : slots)
    if (slot.is_ready && at >= slot.begin && at - slot.begin < slot.size)
      return became_shorter(slot) ? slot.name.data() : nullptr;
  return nullptr;
}

} // namespace mapscope
