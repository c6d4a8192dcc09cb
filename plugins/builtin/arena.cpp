// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_ARENA: pages that programs and processes share (struct bpf_arena, kernel/bpf/arena.c), found
// by what the kernel's page tables map. The allocator's own books only say where not to look, and only where
// the kernel's count of pages proves them right: they reserve pages that are not mapped.

#include "counted.hpp"
#include "range_tree.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::load;

constexpr std::uint64_t widest = 1ULL << 32; // bytes; pointers into an arena are 32 bits wide for a program

/// Where the pages of an arena lie. Zeros are what is not known.
struct Place {
  std::uint64_t user_vm_start = 0; ///< a process's address of page 0
  std::uint64_t kern_vm_start = 0; ///< the kernel's, of what has 32 zero bits for a process
  std::uint64_t page_size = mapscope::builtin::smallest_page;
  [[nodiscard]] std::uint64_t first() const {
    return kern_vm_start + static_cast<std::uint32_t>(user_vm_start);
  }
};

/// What arena_map_alloc() reserves beside the 4 GiB: a guard zone, half of it in front, and the page that
/// get_vm_area() adds. The sum tells the page size, too. The zone grew with the pages in a fix of 6.9.
struct Reserve {
  std::uint64_t size, guard, page_size;
};
constexpr std::uint64_t kib = 1024;
constexpr Reserve reserves[] = {{68 * kib, 64 * kib, 4 * kib},
                                {80 * kib, 64 * kib, 16 * kib},
                                {128 * kib, 64 * kib, 64 * kib},
                                {192 * kib, 128 * kib, 64 * kib}};

/// False when the range of addresses is not known.
bool find_kernel_range(Call& call, std::uint64_t vm_struct, Place& place) {
  const msc_type type = call.kernel_type("struct vm_struct");
  const auto address = load<std::uint64_t>(call, vm_struct + call.offset(type, "addr"));
  const auto size = load<std::uint64_t>(call, vm_struct + call.offset(type, "size"));
  if (!address || !size) return call.note(MSC_EFAULT, "its vm_struct could not be read"), false;
  const auto* reserve = std::ranges::find(reserves, *size - widest, &Reserve::size);
  if (reserve == std::end(reserves) || *address % reserve->page_size != 0 ||
      *address > ~std::uint64_t{0} - *size)
    return call.note(MSC_EFAULT, "its vm_struct is not that of an arena"), false;
  place.kern_vm_start = *address + reserve->guard / 2;
  place.page_size = reserve->page_size;
  return true;
}

/// The pages that are mapped, as runs of neighbours.
class Mapped {
public:
  struct Run {
    std::uint64_t first, count; ///< pages of the arena
  };

  /// `scratch`: the struct page behind what nobody allocated; 0 when this kernel has none, nothing when it
  /// could not be read.
  Mapped(Call& call, const Place& place, std::optional<std::uint64_t> scratch)
      : call_(call), place_(place), scratch_(scratch) {}

  /// Adds those of [begin, end), pages of the arena.
  void find(std::uint64_t begin, std::uint64_t end_page) {
    const std::uint64_t end = place_.first() + end_page * place_.page_size;
    for (std::uint64_t at = place_.first() + begin * place_.page_size; at < end;) {
      bool gap = false;
      const auto found = call_.mapped(at, end, gap);
      if (!found) break;
      const bool fits = found->addr >= at && found->addr < end && found->size - 1 < end - found->addr;
      if (!fits || gap)
        lost_ += pages_in(fits ? found->size : end - at);
      else
        add(*found);
      at = fits ? found->addr + found->size : end;
    }
  }

