// SPDX-License-Identifier: Apache-2.0
// Everything a front end needs of one source, opened once and in order.
//
// Thread rule: immutable after open().
#pragma once

#include "host/catalog/agreement.hpp"
#include "host/catalog/catalog.hpp"
#include "host/catalog/code_symbols.hpp"
#include "host/catalog/families.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/given_types.hpp"
#include "host/pipeline/source_input.hpp"

#include <memory>

namespace mapscope::pipeline {

/// How the source is opened: as a person says, within what configuration lets it take.
memory::OpenOptions opening_of(const SourceInput& input, const config::Config& config);

/// What a running machine is read with is a map and a program, too.
void leave_out_own(catalog::Catalog& catalog);

struct Session {
  std::unique_ptr<memory::Source> source;
  std::unique_ptr<target::Target> target;
  std::shared_ptr<const btf::Types> kernel;
  GivenTypes given;
  catalog::Catalog catalog;
  std::unique_ptr<catalog::CodeSymbols> symbols;
  std::unique_ptr<catalog::Families> families;
  catalog::Agreement agreement;
  std::vector<target::FoundVmcoreinfo> crash_kernels; ///< that run where this kernel crashed
  std::vector<std::string> warnings; ///< about the source and the kernel in it, for stderr and findings

  /// A guest that is read in place and ran stands still from before its maps were read, until let_go().
  static Result<Session> open(const SourceInput& input, const config::Config& config);
  /// Maps and programs as they are by now, of a machine that runs or of a guest; what was made from those
  /// before must be gone.
  Result<void> look_again(const SourceInput& input);
  /// Lets the guest run that open() has stopped; whoever reads on reads of another time.
  void let_go();
  /// What of the kernel's tables could not be read, on stderr.
  void tell_gaps() const;
  /// What went wrong while the source was read, on stderr.
  void tell_troubles() const;

private:
  Result<void> read_maps(const SourceInput& input);
};

} // namespace mapscope::pipeline
