// SPDX-License-Identifier: Apache-2.0
// The text of a saved report: of a file, or of standard input or a pipe, which is kept in a temporary file.
//
// Refuses: to hold it in memory. Thread rule: immutable after open().
#pragma once

#include "host/memory/mapped_file.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mapscope::saved {

class SavedFile {
public:
  /// "-" is standard input.
  static Result<SavedFile> open(const std::string& path);
  /// Takes over what somebody else has written: `fd` stays the caller's.
  static Result<SavedFile> of(std::string name, int fd);

  /// For people: "standard input".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const;
  /// What has been looked at need not stay in memory; it is still there.
  void forget(std::string_view part) const;

private:
  SavedFile(std::string name, memory::MappedFile file) : name_(std::move(name)), file_(std::move(file)) {}
  static Result<SavedFile> spool(std::string name, int from);

  std::string name_;
  memory::MappedFile file_;
};

} // namespace mapscope::saved