  [[nodiscard]] std::span<const Run> runs() const { return runs_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool complete() const { return lost_ == 0 && !unsure_; }

  void note_gaps() {
    if (lost_ != 0)
      call_.note(MSC_EFAULT, ("of " + std::to_string(lost_) +
                              " pages it is not known whether they are mapped,"
                              " since the page tables could not be read")
                                 .c_str());
    if (unsure_) call_.note(MSC_OK, "pages that were touched but never allocated may be among those shown");
  }

private:
  [[nodiscard]] std::uint64_t pages_in(std::uint64_t bytes) const {
    return (bytes + place_.page_size - 1) / place_.page_size;
  }

  /// Since 7.1 a fault of the kernel's at a page that nobody allocated maps one page that all arenas share.
  void add(const msc_mapping& found) {
    if (scratch_ != 0) { // or not known
      if (found.page != 0 && found.page == scratch_) return;
      unsure_ |= found.page == 0 || !scratch_;
    }
    const std::uint64_t first = (found.addr - place_.first()) / place_.page_size;
    const std::uint64_t pages = pages_in(found.size);
    if (!runs_.empty() && runs_.back().first + runs_.back().count == first)
      runs_.back().count += pages;
    else
      runs_.push_back({first, pages});
    count_ += pages;
  }

  Call& call_;
  Place place_;
  std::optional<std::uint64_t> scratch_;
  std::vector<Run> runs_;
  std::uint64_t count_ = 0, lost_ = 0;
  bool unsure_ = false;
};

class Arena {
public:
  explicit Arena(Call& call) : call_(call), type_(call.kernel_type("struct bpf_arena")) {}

  void render() {
    const bool known = find_place();
    const std::uint64_t pages = std::min<std::uint64_t>(call_.target.max_entries, widest / place_.page_size);
    Mapped mapped = known ? find_pages(std::min(pages, reachable())) : Mapped(call_, place_, 0);
    if (known) call_.count(mapped.count());
    call_.object("arena");
    emit_globals();
    emit_place(pages);
    emit_runs(mapped);
    emit_pages(mapped);
    call_.end();
    mapped.note_gaps();
    note_gaps(mapped);
  }

private:
  [[nodiscard]] std::optional<std::uint64_t> member(const char* name) {
    return load<std::uint64_t>(call_, call_.target.map + call_.offset(type_, name));
  }

  bool find_place() {
    const auto user = member("user_vm_start"), vm_struct = member("kern_vm");
    if (!user || !vm_struct) return call_.note(MSC_EFAULT, "the arena could not be read"), false;
    place_.user_vm_start = *user;
    if (!find_kernel_range(call_, *vm_struct, place_)) return false;
    if (*user % place_.page_size == 0) return true;
    call_.note(MSC_EFAULT, "its user_vm_start is no page's address");
    return false;
  }

  std::optional<std::uint64_t> scratch_page() {
    const auto offset = call_.offset_if(type_, "scratch_page"); // 7.1
    return offset ? load<std::uint64_t>(call_, call_.target.map + *offset) : 0;
  }

  Mapped find_pages(std::uint64_t pages) {
    if (auto found = find_allocated(pages)) return std::move(*found);
    Mapped mapped(call_, place_, scratch_page());
    mapped.find(0, pages);
    return mapped;
  }

  /// Newer kernels make the tables of all 4 GiB in advance, eight MiB of them: what the allocator calls free
  /// is passed over. That is wrong for a page that is about to be freed; but the kernel still counts that.
  std::optional<Mapped> find_allocated(std::uint64_t pages) {
    const auto counted = counted_pages();
    const auto free = counted ? free_ranges() : std::nullopt;
    if (!free) return std::nullopt;
    Mapped mapped(call_, place_, scratch_page());
    std::uint64_t at = 0;
    for (const auto& range : *free) {
      mapped.find(at, std::min<std::uint64_t>(range.first, pages));
      at = std::uint64_t{range.last} + 1;
    }
    mapped.find(at, pages);
    if (mapped.count() != *counted || !mapped.complete()) return std::nullopt;
    return mapped;
  }

  std::optional<std::uint64_t> counted_pages() {
    const auto offset = call_.offset_if(type_, "nr_pages"); // 7.3
    return offset ? load<std::uint32_t>(call_, call_.target.map + *offset) : std::nullopt;
  }

  /// Nothing where there are so many that the tables are as quick.
  std::optional<std::vector<mapscope::builtin::NumberRange>> free_ranges() {
    constexpr std::size_t most = 1024;
    const auto root = call_.offset_if(type_, "rt.it_root.rb_root.rb_node"); // 6.13
    if (!root) return std::nullopt;
    return mapscope::builtin::RangeTree(call_, most).read(call_.target.map + *root);
  }

