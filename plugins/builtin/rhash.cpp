// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_RHASH: a hash map that grows (struct bpf_rhtab around a struct rhashtable,
// kernel/bpf/hashtab.c).

#include "counted.hpp"
#include "rhashtable.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;

/// struct rhtab_elem: the key, and behind it, rounded up to 8 bytes, the value.
class Elements {
public:
  explicit Elements(Call& call) : call_(call) {
    constexpr std::uint32_t most = 16 << 20; // an element is one allocation
    if (call.target.key_size > most || call.target.value_size > most)
      call.fail("keys or values of more than 16 MiB are no hash map's");
    key_ = call.offset(call.kernel_type("struct rhtab_elem"), "data");
    value_at_ = (std::size_t{call.target.key_size} + 7) & ~std::size_t{7};
    bytes_.resize(value_at_ + call.target.value_size);
  }

  void emit(std::uint64_t element) {
    ++found_;
    if (call_.target.row_limit != 0 && shown_ >= call_.target.row_limit) return void(++beyond_);
    const std::span key = std::span(bytes_).first(call_.target.key_size);
    if (call_.try_read(MSC_KERNEL, element + key_, bytes_))
      call_.entry(key, Bytes(bytes_).subspan(value_at_));
    else if (call_.try_read(MSC_KERNEL, element + key_, key))
      call_.entry(key, std::nullopt); // the value lies on a page that is missing
    else
      return void(++lost_);
    ++shown_;
  }

  /// `stated`: how many there are by the table's own count.
  void finish(std::uint32_t stated) {
    if (beyond_ != 0) call_.count(beyond_);
    if (lost_ != 0) call_.note(MSC_EFAULT, counted(lost_, "element|elements", "could not be read").c_str());
    if (found_ != stated)
      call_.note(MSC_OK, counted(stated, "element|elements", "by the table's own count").c_str());
  }

private:
  Call& call_;
  std::uint32_t key_ = 0;
  std::size_t value_at_ = 0;
  std::vector<std::byte> bytes_;
  std::uint64_t found_ = 0, shown_ = 0, beyond_ = 0, lost_ = 0;
};

void render_rhash(Call& call) {
  const std::uint64_t table = call.target.map + call.offset(call.kernel_type("struct bpf_rhtab"), "ht");
  const auto stated = call.read<std::uint32_t>(
      MSC_KERNEL, table + call.offset(call.kernel_type("struct rhashtable"), "nelems.counter"));
  Elements elements(call);
  mapscope::builtin::Rhashtable(call, table, call.target.max_entries).for_each([&](std::uint64_t element) {
    elements.emit(element);
  });
  elements.finish(stated);
}

} // namespace

MSC_PLUGIN(render_rhash, "id=mapscope.builtin.rhash\0"
                         "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                         "license=Apache-2.0\0"
                         "summary=resizable hash maps\0"
                         "attach=map-type:rhash prio=0\0"
                         "needs=struct bpf_rhtab.ht\0"
                         "needs=struct rhtab_elem.data\0"
                         "needs=struct rhashtable.tbl,p,nelems\0"
                         "needs=struct bucket_table.size,nest,future_tbl,buckets\0"
                         "needs=struct rhash_head.next");
