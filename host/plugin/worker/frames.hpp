// SPDX-License-Identifier: Apache-2.0
// What a worker process tells the host, as bytes: a header with kind and length, then the content. Both ends
// are one program on one machine, so numbers are as this machine has them.
//
// The reading side takes every byte for hostile: a length is believed only as far as bytes have come, nothing
// is allocated for a claim, and a frame is refused as a whole. It refuses to judge meaning: types, sizes and
// order are checked where rows of any plugin are. Thread rule: one reader, one thread; one writer, one
// thread.
#pragma once

#include "host/base/result.hpp"
#include "host/memory/source.hpp"
#include "host/plugin/call/delivery.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace mapscope::plugin {

enum class FrameKind : std::uint32_t {
  row = 1,
  field,
  note,
  finding,
  slots,
  slot,
  debug,
  memory,     ///< asks for memory of a machine that runs; answered with a byte
  end,        ///< render() returned: RenderFacts
  unloadable, ///< why there is nothing to call
  crash,      ///< CrashFrame; the worker's last
};
/// Nothing more comes for this target.
constexpr bool is_final(FrameKind kind) { return kind >= FrameKind::end; }
/// What a map or an allocator is shown with.
constexpr bool is_content(FrameKind kind) {
  return !is_final(kind) && kind != FrameKind::note && kind != FrameKind::finding &&
         kind != FrameKind::debug && kind != FrameKind::memory;
}

struct FrameHeader {
  FrameKind kind;
  std::uint32_t size; ///< bytes of content behind this
};

/// Written by a signal handler, so plain bytes.
struct CrashFrame {
  std::int32_t signal, syscall; ///< the second for SIGSYS
  std::int32_t helper;          ///< index of the last helper called; -1: none yet; or `untraced`
  std::uint32_t inside;         ///< 1: it had not returned
  std::uint32_t loading;        ///< 1: the library was not there yet
  std::uint32_t in_plugin;      ///< 1: `offset` is from where the plugin was loaded
  std::uint64_t address;        ///< that could not be reached
  std::uint64_t offset;         ///< of the instruction, from the symbol or the plugin's begin
  std::uint64_t plugin;         ///< whose code ran, as the host has it; 0: the one that the worker is for
  std::uint64_t caller;         ///< when not in the plugin: its innermost call, from its begin; 0: unknown
  std::array<char, 64> symbol;  ///< elsewhere than in the plugin; "" = unknown

  static constexpr std::int32_t untraced = -2; ///< nobody looked
};

/// Collects frames and writes them to a descriptor in large pieces. Ends the process when nobody reads.
class FrameWriter final : public Delivery {
public:
  explicit FrameWriter(int fd);
  int row(const msc_row& row) override;
  int field(const msc_field& field) override;
  void note(int rc, std::string_view text) override;
  void slots(const msc_slots& slots) override;
  void slot(const msc_slot& slot) override;
  void finding(std::uint32_t severity, std::string_view text) override;
  void debug(std::string_view text) override;
  void end(const RenderFacts& facts);
  void unloadable(std::string_view why);
  /// Returns when the host has brought it in, or could not.
  void ask_for(std::span<const memory::Piece> pieces);
  void flush();
  /// From a signal handler: the frames that are whole, then this one.
  void crash(const CrashFrame& frame) noexcept;

private:
  void text(FrameKind kind, std::int64_t number, std::string_view text);
  void begin(FrameKind kind);
  void put(const void* data, std::size_t size);
  template <class T> void put(const T& value) { put(&value, sizeof value); }
  void put(const msc_value& value);
  void put(std::string_view text); ///< with its length
  void finish();

  int fd_;
  std::vector<std::byte> buffer_;
  std::size_t end_ = 0;   ///< of what is written to it
  std::size_t whole_ = 0; ///< bytes of complete frames: what a crash may still write
};

struct Frame {
  FrameKind kind;
  std::span<const std::byte> content; ///< until the reader's next room()
};

/// Bytes as they come, frames as they become whole.
class FrameReader {
public:
  explicit FrameReader(std::size_t longest) : longest_(longest) {}
  /// Where to read to; filled() says how much came.
  std::span<std::byte> room();
  void filled(std::size_t bytes) { end_ += bytes; }
  /// The next frame; nothing while it is not whole. A bad frame is an error from then on.
  Result<std::optional<Frame>> next();
  [[nodiscard]] bool is_empty() const { return begin_ == end_; }
  void clear() { begin_ = end_ = 0; }

private:
  std::size_t longest_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

/// A row and its copies; its pointers go into the frame's content.
struct RowFrame {
  msc_row row;
  std::vector<msc_value> copies;
};
struct FieldFrame {
  msc_field field;
  std::array<char, 65> name;
};
/// A note, a finding, or a line for the plugin's author.
struct TextFrame {
  int number; ///< rc or severity
  std::string text;
};

Result<std::vector<memory::Piece>> parse_pieces(std::span<const std::byte> content);
Result<void> parse_row(std::span<const std::byte> content, RowFrame& ret_row);
Result<void> parse_field(std::span<const std::byte> content, FieldFrame& ret_field);
Result<TextFrame> parse_text(std::span<const std::byte> content);
/// Where there is a reason, slots.reason is not null; the text lies beside it.
struct SlotsFrame {
  msc_slots slots;
  std::string reason;
};
Result<SlotsFrame> parse_slots(std::span<const std::byte> content);
Result<msc_slot> parse_slot(std::span<const std::byte> content);
Result<RenderFacts> parse_end(std::span<const std::byte> content);
Result<CrashFrame> parse_crash(std::span<const std::byte> content);

} // namespace mapscope::plugin
