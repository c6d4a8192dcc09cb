// SPDX-License-Identifier: Apache-2.0
// A report that waits in a temporary file until somebody says where it goes, and one that nobody wants.
//
// Thread rule: one thread writes.
#pragma once

#include "host/memory/unlinked_file.hpp"
#include "host/report/output.hpp"

namespace mapscope::report {

class HeldOutput final : public Output {
public:
  static Result<std::unique_ptr<HeldOutput>> make();
  Result<void> commit() override { return {}; }
  /// All that has come so far.
  Result<void> copy_to(Output& output) const;
  /// The same, to be read.
  [[nodiscard]] int fd() const { return file_.fd(); }

private:
  explicit HeldOutput(memory::UnlinkedFile file) : file_(std::move(file)) {}
  Result<void> put(std::string_view text) override;

  memory::UnlinkedFile file_;
  std::uint64_t size_ = 0;
};

class NoOutput final : public Output {
public:
  Result<void> commit() override { return {}; }

private:
  Result<void> put(std::string_view /*text*/) override { return {}; }
};

} // namespace mapscope::report
