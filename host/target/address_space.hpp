// SPDX-License-Identifier: Apache-2.0
// Kernel virtual addresses of the target to bytes.
//
// Refuses: user addresses of processes, and to hand out zeros for memory that is not there. Every read is
// split where the physical memory behind it may change (page boundaries). Thread rule: AddressSpace is
// immutable after construction and may be shared. A Reader holds a translation cache and belongs to one
// thread; it is cheap enough for one per map.
#pragma once

#include "host/memory/source.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace mapscope::target {

/// Why bytes at a virtual address could not be read.
enum class Fault : std::uint8_t {
  none,
  unmapped,    ///< the page tables map nothing there
  not_in_dump, ///< mapped, but the dump does not hold that physical page (or the table page leading there)
};

/// "" for none, else the words of the report: "unmapped", "not in the dump".
std::string_view fault_text(Fault);

/// One contiguous piece of a mapping: `size` bytes from the address asked for lie at `physical`.
struct Mapping {
  std::uint64_t physical = 0;
  std::uint64_t size = 0;
};

/// What page tables say of a range, up to the first thing that is worth saying.
struct Region {
  Fault fault = Fault::unmapped; ///< none: mapped; unmapped: nothing is, from where the scan began up to here
                                 ///< (size is 0); not_in_dump: the tables of these addresses are missing
  std::uint64_t address = 0, size = 0; ///< within the range asked for
  std::uint64_t physical = 0;          ///< of what is mapped
};

/// How one architecture translates; an implementation reads page tables through the source.
class Translator {
public:
  virtual ~Translator() = default;
  /// Translates `address`; on success *out covers at least one byte. Does no caching.
  [[nodiscard]] virtual Fault translate(std::uint64_t address, Mapping* out) const = 0;
  /// What comes first in [begin, end) by the page tables alone: what one entry maps, or tables that are
  /// missing. Absent tables are passed over as a whole. Every entry that is looked at takes one from
  /// *entries; where none is left the scan ends early and says up to where nothing is mapped.
  [[nodiscard]] virtual Region next_region(std::uint64_t begin, std::uint64_t end,
                                           std::uint64_t* entries) const = 0;
  /// Whether an address is the kernel's and no process's, as pointers in the kernel hold it: with a tag.
  [[nodiscard]] virtual bool is_kernels(std::uint64_t address) const { return address >> 63 != 0; }
  /// A pointer to code without its signature.
  [[nodiscard]] virtual std::uint64_t code_address(std::uint64_t pointer) const { return pointer; }
  /// For `info`: number of page-table levels.
  [[nodiscard]] virtual unsigned levels() const = 0;
  [[nodiscard]] virtual std::uint64_t page_size() const = 0;
};

struct AddressSpace {
  const memory::Source* source = nullptr;
  const Translator* translator = nullptr;
};

/// The same with what the source knows of why the bytes at `address` are not there.
std::string fault_text(Fault fault, const AddressSpace& space, std::uint64_t address);

/// For reads that follow, of a source that must work its bytes out: does so on all CPUs, with what of the
/// range is mapped.
void bring_in(const AddressSpace& space, std::uint64_t address, std::uint64_t size);

class Reader {
public:
  explicit Reader(const AddressSpace& space) : space_(space) {}

  /// Copies exactly to.size() bytes or fails; on failure the content of `to` is unspecified.
  [[nodiscard]] Fault read(std::uint64_t address, std::span<std::byte> to);
  /// Copies as many bytes as there are before the first that is not; *fault says why it stopped short.
  [[nodiscard]] std::size_t read_some(std::uint64_t address, std::span<std::byte> to, Fault* fault);
  /// The bytes at `address` in place, at most `want`, as far as they are contiguous; empty when unreadable.
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t address, std::size_t want);

  template <class T> [[nodiscard]] std::optional<T> get(std::uint64_t address) {
    T value;
    if (read(address, std::as_writable_bytes(std::span(&value, 1))) != Fault::none) return std::nullopt;
    return value;
  }
  /// Of a machine that goes on running: see Source::bring_in().
  void renew(std::uint64_t address, std::uint64_t size);
  /// NUL-terminated text of at most `most` bytes, cut at the first NUL or the first unreadable byte.
  [[nodiscard]] std::string text(std::uint64_t address, std::size_t most);

  [[nodiscard]] const AddressSpace& space() const { return space_; }

private:
  struct Cached {
    std::uint64_t page = ~0ULL;
    Mapping mapping;                  ///< of the page's start
    std::span<const std::byte> bytes; ///< the page in place, as far as it is contiguous in the dump
  };
  /// The rest of the page behind `address` in place, or a fault.
  [[nodiscard]] Fault page_at(std::uint64_t address, std::span<const std::byte>* rest);

  AddressSpace space_;
  std::array<Cached, 512> cache_{};
};

} // namespace mapscope::target
