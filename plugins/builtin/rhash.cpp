// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_RHASH: a hash map that grows (struct bpf_rhtab around a struct rhashtable,
// kernel/bpf/hashtab.c).

#include "counted.hpp"
#include "rhashtable.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::SecondLook;

/// struct rhtab_elem: the key, and behind it, rounded up to 8 bytes, the value.
class Elements {
public:
  explicit Elements(Call& call) : call_(call) {
    constexpr std::uint32_t most = 16 << 20; // an element is one allocation
    if (call.target.key_size > most || call.target.value_size > most)
      call.fail("keys or values of more than 16 MiB are no hash map's");
    key_ = call.offset(call.kernel_type("struct rhtab_elem"), "data");
    value_at_ = (std::size_t{call.target.key_size} + 7) & ~std::size_t{7};
  }

  struct Found {
    bool has_key = false, has_value = false;
    std::vector<std::byte> bytes;
  };
  std::optional<Found> read(SecondLook& look, std::uint64_t element) {
    Found found;
    if (is_full()) return found;
    found.bytes = std::exchange(bytes_, {});
    found.bytes.resize(value_at_ + call_.target.value_size);
    const std::span key = std::span(found.bytes).first(call_.target.key_size);
    found.has_value = look.read_into(element + key_, found.bytes, value_at_);
    found.has_key = found.has_value || look.read_into(element + key_, key, key.size());
    return found; // without its value where that lies on a page that is missing
  }

  void emit(Found found) {
    ++found_;
    if (is_full()) return void(++beyond_);
    if (!found.has_key) return void(++lost_);
    const Bytes key = Bytes(found.bytes).first(call_.target.key_size);
    if (call_.target.is_running != 0 && !seen_.insert(text(key)).second) return; // another took its place
    call_.entry(key, found.has_value ? std::optional(Bytes(found.bytes).subspan(value_at_)) : std::nullopt);
    ++shown_;
    bytes_ = std::move(found.bytes);
  }

  /// `stated`: how many there are by the table's own count.
  void finish(std::uint32_t stated) {
    if (beyond_ != 0) call_.count(beyond_);
    if (lost_ != 0) call_.note(MSC_EFAULT, counted(lost_, "element|elements", "could not be read").c_str());
    if (found_ != stated)
      call_.note(MSC_OK, counted(stated, "element|elements", "by the table's own count").c_str());
  }

private:
  [[nodiscard]] bool is_full() const {
    return call_.target.row_limit != 0 && shown_ >= call_.target.row_limit;
  }
  static std::string text(Bytes key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

  Call& call_;
  std::uint32_t key_ = 0;
  std::size_t value_at_ = 0;
  std::vector<std::byte> bytes_;         ///< room for the next one
  std::unordered_set<std::string> seen_; ///< keys, of a machine that runs
  std::uint64_t found_ = 0, shown_ = 0, beyond_ = 0, lost_ = 0;
};

void render_rhash(Call& call) {
  const std::uint64_t table = call.target.map + call.offset(call.kernel_type("struct bpf_rhtab"), "ht");
  const auto stated = call.read<std::uint32_t>(
      MSC_KERNEL, table + call.offset(call.kernel_type("struct rhashtable"), "nelems.counter"));
  Elements elements(call);
  mapscope::builtin::Rhashtable(call, table, call.target.max_entries)
      .for_each([&](SecondLook& look, std::uint64_t element) { return elements.read(look, element); },
                [&](auto found) { elements.emit(std::move(found)); });
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
