// SPDX-License-Identifier: Apache-2.0
// A host for tests of plugins: memory and types from a few lines of text, rows captured as text.
//
// It is stricter than the real host: whatever is against the contract is remembered in Report::misuse. It
// decodes nothing. Thread rule: a FakeHost is immutable while renders run; many may run at once.
//
// The image, one fact a line; numbers as C writes them; # begins a comment:
//
// clang-format off
//   target map=0x1000 key_size=4 value_size=8 max_entries=3    any field of msc_target
//   struct bucket 16 head=0 head.first=0 flag=bit:64:1         a kernel type: size, members by path and offset
//   struct ops 24 init=0:function head=8:struct:bucket         members that are functions, or of a type: u8 to u64,
//                                                              s8 to s64, f32, f64, bool, char, enum:NAME,
//                                                              ptr:TYPE, arena:TYPE, and arrays as char[16]
//   value_type struct ops                                      the kernel's type that the map's value has
//   map struct task_ctx 24 pid=0                               the same in the map's own BTF
//   map value_type struct task_ctx                             the type of its values there; key_type of its keys
//   config payload_type struct task_ctx                        a config value
//   arena base=0x100000000                                     where in memory the arena's 32-bit addresses begin
//   root 0x2000 struct scx_allocator scx_task_allocator        an allocator's variable: address, type, name
//   cpu 0 offset=0x100000                                      a possible CPU; others below it are holes
//   enum state 4 IDLE=0 BUSY=1                                 a kernel enum: size, enumerators in their order
//   symbol 0xffffffff81000000 _stext                           a symbol, up to the next
//   mapped 0x4000 4096 page=0x9000                             what one page-table entry maps; struct page or 0
//   unknown 0x8000 0x2000                                      page tables that are missing
//   @0x1040 01 02 u16:3 u32:4 u64:5 zero:16 text:worker        memory
//   entry u32:7 = u64:5 zero:8                                 for elements() and lookup(): an element of the map, as
//   percpu_entry u32:7 = [ 01 | - | ?? ]                       Report::lines has it, its bytes as memory's
//   owned 0x2000 = 01 02                                       one that belongs to a kernel object
//   lost                                                       elements() says that some could not be read
//   other names map=0x5000 id=7 key_size=4 value_size=16       for find_map(): another map. Elements, lost, and
//                                                              map key_type and value_type behind it are its own
// clang-format on
//
// Without `map=` it is no map that is rendered, but a part of the kernel. The host does not see the manifest:
// each render may be one of mode=element, and rows are in the report when elements() walks them with
// MSC_ROWS.
//
// Report::lines, in the order of the calls; ?? could not be read, - has no such CPU:
//
//   value 01 02
//   entry 07 00 00 00 = 01 02
//   element 3 = ??
//   percpu_entry 07 00 = [01 | - | ??]
//   percpu_element 0 = []
//   queued 0 = 05 06
//   object ringbuf / number capacity 4096 / list records / text state busy / bytes data_hex 01 02 / end
//   slots 40 header 8 payload struct task_ctx                  or: payload unknown WHY
//   slot 3 genn 1 at 24736 live
//   count 5
//   note EFAULT 2 buckets could not be read
//   finding warning the queue is nearly full
#pragma once

#include <mapscope/plugin.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::testing {

/// What one render did.
struct Report {
  int rc = MSC_OK; ///< what render() returned
  std::vector<std::string> lines;
  std::vector<std::string> misuse; ///< empty for a plugin that keeps the contract
  std::uint64_t calls = 0;         ///< helpers called, cpu_count() aside
  std::uint64_t rows = 0;          ///< rows taken, those beyond row_limit left out
  std::uint64_t counted = 0;       ///< count(), and rows beyond row_limit
  std::uint64_t lost_rows = 0;     ///< for which the function for each element returned an error
  std::uint64_t after_stop = 0;    ///< helpers called after MSC_STOP had been answered, note() aside
  bool stopped = false;            ///< MSC_STOP was answered
  bool stopped_last = false;       ///< to none before the last, which is note()
  std::uint32_t helpers = 0;       ///< which were called: a bit each, in the order of msc_host
  std::uint64_t hints = 0;         ///< calls of will_read() and read_now()
  std::vector<std::string> debug;  ///< what debug() was given, its first thousand lines
  /// The lines with a newline behind each.
  [[nodiscard]] std::string text() const;
  bool operator==(const Report&) const = default;
};

/// Helper call number `call`, from 0, answers `rc`; MSC_STOP stays.
struct Failure {
  std::uint64_t call = 0;
  int rc = MSC_EFAULT;
};

