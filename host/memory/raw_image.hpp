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

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                    std::vector<std::byte>& buffer) const override {
    return file_->mapped.glance(view(address, want), buffer);
  }
  [[nodiscard]] std::uint64_t behind_holes(std::uint64_t address, std::uint64_t end) const override {
    return address + file_->mapped.hole_in(view(address, end - address));
  }
  [[nodiscard]] const RawImage* raw_image() const override { return settled_ ? nullptr : this; }
  /// Neither the user nor the kernel in it said where its bytes lie.
  [[nodiscard]] bool is_laid_out_by_assumption() const { return assumed_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::span<const std::byte> file() const { return file_->mapped.bytes(); }
  /// Each run with its size.
  [[nodiscard]] const Layout& layout() const { return layout_; }

  using Addresses = std::vector<std::uint64_t>;
  /// What a pass over the whole file finds, once for all layouts of it: `find` is called the first time, and
  /// its addresses are told in this layout, in order. Where the layout leaves bytes out they are left out.
  [[nodiscard]] Addresses found_once(const std::function<Addresses()>& find) const;

private:
  /// Of one file, whichever its layout.
  struct File {
    explicit File(MappedFile file) : mapped(std::move(file)) {}
    MappedFile mapped;
    std::once_flag once;
    std::vector<std::uint64_t> offsets; ///< of what was found
  };
  RawImage(std::string name, std::shared_ptr<File> file, const Layout& layout, std::string found_by);
  [[nodiscard]] std::optional<std::uint64_t> address_of(std::uint64_t offset) const;
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const;

  std::string name_;
  std::shared_ptr<File> file_;
  Layout layout_;
  bool settled_ = false; ///< by the user
  bool assumed_ = false; ///< by nobody
};

} // namespace mapscope::memory
