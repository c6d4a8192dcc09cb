// SPDX-License-Identifier: Apache-2.0
// What a report is made of, and the two faces every output format implements.
//
// A MapWriter turns one map into text; many run at once, each into its own stream. The ReportWriter puts the
// pieces together in map order. Refuses: to hold a whole map; a row is decoded, written and forgotten. Thread
// rule: a MapWriter belongs to one thread; ReportWriter to the thread that assembles.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/catalog/machine.hpp"
#include "host/report/cut_reasons.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::btf {
class Decoder;
class ValueVisitor;
} // namespace mapscope::btf

namespace mapscope::report {

/// Where finished text goes. append() may block (backpressure).
class Stream {
public:
  virtual ~Stream() = default;
  virtual void append(std::string_view text) = 0;
};

/// Bytes and how to read them; `decoder` null = hex only.
struct Typed {
  const btf::Decoder* decoder = nullptr;
  std::span<const std::byte> bytes;
  bool readable = true; ///< false: they exist and could not be read; `bytes` is empty
};

/// Which member of the map's JSON object a row goes to; see msc_shape in mapscope/plugin.h.
/// `slot`: a live slot of an allocator.
enum class Shape : std::uint8_t { value, entry, element, percpu_element, percpu_entry, queued, slot };
std::string_view list_name(Shape); ///< "entries"; "" for the value
/// What JSON has in place of a slot's payload.
inline constexpr std::string_view unread_slot = "its memory could not be read";

struct SlotNumbers {
  std::int32_t idx = 0, genn = 0;
  std::uint32_t user_addr = 0; ///< lower half
  std::uint64_t address = 0;   ///< all of it; 0 = not known
};

struct Row {
  Shape shape = Shape::entry;
  Typed key;               ///< entry and percpu_entry
  std::uint32_t index = 0; ///< element and percpu_element
  Typed value;             ///< shapes without copies
  std::span<const std::optional<Typed>>
      copies;                        ///< per-CPU shapes, indexed by CPU number; nullopt = not there
  bool open = false;                 ///< fields follow, up to the FieldKind::end that closes the row
  std::optional<Typed> payload = {}; ///< entry: what the allocator's slot holds that the value points to
  SlotNumbers slot = {};             ///< slot
};

/// See msc_field_kind in mapscope/plugin.h; `page` does not come this far.
enum class FieldKind : std::uint8_t {
  end,
  object,
  list,
  number,
  signed_number,
  flag,
  address,
  real,
  text,
  hex,
  typed,
  page,
  absent
};

/// One step of content that is no row.
struct Field {
  FieldKind kind = FieldKind::end;
  std::string_view name; ///< "" inside a list
  std::uint64_t number = 0;
  double real = 0;
  std::string_view text;
  Typed value; ///< hex, typed, page
};

/// In the order of their weight.
enum class Status : std::uint8_t {
  complete,
  truncated,
  partial,
  unreadable,
  failed,
  crashed,
  timed_out,
  skipped
};
std::string_view status_name(Status); ///< as the report spells it: "timed-out"
/// Of what is true in two ways: that memory is missing is not hidden by a limit.
inline Status graver(Status one, Status other) { return std::max(one, other); }

struct Finding {
  std::string severity; ///< "error", "warning", "info"
  std::optional<std::uint32_t> map;
  std::string text;
  bool operator==(const Finding&) const = default;
};

/// How a map's rendering ended; written behind its rows.
struct Outcome {
  Status status = Status::complete;
  std::string renderer;                     ///< "id@version"; "" when none
  std::optional<std::uint64_t> entry_count; ///< live entries seen; absent for single values and skipped maps
  std::string error;                        ///< what went wrong, for people; "" = nothing did
  std::vector<Finding> findings = {};       ///< the plugin's own
  /// Entries that point to an allocator's slot whose payload could not be shown, and why.
  std::uint64_t lost_payloads = 0;
  std::string no_payload = {};
  bool stands_in = false; ///< for another, of which `error` tells
  bool gave_up = false;   ///< its plugin did not come to its end; another may show more
  /// What a limit left out, each with what raises that limit: nothing went wrong.
  std::vector<std::string> limits = {};
  std::vector<std::string> notes = {}; ///< what else helps to read it
};
/// All that there is to say, in the order of weight: what went wrong, what was left out, notes; with "; "
/// between.
std::string words_of(const Outcome& outcome);

struct PluginUse {
  std::string id, version;
  std::uint32_t maps = 0;
};

/// Facts about source and run, the report's `mapscope` object (written last: it lists the plugins that were
/// used).
struct Meta {
  std::string version;
  std::string source_kind; ///< "ELF core"
  std::string release, arch;
  std::uint64_t page_size = 0, kaslr_offset = 0;
  std::uint32_t cpus = 0;
  std::uint64_t excluded_bytes{};     ///< that whoever wrote the dump left out
  std::string via{};                  ///< of a machine that runs, or a guest: how its memory is read
  bool is_running = false;            ///< it goes on while it is read
  std::optional<double> stopped_ms{}; ///< of a guest: how long it stood still for this
  std::string started_at{};           ///< of either, when that began: "2026-11-29T23:14:09Z"
  std::string host_name{};            ///< "" = not known
  std::string time{};                 ///< by the kernel's own clock: "2026-11-29T23:14:09Z"; "" = not known
  std::optional<std::uint64_t> uptime_ns{}; ///< CLOCK_BOOTTIME
  std::optional<catalog::Panic> panic{};    ///< it died of that
  bool is_narrowed = false;                 ///< to some of the maps: people are told of their programs alone
  struct Limits {
    std::uint32_t depth = 0, elements = 0;
    std::uint64_t nodes = 0;
  } limits{}; ///< of values: see btf::Limits
};

/// What of a part of the kernel fits on a first page: each line without an indent.
struct Digest {
  std::string title; ///< "sched_ext"
  std::vector<std::string> lines;
};

/// A map as the first page lists it.
struct MapLine {
  const catalog::Map* map = nullptr;
  const Outcome* outcome = nullptr;
};

/// The whole report on a page, known when all of it has been made.
struct Overview {
  std::span<const Finding> findings = {};
  std::span<const Digest> parts = {};
  std::span<const MapLine> maps = {};
  std::span<const catalog::Program> programs = {};
};

/// What programs are called, by id.
using ProgramNames = std::map<std::uint32_t, std::string>;

struct Options {
  bool pretty = false; ///< JSON: indented
  bool big_numbers_as_strings = false;
  std::string arena_bytes = "array"; ///< pages of memory: "array", "hex" or "none"
  bool color = false;                ///< text
  unsigned width = 120;              ///< text: columns
  std::uint64_t inside = 0;          ///< text: shown of a list inside a value; 0 = all
  bool one_map = false;              ///< bpftool: one map was asked for, and its array is all there is
  bool zeros = false;                ///< text: also members that are zero
  bool full = false;                 ///< text: nothing is left out because a person may not want it
  std::shared_ptr<const ProgramNames> programs = {}; ///< text; null: they are told by their ids
};

class MapWriter {
public:
  virtual ~MapWriter() = default;
  virtual void begin(const catalog::Map& map) = 0;
  /// In place of begin(): the variable's name, and the map that is the section it lies in.
  virtual void begin_allocator(std::string_view name, const catalog::Map& section) = 0;
  /// Rows of one shape come together; a value row comes before all others.
  virtual void row(const Row& row) = 0;
  /// Fields of an open row, or, behind all rows, members of the map. Objects and lists are balanced.
  virtual void field(const Field& field) = 0;
  virtual void end(const Outcome& outcome) = 0;
  /// What of the values so far is not shown. Behind it nothing of any row is needed any more.
  [[nodiscard]] virtual Cuts cuts() const { return cuts_; }