/// Memory at every address and every type with every member, all of it made up: for tests of what a plugin
/// makes of a kernel that it was not written for.
struct Beyond {
  enum class Memory : std::uint8_t { zeros, noise, pointers } memory = Memory::zeros;
  std::uint64_t seed = 0;
  bool without_memory = false; ///< types alone
  /// What is certain of a type by its name, "struct x"; the rest is made up.
  struct Type {
    std::size_t size = 0; ///< 0: made up
    std::vector<std::string> members;
  };
  std::map<std::string, Type, std::less<>> types;
  std::uint64_t map = 0; ///< what leads back to the map that is rendered, now and then; 0: nothing
  /// Such as the map's own: now and then they are what is read, and the size of a type, as a plugin that
  /// compares them goes on only where they agree.
  std::vector<std::uint32_t> numbers;
};

/// "read" of bit 0 of Report::helpers, and so on.
std::vector<std::string> helper_names(std::uint32_t helpers);

class FakeHost {
public:
  /// Throws std::invalid_argument with the line that cannot be understood.
  explicit FakeHost(std::string_view image);

  [[nodiscard]] Report render(const msc_plugin& plugin, std::optional<Failure> failure = {}) const;

  /// As the image says; tests change it to see what a plugin makes of it.
  msc_target target{};
  /// Helper calls after which everything answers MSC_STOP, as a host's budget does.
  std::uint64_t budget = 1'000'000;
  /// Bytes read and handed over, with the same end.
  std::uint64_t byte_budget = 8ULL << 30;
  /// What there is beside the image; nothing without it.
  std::optional<Beyond> beyond;
  /// Of a target beyond the image, as with root_type: "struct x", or "" for none.
  std::string key_type, value_type;
  std::uint32_t value_scope = MSC_MAP_BTF;
  /// What messages call it, such as "a hash map of struct x".
  std::string about;

  struct Member {
    std::uint32_t bit_offset = 0, bit_size = 0;
    bool is_function = false; ///< a pointer to one
    std::string type;         ///< "struct bucket"; "" when nobody asks
  };
  struct Type {
    std::uint32_t scope = MSC_KERNEL_BTF;
    std::string name;
    std::size_t size = 0;
    std::map<std::string, Member, std::less<>> members;
    std::vector<std::pair<std::string, std::int64_t>> enumerators = {};
  };
  /// What plugins know a type by; MSC_BYTES when the image has no such type.
  [[nodiscard]] msc_type handle(std::uint32_t scope, std::string_view name) const;

  // The image as parsed.
  std::vector<Type> types;
  std::map<std::string, std::string, std::less<>> config;
  std::map<std::uint32_t, std::uint64_t> cpus; ///< offset of each possible CPU
  std::map<std::uint64_t, std::vector<std::byte>> memory;
  /// Of a machine that runs (target.is_running): memory that is other from that call of will_read() on, the
  /// first being 1. Later ones cover earlier ones.
  struct Change {
    std::uint64_t hint = 0, address = 0;
    std::vector<std::byte> bytes;
  };
  std::vector<Change> changes;
  /// Of such a machine: read_now() answers, and each call counts as one of will_read(). Else it says
  /// MSC_ENOENT.
  bool reads_now = false;
  std::optional<std::uint64_t> arena;           ///< address of what has 32 zero bits there
  std::string root_name, root_type;             ///< of target.root: "struct scx_allocator", in the map's BTF
  std::map<std::uint64_t, std::string> symbols; ///< by the address each begins at
  struct Region {
    std::uint64_t size = 0, page = 0;
    bool known = true; ///< false: the tables are missing
  };
  std::map<std::uint64_t, Region> regions; ///< all that mapped() finds, by address; memory need not lie there

  /// One CPU's copy of a value.
  struct Copy {
    bool exists = false;
    std::optional<std::vector<std::byte>> bytes; ///< nothing: it could not be read
  };
  struct Element {
    std::uint32_t shape = MSC_ENTRY;
    std::vector<std::byte> key;
    std::optional<std::vector<std::byte>> value;
    std::vector<Copy> copies;
    std::uint64_t owner = 0;
  };
  struct Elements {
    std::vector<Element> all;
    bool lost = false; ///< some could not be read
  };
  /// A map beside the one that is rendered.
  struct Map {
    std::string name;
    msc_target target{};
    std::string key_type, value_type; ///< in the map's BTF
    Elements elements;
  };
  std::string name; ///< of the map that is rendered
  Elements elements;
  std::vector<Map> others;
};

} // namespace mapscope::testing
