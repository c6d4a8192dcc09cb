// SPDX-License-Identifier: Apache-2.0
// Finds the manifest among a library's notes.
#pragma once

#include "host/plugin/verify/elf_image.hpp"

namespace mapscope::plugin {

struct ManifestNotes {
  std::vector<std::string_view> descriptions; ///< of the notes with owner "MSC" and type 1
  bool from_sections = false; ///< no PT_NOTE covers them: an old patchelf moves notes without its segment
};

/// Sections are looked at only when the segments hold no manifest. Errors: a note that reaches past its
/// segment or section, or more notes than any compiler writes.
Result<ManifestNotes> manifest_notes(const ElfImage& image);

} // namespace mapscope::plugin
