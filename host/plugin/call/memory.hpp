// SPDX-License-Identifier: Apache-2.0
// The target's memory as a plugin reads it: read(), cpu_count(), mapped(), will_read(), read_now().
//
// Refuses: more bytes at once than MSC_READ_MAX. What the snapshot should have and has not is remembered: the
// plugin may leave it out in silence, the report never does. Thread rule: belongs to the thread that renders.
#pragma once

#include "host/plugin/call/task.hpp"
#include "host/target/address_space.hpp"

#include <mapscope/plugin.h>

#include <optional>
#include <utility>

namespace mapscope::catalog {
struct Arena;
} // namespace mapscope::catalog

namespace mapscope::plugin {

class Words;

class Memory {
public:
  using FirstFault = std::optional<std::pair<std::uint64_t, target::Fault>>;

  Memory(const Task& task, Words& words);

  int read(std::uint32_t space, std::uint64_t address, void* to, std::size_t size);
  /// 0 when the dump lacks the mask of possible CPUs: then copies per CPU are missing, not absent.
  std::uint32_t cpu_count();
  int mapped(std::uint64_t begin, std::uint64_t end, msc_mapping* found);
  int will_read(std::uint32_t space, std::uint64_t address, std::uint64_t size);
  int read_now(const msc_pieces& pieces);

  /// Whether a pointer of that value leads into the arena that MSC_ARENA means. `is_typed`: its type says so.
  bool is_in_arena(std::uint64_t pointer, bool is_typed);
  [[nodiscard]] target::Reader& reader() { return reader_; }
  [[nodiscard]] const target::AddressSpace& space() const { return reader_.space(); }

  [[nodiscard]] bool lacks() const { return lacks_; }
  [[nodiscard]] const FirstFault& first_fault() const { return first_fault_; }
  /// What another process, or a walk for this render, could not read.
  void add(bool lacks, const FirstFault& fault);
  void failed(std::uint64_t address, target::Fault fault);

private:
  int look_again();
  int renew(std::uint32_t space, std::uint64_t address, std::uint64_t size);
  const catalog::Arena* arena();
  int read_arena(std::uint64_t address, void* to, std::size_t size);
  /// Where the area of a CPU makes of a per-CPU address; MSC_OK, or why it cannot be read.
  int of_cpu(std::uint32_t cpu, std::size_t size, std::uint64_t& address);

  const Task& task_;
  Words& words_;
  target::Reader reader_;
  std::optional<const catalog::Arena*> arena_; ///< looked for when it is first asked for
  bool lacks_ = false; ///< the plugin asked for memory that the snapshot should have and has not
  FirstFault first_fault_;
};

} // namespace mapscope::plugin
