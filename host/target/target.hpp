// SPDX-License-Identifier: Apache-2.0
// The kernel in the bytes: what must be known about it before any type is known.
//
// open() goes VMCOREINFO -> symbols (the kernel's own kallsyms in memory) -> page tables -> BTF bytes ->
// CPUs, and says at which step and why it stopped. A VMCOREINFO that does not lead through all of them is
// left for the next: the file's note first, then the copies in the memory, a crash kernel's last. Refuses: to
// compare kernel releases, and to turn to the running kernel. Thread rule: immutable after open(); share
// freely, with one Reader per thread.
#pragma once

#include "host/memory/source.hpp"
#include "host/target/added_symbols.hpp"
#include "host/target/address_space.hpp"
#include "host/target/find_vmcoreinfo.hpp"
#include "host/target/per_cpu.hpp"
#include "host/target/symbols.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::target {

struct Overrides;

/// Where a fact came from, for `info`: "memory", "note", or a file's name.
struct Origins {
  std::string vmcoreinfo, symbols, btf;
};

class Target {
public:
  /// `source` must outlive the target.
  static Result<std::unique_ptr<Target>> open(const memory::Source& source, const Overrides& overrides);
  ~Target();

  /// What was found where the symbols do not tell, before anyone else has the target: addresses by name, the
  /// areas of CPUs where there is something to say of them, and what was not found.
  void learn(AddedSymbols::Addresses addresses, std::optional<PerCpu> per_cpu, std::string warning);

  [[nodiscard]] const memory::Source& source() const;
  [[nodiscard]] const Vmcoreinfo& vmcoreinfo() const;
  [[nodiscard]] const Symbols& symbols() const;
  [[nodiscard]] const AddressSpace& space() const;
  [[nodiscard]] Reader reader() const { return Reader(space()); }
  [[nodiscard]] const PerCpu& per_cpu() const;
  /// By this kernel's page tables, read from another source of the same memory.
  [[nodiscard]] std::unique_ptr<Translator> translator_over(const memory::Source& source) const;
  /// The kernel's BTF as found; borrowed for the life of the target.
  [[nodiscard]] std::span<const std::byte> btf() const;
  [[nodiscard]] const Origins& origins() const;

  [[nodiscard]] std::string_view release() const;
  [[nodiscard]] std::string_view arch() const; ///< "x86_64", "aarch64"
  [[nodiscard]] std::uint64_t page_size() const;
  [[nodiscard]] unsigned page_table_levels() const;
  /// Address of the struct page that stands for a page of memory; kernels before 6.7 do not say where those
  /// lie.
  [[nodiscard]] std::optional<std::uint64_t> page_of(std::uint64_t physical) const;
  [[nodiscard]] std::uint64_t kaslr_offset() const; ///< virtual slide of the kernel image
  /// The VMCOREINFO in use, and what the memory says of it.
  [[nodiscard]] const FoundVmcoreinfo& witness() const;
  /// All that were found on the way to this one, in the order of Overrides::kernel; none where the note
  /// leads, as nobody looks further then.
  [[nodiscard]] std::span<const FoundVmcoreinfo> kernels() const;
  /// Another kernel crashed and left the machine to this one, which knows of a part of the memory only.
  [[nodiscard]] bool is_crash_kernel() const;
  /// What was seen and changes nothing: sentences for stderr -v.
  [[nodiscard]] std::span<const std::string> remarks() const;
  /// What was missing and worked around; sentences for stderr and `findings`.
  [[nodiscard]] std::span<const std::string> warnings() const;

private:
  struct State;
  class Opening;
  class Search;
  explicit Target(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

} // namespace mapscope::target
