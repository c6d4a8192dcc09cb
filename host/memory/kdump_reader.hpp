// SPDX-License-Identifier: Apache-2.0
// Pages of a kdump-compressed dump, unpacked by libkdumpfile.
//
// Each page's descriptor is looked at before libkdumpfile sees it: what lies behind the end of a file would
// read as zeros, and a size that is wrong be allocated. Thread rule: read() from any thread; each uses a
// context of its own as far as memory for them goes.
#pragma once

#include "host/memory/kdump_header.hpp"
#include "host/memory/page_store.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

struct _kdump_ctx; // NOLINT(bugprone-reserved-identifier): the library's own name

namespace mapscope::memory {

class KdumpReader {
public:
  /// The members, in the order of their frames, and what they hold must live as long.
  static Result<std::unique_ptr<KdumpReader>> open(std::span<const KdumpMember> members,
                                                   const FrameSet& listed);
  ~KdumpReader();
  KdumpReader(const KdumpReader&) = delete;
  KdumpReader& operator=(const KdumpReader&) = delete;

  /// Fills `page` with a frame that is listed.
  [[nodiscard]] PageState read(std::uint64_t frame, std::span<std::byte> page);
  /// Of a frame that is listed; nothing when it lies behind the end of its file.
  [[nodiscard]] std::optional<PageDescriptor> descriptor(std::uint64_t frame) const;
  /// Whether the bytes that it names should lie where its file has ended, or has lost some.
  [[nodiscard]] bool is_cut_off(std::uint64_t frame, const PageDescriptor& page) const;
  [[nodiscard]] const KdumpMember& member_of(std::uint64_t frame) const {
    return members_[index_of_member(frame)];
  }

private:
  struct Closed {
    void operator()(_kdump_ctx* context) const;
  };
  using Context = std::unique_ptr<_kdump_ctx, Closed>;

  KdumpReader(std::span<const KdumpMember> members, const FrameSet& listed);
  [[nodiscard]] std::size_t index_of_member(std::uint64_t frame) const;
  /// Whether it is one that a dump may have: of a page, and behind all descriptors.
  [[nodiscard]] bool makes_sense(std::size_t member, const PageDescriptor& page) const;
  [[nodiscard]] Result<Context> open_context() const;
  /// One that nobody uses; null when none can be had.
  Context take();
  void give_back(Context context);

  std::span<const KdumpMember> members_;
  const FrameSet& listed_;
  std::vector<std::uint64_t> pages_at_; ///< of each member: where its descriptors end
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Context> idle_;
  unsigned contexts_ = 0, most_contexts_ = 1;
};

} // namespace mapscope::memory
