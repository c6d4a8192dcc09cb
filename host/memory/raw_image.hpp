// SPDX-License-Identifier: Apache-2.0
// RAM as it stands, without a header: QEMU's pmemsave and memory-backend-file, Firecracker's memory file, dd.
//
// Such a file does not say where its bytes lie. Until somebody does, offsets are taken for addresses; who
// finds out (from the kernel in it, above this layer) makes the same image laid out anew. Refuses: to
// recognise itself; it is what is left when a file is nothing else. Thread rule: as Source.
#pragma once

#include "host/memory/layout.hpp"
#include "host/memory/mapped_file.hpp"
#include "host/memory/piecewise.hpp"

#include <memory>
#include <string>

namespace mapscope::memory {

class RawImage final : public Piecewise {
public:
  /// At the places that the user says (options.layout), else flat.
  static Result<std::unique_ptr<Source>> open(const std::string& name, MappedFile file,
                                              const OpenOptions& options);

  /// The same bytes elsewhere. `found_by` is for people: "the kernel's resource tree". No run may wrap or
  /// overlap another; of one that goes on behind the end of the file the rest is cut off.
  [[nodiscard]] std::unique_ptr<RawImage> laid_out(const Layout& layout, std::string found_by) const;

  static constexpr std::string_view own_format = "raw image";
  [[nodiscard]] std::string_view format() const override { return own_format; }
  [[nodiscard]] const RawImage* raw_image() const override { return settled_ ? nullptr : this; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::span<const std::byte> file() const { return file_->bytes(); }
  /// Each run with its size.
  [[nodiscard]] const Layout& layout() const { return layout_; }

private:
  RawImage(std::string name, std::shared_ptr<const MappedFile> file, const Layout& layout,
           std::string found_by);

  std::string name_;
  std::shared_ptr<const MappedFile> file_;
  Layout layout_;
  bool settled_ = false; ///< by the user
};

} // namespace mapscope::memory
