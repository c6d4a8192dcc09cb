// SPDX-License-Identifier: Apache-2.0
// The files a user names in place of what the memory holds, and whether they are of the kernel in the dump.
//
// Refuses: to believe a file because of its name. What contradicts the memory is told as a doubt; who opens
// the target decides what a doubt is worth. Thread rule: pure functions.
#pragma once

#include "host/base/result.hpp"
#include "host/target/address_space.hpp"
#include "host/target/kernel_btf.hpp"
#include "host/target/symbols.hpp"
#include "host/target/vmcoreinfo.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mapscope::target {

/// Files the user names to be used instead of what the memory holds; "" = none.
struct Overrides {
  std::string vmlinux{};    ///< ELF: symbols and .BTF, the half of them that it has
  std::string btf{};        ///< raw BTF, or an ELF file with .BTF
  std::string symbols{};    ///< System.map or kallsyms text, or an ELF file with a symbol table
  std::string vmcoreinfo{}; ///< text
  bool force = false;       ///< take them though they are of another build
  unsigned kernel = 0;      ///< of several in the dump, counted from 1; 0 = the first that holds
};

struct GivenFiles {
  std::unique_ptr<Symbols> symbols; ///< null: none was given
  std::optional<KernelBtf> btf;
  std::string symbols_from, btf_from; ///< names of the files
  std::string btf_build_id;           ///< of the file it was in; "" = that has none
  bool btf_is_proven = false;         ///< by this build id
  std::vector<std::string> doubts;    ///< sentences that begin with a file's name: it is of another build
  std::vector<std::string> unchecked; ///< sentences: nothing says whether it is
};

/// Errors: a file that cannot be read or is of another kind. `info` is the dump's kernel's.
Result<GivenFiles> read_given_files(const Overrides& overrides, const Vmcoreinfo& info);

/// The text that --vmcoreinfo names. Errors: as a file that cannot be read.
Result<Vmcoreinfo> read_vmcoreinfo_file(const std::string& path);

/// What comparing BTF with the memory's own, page by page, says.
struct BtfVerdict {
  std::string doubt;     ///< it is another one's
  std::string unchecked; ///< the memory's cannot be read
  std::string damage;    ///< the same, but for a few pages of the memory's
};
struct NamedBtf {
  std::string name, build_id;
  std::span<const std::byte> bytes;
};
BtfVerdict compare_btf(const NamedBtf& given, const Vmcoreinfo& info, const AddressSpace& space,
                       const Symbols& symbols);

} // namespace mapscope::target
