// SPDX-License-Identifier: Apache-2.0
// What tests of kdump-compressed dumps have in common: a small one, and how it reads.
//
// Thread rule: for one thread.
#pragma once

#include "host/memory/source.hpp"
#include "tests/support/core_file.hpp"
#include "tests/support/kdump_file.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace mapscope::memory {

using test::KdumpFile;
using test::Packing;
using test::ScratchFile;

/// The source of one dump, in as many files.
class Opened {
public:
  explicit Opened(const std::vector<std::string>& contents, const OpenOptions& options = {})
      : source_(open(contents, options)) {
    if (!source_) ADD_FAILURE() << source_.error().text;
  }
  explicit Opened(const std::string& content, const OpenOptions& options = {})
      : Opened(std::vector{content}, options) {}
  const Source* operator->() const { return source_->get(); }

  /// What can be read from `address` on, at most `most` bytes.
  [[nodiscard]] std::string read(std::uint64_t address, std::size_t most = 8) const {
    std::string text(most, '?');
    text.resize((*source_)->read(address, std::as_writable_bytes(std::span(text))));
    return text;
  }
  /// "address+size/present" of each segment, in pages.
  [[nodiscard]] std::vector<std::string> segments() const {
    std::vector<std::string> words;
    for (const Segment& s : (*source_)->segments())
      words.push_back(std::to_string(s.address / 4096) + "+" + std::to_string(s.size / 4096) + "/" +
                      std::to_string(s.present / 4096));
    return words;
  }
  [[nodiscard]] const std::string& path(std::size_t file) const { return files_[file]->path(); }
  [[nodiscard]] std::string detail(std::string_view name) const {
    for (const Detail& detail : (*source_)->details())
      if (detail.name == name) return detail.value;
    return "";
  }

private:
  Result<std::unique_ptr<Source>> open(const std::vector<std::string>& contents, const OpenOptions& options) {
    std::vector<std::string> names;
    for (const std::string& content : contents)
      names.push_back(files_.emplace_back(std::make_unique<ScratchFile>(content))->path());
    return open_source(names, options);
  }
  std::vector<std::unique_ptr<ScratchFile>> files_;
  Result<std::unique_ptr<Source>> source_;
};

inline std::string page_of(char letter) { return std::string(4096, letter); }

/// Letters in frames 2 to 6 and 9; 7 is left out, and nothing is said of 8.
inline KdumpFile small(Packing packing = Packing::zlib) {
  KdumpFile file(packing);
  for (const std::uint64_t frame : {2, 3, 4, 5, 6, 9}) {
    std::string page = page_of(static_cast<char>('a' + frame));
    for (std::size_t at = 0; at < 512; ++at) page[at * 8] = static_cast<char>('a' + at % 16); // not one run
    file.page(frame, page);
  }
  file.leave_out(7);
  file.vmcoreinfo = "OSRELEASE=6.12.0-test\n";
  return file;
}

/// Changes the descriptor of the index-th page of small().
template <class T> void describe(std::string& bytes, std::size_t index, std::size_t field, T value) {
  constexpr std::size_t descriptors_at = 4 * 4096; // behind two headers and two bitmaps of one block
  std::memcpy(bytes.data() + descriptors_at + index * 24 + field, &value, sizeof value);
}

inline std::string all_of(const Opened& source) { return source.read(2 * 4096UL, 5 * 4096UL); }

} // namespace mapscope::memory
