// SPDX-License-Identifier: Apache-2.0
// This kernel's memory by virtual address, read by a small program of type SYSCALL (Linux 5.14) into a window
// that is mapped here. It takes no lock, allocates nothing, and is gone with its descriptors.
//
// Refuses: to write. Reads are of no single moment, and of no atomic size either. Thread rule: one thread at
// a time; several of them may be open.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace mapscope::memory {

class Peek {
public:
  static constexpr std::size_t window = 64U << 10; ///< bytes of one read
  static constexpr std::size_t most_pieces = 512;  ///< of one run of the program
  static constexpr std::size_t largest_piece = 4096;
  /// The window, room for a piece that begins at its end, and addresses.
  static constexpr std::size_t map_size = window + largest_piece + most_pieces * sizeof(std::uint64_t);
  /// What the kernel knows the window and the program by: no part of what is looked at. Those of a mapscope
  /// that has ended are there until the kernel lets go of them.
  static constexpr const char *map_name = "mapscope_window", *program_name = "mapscope_peek";

  /// Errors say which right lacks.
  static Result<std::unique_ptr<Peek>> open();
  ~Peek();
  Peek(const Peek&) = delete;
  Peek& operator=(const Peek&) = delete;

  /// All of `to`, at most `window` bytes; false where a page of it cannot be read.
  [[nodiscard]] bool read(std::uint64_t address, std::span<std::byte> to);
  /// Pieces of `size` bytes that lie anywhere, one behind the other in `to`; there[i] says which could be
  /// read. False: the kernel does not take the program for that.
  [[nodiscard]] bool read_each(std::span<const std::uint64_t> addresses, std::size_t size,
                               std::span<std::byte> to, std::span<std::uint8_t> there);
  /// Address of the struct task_struct that runs this: memory of the slab allocator. 0: not to be had.
  [[nodiscard]] std::uint64_t current_task() const;

private:
  Peek() = default;
  Result<void> make_window();
  Result<void> load();
  bool load_for_pieces();
  bool read_some(std::span<const std::uint64_t> addresses, std::size_t size, std::span<std::byte> to,
                 std::span<std::uint8_t> there);

  int map_ = -1, program_ = -1;
  int pieces_ = -1; ///< the program for them; loaded when they are first asked for
  bool takes_pieces_ = true;
  std::byte* bytes_ = nullptr; ///< of the map
};

} // namespace mapscope::memory
