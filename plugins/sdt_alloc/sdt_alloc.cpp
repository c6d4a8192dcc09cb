// SPDX-License-Identifier: Apache-2.0
// The allocator of sched_ext schedulers (struct scx_allocator, lib/sdt_alloc of their libraries and
// tools/sched_ext/scx_sdt.bpf.c of the kernel): a tree of three levels in the arena, whose leaves point to
// slots of one size. A slot begins with its number and its generation.
//
// Which slots are in use only the leaves' bitmaps say: above them a bit is set when the child has no room
// left, so that every child is descended into. Bounded: a node that was seen before is given up.

#include "payload_type.hpp"

#include <mapscope/plugin.hpp>

#include <cstring>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

using mapscope::Bytes;
using mapscope::Call;

constexpr unsigned levels = 3;                  // SDT_TASK_LEVELS
constexpr std::size_t most_children = 4096;     // SDT_TASK_ENTS_PER_CHUNK is 512
constexpr std::uint64_t largest_slot = 1 << 20; // the allocator takes eight slots at a time from the arena

/// struct sdt_pool, sdt_desc, sdt_chunk and sdt_data; the last two may be forward declarations, and what they
/// were when this was written then stands in.
struct Layout {
  explicit Layout(Call& call) {
    const msc_type desc = call.map_type("struct sdt_desc");
    root = call.offset(call.target.root_type, "root");
    elem_size = call.offset(call.target.root_type, "pool.elem_size");
    desc_size = call.size(desc);
    allocated = call.offset(desc, "allocated");
    nr_free = call.offset(desc, "nr_free");
    chunk = call.offset(desc, "chunk");
    children = call.size(call.type_of(desc, "allocated")) * 8; // a bit each
    if (children == 0 || children > most_children || desc_size > 2 * most_children)
      call.fail("struct sdt_desc is implausible");
    if (const auto type = call.find_type(MSC_MAP_BTF, "struct sdt_chunk"))
      data = call.offset_if(*type, "data").value_or(0);
    if (const auto type = call.find_type(MSC_MAP_BTF, "struct sdt_data")) find_header(call, *type);
  }

  void find_header(Call& call, msc_type type) {
    header = call.offset_if(type, "payload").value_or(static_cast<std::uint32_t>(call.size(type)));
    idx = call.offset_if(type, "tid.idx").value_or(idx);
    genn = call.offset_if(type, "tid.genn").value_or(genn);
    if (idx + 4 > header || genn + 4 > header || header > most_children)
      call.fail("struct sdt_data is implausible");
  }

  std::uint32_t root = 0, elem_size = 0; ///< of struct scx_allocator
  std::size_t desc_size = 0, children = 0;
  std::uint32_t allocated = 0, nr_free = 0, chunk = 0;
  std::uint32_t data = 0;                      ///< of struct sdt_chunk
  std::uint32_t header = 8, idx = 0, genn = 4; ///< of struct sdt_data
};

template <class T> T load(Bytes bytes, std::size_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

class Tree {
public:
  Tree(Call& call, const Layout& at) : call_(call), at_(at) {}

  void walk(std::uint64_t root) { node(root, 0, 0); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

private:
  /// `first`: the number of the first slot below.
  void node(std::uint64_t address, unsigned level, std::int64_t first) {
    std::vector<std::byte> desc(at_.desc_size), chunk(at_.children * sizeof(std::uint64_t));
    const bool is_new = seen_.insert(static_cast<std::uint32_t>(address)).second;
    if (!is_new || !call_.try_read(MSC_ARENA, address, desc)) return skip();
    const auto children = load<std::uint64_t>(desc, at_.chunk);
    if (load<std::uint64_t>(desc, at_.nr_free) > at_.children || children == 0 ||
        !call_.try_read(MSC_ARENA, children + at_.data, chunk))
      return skip();
    for (std::size_t i = 0; i < at_.children; ++i) {
      const auto child = load<std::uint64_t>(chunk, i * sizeof(std::uint64_t));
      if (child == 0) continue; // never used, or on its way
      const std::int64_t number = (first + static_cast<std::int64_t>(i));
      if (level + 1 < levels)
        node(child, level + 1, number * static_cast<std::int64_t>(at_.children));
      else
        slot(child, static_cast<std::int32_t>(number), is_set(desc, i));
    }
  }

  void skip() { ++skipped_; }

  [[nodiscard]] bool is_set(Bytes desc, std::size_t bit) const {
    return (load<std::uint8_t>(desc, at_.allocated + bit / 8) >> (bit % 8) & 1) != 0;
  }

  /// A slot that was freed keeps its memory and its generation; its number is cleared.
  void slot(std::uint64_t address, std::int32_t place, bool live) {
    std::vector<std::byte>& header = header_;
    header.resize(at_.header);
    const bool readable = call_.try_read(MSC_ARENA, address, header);
    const auto idx = readable && live ? load<std::int32_t>(header, at_.idx) : place;
    call_.slot(address, idx, readable ? load<std::int32_t>(header, at_.genn) : 0, live);
  }

  Call& call_;
  const Layout& at_;
  std::unordered_set<std::uint32_t> seen_; ///< nodes
  std::vector<std::byte> header_;
  std::uint64_t skipped_ = 0;
};

void render_sdt_alloc(Call& call) {
  if (call.target.root == 0) call.fail("it reads allocators, which are variables, and this is a map");
  const Layout at(call);
  const auto elem_size = call.read<std::uint64_t>(MSC_KERNEL, call.target.root + at.elem_size);
  const auto root = call.read<std::uint64_t>(MSC_KERNEL, call.target.root + at.root);
  if (elem_size <= at.header || elem_size > largest_slot) {
    const std::string why = "slots of " + std::to_string(elem_size) + " bytes are no allocator's";
    if (elem_size != 0) call.fail(why.c_str());
    return call.slots(0, 0, MSC_BYTES);
  }
  const auto payload = mapscope::sdt_alloc::find_payload_type(call, elem_size - at.header);
  call.slots(elem_size, at.header, payload.type, payload.reason.empty() ? nullptr : payload.reason.c_str());
  if (!call.try_read(MSC_ARENA, 0, {})) call.fail("it is not known which arena its slots are in");
  Tree tree(call, at);
  if (root != 0) tree.walk(root);
  call.number("skipped_subtrees", tree.skipped());
}

} // namespace

MSC_PLUGIN(render_sdt_alloc, "id=mapscope.sdt_alloc\0"
                             "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                             "license=Apache-2.0\0"
                             "summary=contexts that sched_ext schedulers keep of tasks and cgroups\0"
                             "attach=allocator:* var=struct scx_allocator prio=0\0"
                             "needs=struct scx_allocator.pool,root\0"
                             "needs=struct sdt_pool.elem_size\0"
                             "needs=struct sdt_desc.allocated,nr_free,chunk\0"
                             "config=payload_type:type=");
