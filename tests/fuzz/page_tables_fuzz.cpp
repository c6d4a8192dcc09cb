// SPDX-License-Identifier: Apache-2.0
// Page tables of every shape: the first bytes say which, the rest is the memory from physical 0 on. Whatever
// they hold, a walk ends, and a scan stays in its range and comes forward.
#include "host/target/arm64.hpp"
#include "host/target/x86_64.hpp"
#include "input.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace {

using namespace mapscope;

class Memory final : public memory::Source {
public:
  explicit Memory(std::span<const std::byte> bytes)
      : bytes_(bytes), segments_{{{.address = 0, .size = bytes.size(), .present = bytes.size()}}} {}
  [[nodiscard]] std::string_view format() const override { return "bytes"; }
  [[nodiscard]] std::string_view arch() const override { return ""; }
  [[nodiscard]] std::span<const memory::Segment> segments() const override { return segments_; }
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want) const override {
    if (address >= bytes_.size()) return {};
    return bytes_.subspan(address, std::min(want, bytes_.size() - address));
  }
  [[nodiscard]] std::string_view vmcoreinfo() const override { return ""; }
  [[nodiscard]] std::span<const std::string> warnings() const override { return {}; }

private:
  std::span<const std::byte> bytes_;
  std::array<memory::Segment, 1> segments_;
};

void scan(const target::PageWalker& translator, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t entries = 4096;
  while (begin < end && entries != 0) {
    const std::uint64_t left = entries;
    const auto region = translator.next_region(begin, end, &entries);
    const bool is_inside =
        region.address >= begin && region.address <= end && region.size <= end - region.address;
    if (!is_inside || entries > left) __builtin_trap();
    if (region.address + region.size == begin && entries == left) __builtin_trap(); // for ever
    begin = region.address + region.size;
  }
}

void use(target::PageWalker& translator, std::uint64_t address) {
  target::Mapping mapping;
  if (translator.translate(address, &mapping) == target::Fault::none && mapping.size == 0) __builtin_trap();
  scan(translator, address, address + std::min<std::uint64_t>(~address, 1ULL << 32));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  struct Head {
    std::uint8_t shape, bits, actual, root;
    std::uint32_t offset;
    std::uint64_t address;
  } head{};
  if (size < sizeof head) return 0;
  std::memcpy(&head, data, sizeof head);
  const Memory memory(fuzz::as_bytes(data + sizeof head, size - sizeof head));
  if (head.shape % 4 == 3) {
    target::X86_64 translator(memory, {.phys_base = 0,
                                       .root = target::X86_64::image_base + head.root,
                                       .levels = 4U + head.bits % 2,
                                       .sme_mask = head.offset});
    translator.use_direct_map(head.address);
    use(translator, head.address);
    return 0;
  }
  target::Arm64::Parameters parameters{.root = head.root, .phys_offset = head.offset};
  parameters.page_shift = 12 + head.shape % 4 * 2;
  parameters.va_bits = 36 + head.bits % 17;
  parameters.actual_va_bits = std::min(parameters.va_bits, 36U + head.actual % 17);
  target::Arm64 translator(memory, parameters);
  translator.use_linear_map();
  translator.use_image(head.address, head.address + head.offset);
  use(translator, head.address);
  return 0;
}
