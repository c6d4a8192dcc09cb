// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_PERCPU_HASH and BPF_MAP_TYPE_LRU_PERCPU_HASH: at the value's place lies a per-CPU pointer.

#include "htab.hpp"
#include "memory.hpp"
#include "percpu.hpp"

#include <set>

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::Htab;
using mapscope::builtin::pointer_at;
using mapscope::builtin::SecondLook;

/// The pointers of a map's elements. Where keys have no multiple of eight bytes, older kernels put it right
/// behind the key and newer ones (6.1.192, not yet 6.1.176) behind the padding; nothing in the kernel's types
/// says which. The first elements do: per-CPU pointers are multiples of eight, none is 0 and no two are
/// equal; what is read some bytes beside them is not like that.
class PerCpuHash {
public:
  explicit PerCpuHash(Call& call)
      : call_(call), copies_(call), padding_((8 - call.target.key_size % 8) % 8), is_decided_(padding_ == 0) {
  }

  void render() {
    if (call_.target.is_running != 0) return render_running();
    walk();
    decide();
  }

private:
  struct Element {
    std::vector<std::byte> key, slot;
    bool readable;
  };
  static constexpr std::size_t sample = 64; ///< elements that are looked at before the first is shown

  void walk(mapscope::builtin::Annex annex = {}) {
    Htab(call_, sizeof(std::uint64_t), false, std::move(annex))
        .for_each(padding_ + sizeof(std::uint64_t),
                  [this](Bytes key, std::optional<Bytes> slot, Bytes copies) {
                    if (copies.empty()) return element(key, slot);
                    call_.percpu_entry(key, copies_.of_annex(copies));
                  });
  }

  /// The copies are read while their element is known to be the one with that key.
  void render_running() {
    if (!is_decided_) look_at_some();
    walk([this](SecondLook& look, Bytes slot) { copies_.add(look, pointer_at(slot, at_)); });
  }
  void look_at_some() {
    Htab(call_, sizeof(std::uint64_t), false)
        .sample(padding_ + sizeof(std::uint64_t), [this](Bytes key, std::optional<Bytes> slot) {
          wait(key, slot);
          return waiting_.size() < sample;
        });
    at_ = is_padded() ? padding_ : 0;
    is_decided_ = true;
    waiting_.clear();
  }

  void element(Bytes key, std::optional<Bytes> slot) {
    if (is_decided_) return show(key, slot);
    wait(key, slot);
    if (waiting_.size() == sample) decide();
  }

  void wait(Bytes key, std::optional<Bytes> slot) {
    waiting_.push_back({{key.begin(), key.end()}, {}, slot.has_value()});
    if (slot) waiting_.back().slot.assign(slot->begin(), slot->end());
  }

  void decide() {
    if (!is_decided_) at_ = is_padded() ? padding_ : 0;
    is_decided_ = true;
    for (const Element& waiting : waiting_)
      show(waiting.key, waiting.readable ? std::optional<Bytes>(waiting.slot) : std::nullopt);
    waiting_.clear();
  }

  [[nodiscard]] bool is_padded() const {
    std::set<std::uint64_t> seen;
    std::size_t looked_at = 0, impossible = 0;
    for (const Element& waiting : waiting_) {
      if (!waiting.readable) continue;
      const std::uint64_t pointer = pointer_at(waiting.slot, padding_);
      const bool possible = pointer != 0 && pointer % 8 == 0 && seen.insert(pointer).second &&
                            !is_rest_of(pointer_at(waiting.slot), pointer);
      ++looked_at, impossible += possible ? 0 : 1;
    }
    return impossible * 2 <= looked_at;
  }

  /// Whether `upper` may be the upper bytes of `whole`, which lies right behind the key, and nothing else.
  [[nodiscard]] bool is_rest_of(std::uint64_t whole, std::uint64_t upper) const {
    const std::size_t bits = 8 * padding_;
    const std::uint64_t lower = whole & ((std::uint64_t{1} << bits) - 1);
    return whole % 8 == 0 && lower != 0 && upper == whole >> bits;
  }

  void show(Bytes key, std::optional<Bytes> slot) {
    call_.percpu_entry(key, slot ? copies_.read(pointer_at(*slot, at_)) : copies_.unreadable());
  }

  Call& call_;
  mapscope::builtin::PerCpuCopies copies_;
  std::size_t padding_, at_ = 0; ///< bytes behind the key
  bool is_decided_;
  std::vector<Element> waiting_;
};

void render_percpu_hash(Call& call) { PerCpuHash(call).render(); }

} // namespace

MSC_PLUGIN(render_percpu_hash, "id=mapscope.builtin.percpu_hash\0"
                               "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                               "license=Apache-2.0\0"
                               "summary=per-CPU hash and per-CPU LRU hash maps\0"
                               "attach=map-type:percpu_hash,lru_percpu_hash prio=0\0"
                               "needs=struct bpf_htab.buckets,n_buckets\0"
                               "needs=struct bucket.head\0"
                               "needs=struct htab_elem.hash_node,hash,key");
