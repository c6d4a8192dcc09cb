// SPDX-License-Identifier: Apache-2.0
// A file with types that a person names: an ELF object with a .BTF section, or raw BTF.
//
// Refuses: everything else, with a sentence that says what it is and what to give. Nothing of the file is
// mapped, so that one that is cut while it is read costs itself and not the program; nothing but the section
// is read, of whatever size the file is. Thread rule: plain values.
#pragma once

#include "host/btf/types.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mapscope::btf {

class TypesFile {
public:
  /// The error's text begins with `path`; its code is usage where the file is of the wrong kind.
  static Result<TypesFile> read(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Of a file that stands alone its types, whatever `kernel` is. Split BTF, as kernel modules have, goes on
  /// from the types of its kernel: error where these are others, or null.
  [[nodiscard]] Result<std::shared_ptr<const Types>> types(const std::shared_ptr<const Types>& kernel) const;

private:
  std::string path_;
  std::vector<std::byte> raw_;         ///< of split BTF alone
  std::shared_ptr<const Types> alone_; ///< of all other
};

} // namespace mapscope::btf