  /// arena_map_mmap() takes no range that crosses a multiple of 4 GiB.
  [[nodiscard]] std::uint64_t reachable() const {
    return (widest - static_cast<std::uint32_t>(place_.user_vm_start)) / place_.page_size;
  }
  [[nodiscard]] std::uint64_t user_address(std::uint64_t page) const {
    return place_.user_vm_start + page * place_.page_size;
  }

  /// The variables of the programs, as far as their pages are there: libbpf has written all of them.
  void emit_globals() {
    constexpr std::size_t most = 16U << 20; // bytes
    if (call_.target.globals == 0) return;
    std::vector<std::byte> bytes(std::min(call_.size(call_.target.globals_type), most));
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto left = std::span(bytes).subspan(done);
      const auto page = left.first(std::min<std::size_t>(left.size(), place_.page_size));
      if (!call_.try_read(MSC_KERNEL, call_.target.globals + done, page)) break;
      done += page.size();
    }
    if (done != 0) call_.typed("globals", std::span(bytes).first(done), call_.target.globals_type);
    if (done == 0) call_.note(MSC_EFAULT, "the variables of its programs could not be read");
  }

  void emit_place(std::uint64_t pages) {
    call_.number("declared_pages", pages);
    if (pages < call_.target.max_entries) call_.flag("span_capped", true);
    call_.address("kern_vm_start", place_.kern_vm_start);
    call_.address("user_vm_start", place_.user_vm_start);
  }

  [[nodiscard]] std::uint64_t shown(std::uint64_t count) const {
    const std::uint32_t limit = call_.target.row_limit;
    return limit == 0 ? count : std::min<std::uint64_t>(count, limit);
  }

  void emit_runs(const Mapped& mapped) {
    if (mapped.runs().empty()) return;
    call_.list("runs");
    for (const auto& run : mapped.runs().first(shown(mapped.runs().size()))) {
      call_.object(nullptr);
      call_.address("user_addr", user_address(run.first));
      call_.number("pages", run.count);
      call_.end();
    }
    call_.end();
  }

  void emit_pages(const Mapped& mapped) {
    std::uint64_t left = shown(mapped.count());
    if (left == 0) return;
    std::vector<std::byte> buffer(place_.page_size);
    call_.list("pages");
    for (const auto& run : mapped.runs())
      for (std::uint64_t page = run.first; page < run.first + run.count && left != 0; ++page, --left)
        emit_page(page, buffer);
    call_.end();
    if (shown(mapped.count()) < mapped.count()) call_.flag("truncated", true);
  }

  /// A page that is mapped and not in the snapshot has no bytes.
  void emit_page(std::uint64_t page, std::span<std::byte> buffer) {
    call_.object(nullptr);
    call_.address("user_addr", user_address(page));
    const bool there = call_.try_read(MSC_KERNEL, place_.first() + page * place_.page_size, buffer);
    call_.page("bytes", Bytes(buffer).first(there ? buffer.size() : 0));
    if (!there) ++lost_pages_;
    call_.end();
  }

  void note_gaps(const Mapped& mapped) {
    if (lost_pages_ != 0)
      call_.note(
          MSC_EFAULT,
          mapscope::builtin::counted(lost_pages_, "mapped page|mapped pages", "could not be read").c_str());
    if (place_.kern_vm_start == 0 || !mapped.complete()) return;
    if (const auto counted = counted_pages(); counted && *counted != mapped.count())
      call_.note(MSC_OK, ("the kernel counts " + std::to_string(*counted) + " pages").c_str());
  }

  Call& call_;
  msc_type type_;
  Place place_;
  std::uint64_t lost_pages_ = 0;
};

void render_arena(Call& call) { Arena(call).render(); }

} // namespace

MSC_PLUGIN(render_arena, "id=mapscope.builtin.arena\0"
                         "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                         "license=Apache-2.0\0"
                         "summary=pages that programs share with processes\0"
                         "attach=map-type:arena prio=0\0"
                         "needs=struct bpf_arena.user_vm_start,kern_vm\0"
                         "needs=struct vm_struct.addr,size");