  /// Whether a row's text does not depend on others: then helpers may write some, between rows of one shape.
  [[nodiscard]] virtual bool has_helpers() const { return false; }
  /// Writes rows that come behind this one's last and have its shape; on any thread, while this one does
  /// nothing but be asked for helpers.
  [[nodiscard]] virtual std::unique_ptr<MapWriter> helper(Stream& /*to*/) const { return nullptr; }
  /// The text of a helper's rows, which are the next.
  virtual void add(std::string_view /*text*/, const Cuts& /*cuts*/) {}

protected:
  void decode(const Typed& typed, btf::ValueVisitor& into);
  void add_cuts(const Cuts& more) { cuts_.add(more); }

private:
  Cuts cuts_;
};

/// One whose content can be taken back as long as nobody has asked to keep it.
class DraftWriter : public MapWriter {
public:
  /// What has come stands, and what comes need not wait.
  virtual void keep() = 0;
  /// The map begins again. What came first is kept aside; what comes here later is dropped.
  virtual void set_aside() = 0;
  /// The map begins again, and what has come is dropped.
  virtual void drop() = 0;
  /// What was kept aside, in place of all that has come since.
  virtual void bring_back() = 0;
};

class ReportWriter {
public:
  virtual ~ReportWriter() = default;
  virtual void begin(const Meta& meta) = 0; ///< `meta` must outlive the writer
  /// Behind begin() and before all else, by whoever has held the rest back until it was whole; formats that
  /// have no first page pass over it. Where it is not called end() tells what is worth a look.
  virtual void overview(const Overview& /*page*/) {}
  /// Called before the text of what plugin `id` found that is no map is copied to the report's stream,
  /// ahead of all maps; with what of it a person should look at first.
  virtual void before_extension(std::string_view id, std::span<const Finding> findings) = 0;
  /// Called before each map's text is copied to the report's stream.
  virtual void before_map() = 0;
  /// The same for allocators, which come behind all maps.
  virtual void before_allocator() = 0;
  virtual void end(std::span<const catalog::Program> programs, std::span<const PluginUse> plugins,
                   std::span<const Finding> findings) = 0;
};

enum class Format : std::uint8_t { text, json, ndjson, bpftool, html };

std::unique_ptr<MapWriter> make_map_writer(Format format, const Options& options, Stream& stream);
/// For what is no map: begin() is given an empty one, and there are fields alone. `title` is for people.
std::unique_ptr<MapWriter> make_extension_writer(Format format, const Options& options, std::string title,
                                                 Stream& stream);
std::unique_ptr<ReportWriter> make_report_writer(Format format, const Options& options, Stream& stream);

} // namespace mapscope::report
