// SPDX-License-Identifier: Apache-2.0
// Bytes by physical address. A source knows a file format and nothing of kernels.
//
// Refuses: to guess. An address the source does not hold reads as "not there", never as zeros, unless the
// user says that these are zeros. Thread rule: const members may be called from any thread at once.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::memory {

/// A run of physical addresses the source says it describes.
struct Segment {
  std::uint64_t address = 0; ///< physical, of the first byte
  std::uint64_t size = 0;    ///< bytes the target had there
  std::uint64_t present = 0; ///< bytes at its start that the source really holds (a cut file holds fewer)
};

/// Why a source holds no bytes at an address.
enum class Absence : std::uint8_t {
  not_described, ///< no part of it speaks of that address
  left_out,      ///< whoever wrote the dump left the page out: it may have been all zeros
  cut_off,       ///< it was there, and the file ends before
  damaged,       ///< it was there, and the file lost it, or what it holds of it contradicts itself
  no_room,       ///< it is there, and no room was left to unpack it to
  refused,       ///< the machine that is looked at does not let it be read
};

/// What a format has to say of a file, beside what all have: "compression", "zlib".
struct Detail {
  std::string name, value;
};

class RawImage;

/// Of a guest that runs, and can be made to stand still.
class Pause {
public:
  virtual ~Pause() = default;
  /// From now on the guest stands still, and everything is read anew. Errors: it runs then.
  virtual Result<void> hold() = 0;
  /// The guest runs again. False: it has done so before, since it was held too long.
  virtual bool let_go() = 0;
  /// Holds the guest, reads all again that was read since the last hold(), and lets it go.
  virtual Result<void> take() = 0;
  /// Pages that were first read since then, when the guest ran again.
  [[nodiscard]] virtual std::uint64_t late_pages() const = 0;
};

/// Bytes by physical address.
struct Piece {
  std::uint64_t address = 0, size = 0;
};
/// For a process that was forked off: what it may then find.
using AskForMemory = std::function<void(std::span<const Piece> pieces)>;

class Source {
public:
  virtual ~Source() = default;

  /// What the source is, in the words of the field: "ELF core".
  [[nodiscard]] virtual std::string_view format() const = 0;
  /// The architecture the file names ("x86_64", "aarch64"), or "" when it names none.
  [[nodiscard]] virtual std::string_view arch() const = 0;

  /// Sorted by address, not overlapping.
  [[nodiscard]] virtual std::span<const Segment> segments() const = 0;

  /// The bytes at `address`, at most `want`, as far as they lie contiguous in the source; empty when the
  /// first is not there. Borrowed for the life of the source.
  [[nodiscard]] virtual std::span<const std::byte> view(std::uint64_t address, std::size_t want) const = 0;

  /// All `size` bytes at `address` in place; fewer where they do not lie contiguous. Works them out on all
  /// CPUs where they must be worked out.
  [[nodiscard]] std::span<const std::byte> whole(std::uint64_t address, std::size_t size) const;

  /// Its bytes do not lie ready but must be worked out, and all CPUs may do so: a process forked off has one.
  [[nodiscard]] virtual bool gains_from_threads() const { return false; }
  /// All of these are about to be viewed; nothing where they lie ready. Of a machine that goes on running,
  /// what is there already is looked at anew, unless nothing else was since: it is then as new as all others.
  virtual void bring_in(std::uint64_t /*address*/, std::size_t /*size*/) const {}
  virtual void bring_in(std::span<const Piece> pieces) const {
    for (const Piece& piece : pieces) bring_in(piece.address, piece.size);
  }

  /// As view(), for a look in passing at much memory: what must be worked out is not kept, and the bytes are
  /// valid while `buffer` is not changed.
  [[nodiscard]] virtual std::span<const std::byte> glance(std::uint64_t address, std::size_t want,
                                                          std::vector<std::byte>& buffer) const;

  /// From where on in [address, end) there may be bytes that are not zeros, as far as that is known without
  /// looking at them: a file may have holes of terabytes. `address` where nothing is known.
  [[nodiscard]] virtual std::uint64_t behind_holes(std::uint64_t address, std::uint64_t /*end*/) const {
    return address;
  }

  /// Copies bytes from `address` on and returns how many could be copied before the first that is not there.
  [[nodiscard]] virtual std::size_t read(std::uint64_t address, std::span<std::byte> to) const;

  /// Of an address that cannot be read.
  [[nodiscard]] virtual Absence why_absent(std::uint64_t address) const;
  /// Bytes that whoever wrote the dump left out; 0 when the format does not tell.
  [[nodiscard]] virtual std::uint64_t left_out_bytes() const { return 0; }
  /// Whether these are known to be more than pages of zeros (makedumpfile's -d above 1).
  [[nodiscard]] virtual bool leaves_out_more_than_zeros() const { return false; }
  /// Bytes that the file says it has, and ends before; 0 when it is whole.
  [[nodiscard]] virtual std::uint64_t cut_off_bytes() const { return 0; }

