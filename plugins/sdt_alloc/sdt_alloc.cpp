// SPDX-License-Identifier: Apache-2.0
// The allocator of sched_ext schedulers (lib/sdt_alloc of their libraries and tools/sched_ext/scx_sdt.bpf.c
// of the kernel): a tree in the arena, whose leaves point to slots of one size. A slot is a payload and a
// header that has the slot's number and generation. struct sdt_allocator is what struct scx_allocator was
// called before April 2025 (pull request 1651 of sched-ext/scx).
//
// The library moves its header; what no known layout explains is shown as the slots' bytes, with the reason.

#include "choose_header.hpp"
#include "payload_type.hpp"
#include "tree.hpp"

#include <mapscope/plugin.hpp>

#include <string>

namespace {

using mapscope::Call;
using mapscope::sdt_alloc::Choice;
using mapscope::sdt_alloc::HeaderChooser;
using mapscope::sdt_alloc::HeaderReader;
using mapscope::sdt_alloc::Tree;
using mapscope::sdt_alloc::TreeLayout;

constexpr std::uint64_t smallest_header = 8;    // union sdt_id
constexpr std::uint64_t largest_slot = 1 << 20; // the allocator takes eight slots at a time from the arena

/// Without a known header a payload's type is of no use; who set one must read why it changes nothing.
std::string set_in_vain(Call& call) {
  const std::string configured(call.config("payload_type"));
  return configured.empty() ? "" : "; payload_type, which is set to " + configured + ", is not used";
}

/// The interface has headers before payloads only. With one behind it a slot is as long as its payload, and
/// the element's size is said beside.
void announce(Call& call, std::uint64_t element, const Choice& choice) {
  const std::string why =
      choice.header ? choice.payload.reason : "where payloads begin is not known" + set_in_vain(call);
  const bool is_behind = choice.header && choice.header->is_behind;
  call.slots(is_behind ? element - choice.header->size : element,
             choice.header ? choice.header->payload() : 0, choice.payload.type,
             why.empty() ? nullptr : why.c_str());
  if (is_behind) call.number("elem_size", element);
  if (!choice.basis.empty()) call.text("header_layout", choice.basis);
  if (!choice.payload.guess.empty()) call.text("payload_type_guess", choice.payload.guess);
}

/// A slot that was freed keeps its memory and its generation; its number is cleared.
std::uint64_t list(Call& call, const TreeLayout& layout, std::uint64_t root, HeaderReader* reader) {
  const auto slot = [&](std::uint64_t address, std::int32_t place, bool live) {
    const bool readable = reader != nullptr && reader->read(address);
    call.slot(address, readable && live ? reader->idx() : place, readable ? reader->genn() : 0, live);
  };
  Tree tree(call, layout, slot);
  tree.walk(root);
  return tree.skipped();
}

void render_sdt_alloc(Call& call) {
  if (call.target.root == 0) call.fail("it reads allocators, which are variables, and this is a map");
  const TreeLayout layout(call);
  const auto element = call.read<std::uint64_t>(
      MSC_KERNEL, call.target.root + call.offset(call.target.root_type, "pool.elem_size"));
  const auto root =
      call.read<std::uint64_t>(MSC_KERNEL, call.target.root + call.offset(call.target.root_type, "root"));
  if (element <= smallest_header || element > largest_slot) {
    const std::string why = "slots of " + std::to_string(element) + " bytes are no allocator's";
    if (element != 0) call.fail(why.c_str());
    return call.slots(0, 0, MSC_BYTES);
  }
  const bool has_arena = call.try_read(MSC_ARENA, 0, {});
  const Choice choice = HeaderChooser(call, layout, element, has_arena ? root : 0).choose();
  announce(call, element, choice);
  if (!has_arena) call.fail("it is not known which arena its slots are in");
  std::optional<HeaderReader> reader;
  if (choice.header) reader.emplace(call, element, *choice.header);
  call.number("skipped_subtrees", list(call, layout, root, reader ? &*reader : nullptr));
  if (!choice.header)
    call.note(MSC_EFAULT, ("slots are shown whole: " + choice.problem + set_in_vain(call)).c_str());
}

} // namespace

MSC_PLUGIN(render_sdt_alloc, "id=mapscope.sdt_alloc\0"
                             "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                             "license=Apache-2.0\0"
                             "summary=contexts that sched_ext schedulers keep of tasks and cgroups\0"
                             "attach=allocator:* var=struct scx_allocator prio=0\0"
                             "attach=allocator:* var=struct sdt_allocator prio=0\0"
                             "needs=struct sdt_pool.elem_size\0"
                             "needs=struct sdt_desc.allocated,nr_free,chunk\0"
                             "config=payload_type:type=");