  /// The VMCOREINFO text the file carries beside the memory, or "" (it may still be in the memory itself).
  [[nodiscard]] virtual std::string_view vmcoreinfo() const = 0;

  /// Sentences a person should know about the file itself ("the file ends 1234 bytes early"); usually empty.
  [[nodiscard]] virtual std::span<const std::string> warnings() const = 0;

  /// In the order in which they are shown; names are unique.
  [[nodiscard]] virtual std::vector<Detail> details() const { return {}; }
  /// What has gone wrong while it was read, once for all addresses; to be asked when the work is done.
  [[nodiscard]] virtual std::vector<std::string> troubles() const { return {}; }

  /// Of a file that does not say where its bytes lie, while nobody else did: itself. Else null.
  [[nodiscard]] virtual const RawImage* raw_image() const { return nullptr; }

  /// How a machine's memory is read: "peek", "kcore"; of a guest "shared", in place, or "dump"; "" of a file.
  [[nodiscard]] std::string_view via() const { return via_; }
  /// Of a guest that is not read in place: why.
  [[nodiscard]] const std::string& why_dumped() const { return why_dumped_; }
  void was_read_by(std::string_view via, std::string why_dumped = "") {
    via_ = via, why_dumped_ = std::move(why_dumped);
  }

  // Of a machine that goes on running.
  [[nodiscard]] virtual bool is_running() const { return false; }
  /// What this thread reads from now on is read anew, and then stays as it is until the next moment begins;
  /// spans of the last one may change.
  virtual void begin_moment() const {}
  /// Of this thread, for join_moment(); 0 where nothing changes, or before any began.
  [[nodiscard]] virtual unsigned moment() const { return 0; }
  /// Of this moment: stays the same as long as nothing is read for the first time, nor found to have changed.
  [[nodiscard]] virtual std::uint64_t arrivals() const { return 0; }
  /// All of it once more; false in a process forked off, which cannot.
  [[nodiscard]] virtual bool look_again() const { return false; }
  /// In a process forked off: goes on with that moment of the process that it comes from.
  virtual void join_moment(unsigned /*moment*/, AskForMemory /*ask*/) const {}

  // Of a guest that is stopped for it.
  /// Null where it need not be, or was while the source was opened.
  [[nodiscard]] virtual Pause* pause() { return nullptr; }
  /// Milliseconds; nothing where nobody was.
  [[nodiscard]] std::optional<double> stopped_ms() const { return stopped_ms_; }
  void was_stopped_for(std::optional<double> ms) { stopped_ms_ = ms; }

  // For processes forked off, which go on reading.
  /// What must stay open there, for pread(2) alone.
  [[nodiscard]] virtual std::vector<int> descriptors() const { return {}; }
  /// This process has taken so much memory for what it read that a fresh one should go on.
  [[nodiscard]] virtual bool is_used_up() const { return false; }

  // Of a machine that goes on running.
  /// By kernel addresses: pieces of `size` bytes as they are now, of which nothing is kept, one behind the
  /// other; there[i] says which could be read. False where that costs as much as view() does.
  [[nodiscard]] virtual bool read_now(std::span<const std::uint64_t> /*addresses*/, std::size_t /*size*/,
                                      std::span<std::byte> /*to*/, std::span<std::uint8_t> /*there*/) const {
    return false;
  }

private:
  std::string via_, why_dumped_;
  std::optional<double> stopped_ms_;
};

struct OpenOptions {
  /// What the dump left out reads as zeros: right for dumps at level 1, which leave out nothing else, and the
  /// user's to say. What a cut file lacks, and what no part of it describes, is not touched.
  bool zero_excluded = false;
  /// Where the pieces of a raw image lie (host/memory/layout.hpp); "": its kernel is asked. The user's to
  /// say.
  std::string layout{};
  /// Of a file whose pages must be unpacked: bytes of these that may lie in memory at a time, here and in
  /// each process forked off.
  std::uint64_t resident = 256U << 20, resident_forked = 256U << 20;
  /// Of this machine: "peek" or "kcore"; "": the first that works.
  std::string via{};
  unsigned threads = 1; ///< that will render maps of this machine
  /// Of a guest: not stopped at all.
  bool running = false;
  /// Of a guest: read in place where its RAM is shared, by who lets it go (Source::pause()).
  bool in_place = false;
};

/// Opens SOURCE of the command line; a file's format is found from its content. Several files are the parts
/// of one split dump, in any order. Errors: one clause naming the file, what was found, and what to try next.
Result<std::unique_ptr<Source>> open_source(std::span<const std::string> names,
                                            const OpenOptions& options = {});
Result<std::unique_ptr<Source>> open_source(const std::string& name, const OpenOptions& options = {});

} // namespace mapscope::memory
