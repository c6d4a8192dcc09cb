// SPDX-License-Identifier: Apache-2.0
// For one map by its name, instead of the built-in renderer of all hash maps: padded_keys, in the order of
// its keys' bytes, so that two dumps can be laid side by side. A person may send other hash maps here with
// use =.
#include <mapscope/plugin.hpp>

#include <algorithm>
#include <linux/bpf.h>
#include <string>
#include <vector>

namespace {

using mapscope::Bytes;
using mapscope::Call;

constexpr std::size_t largest = 4096;     // of a key or value that is worth sorting
constexpr std::uint32_t most_held = 4096; // elements; all of them are in memory at once

/// Offsets into struct bpf_htab, struct bucket and struct htab_elem of this kernel.
struct Layout {
  std::uint64_t buckets;
  std::uint32_t bucket_count, head, next, node, key;
  std::size_t bucket_size;
};

Layout find_layout(Call& call) {
  const msc_type htab = call.kernel_type("struct bpf_htab"), bucket = call.kernel_type("struct bucket.head");
  const msc_type element = call.kernel_type("struct htab_elem");
  return {call.read<std::uint64_t>(MSC_KERNEL, call.target.map + call.offset(htab, "buckets")),
          call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(htab, "n_buckets")),
          call.offset(bucket, "head.first"),
          call.offset(element, "hash_node.next"),
          call.offset(element, "hash_node"),
          call.offset(element, "key"),
          call.size(bucket)};
}

/// Key and value, the value where the kernel puts it: at the next multiple of eight behind the key.
struct Element {
  std::vector<std::byte> bytes;
  std::size_t key_size;
  [[nodiscard]] Bytes key() const { return Bytes(bytes).first(key_size); }
  [[nodiscard]] Bytes value() const { return Bytes(bytes).subspan((key_size + 7) / 8 * 8); }
  bool operator<(const Element& other) const {
    return std::ranges::lexicographical_compare(key(), other.key());
  }
};

class Walk {
public:
  explicit Walk(Call& call) : call_(call), at_(find_layout(call)) {
    if (at_.bucket_count > 1 << 20) call.fail("more buckets than this plugin is for");
  }

  std::vector<Element> run() {
    for (std::uint32_t i = 0; i < at_.bucket_count; ++i) {
      std::uint64_t node = 0;
      const std::uint64_t head = at_.buckets + i * at_.bucket_size + at_.head;
      if (call_.try_read(MSC_KERNEL, head, std::as_writable_bytes(std::span(&node, 1))))
        chain(node);
      else
        ++lost_;
    }
    std::ranges::sort(elements_, [](const Element& a, const Element& b) { return a < b; });
    if (lost_ != 0)
      call_.note(MSC_EFAULT, (std::to_string(lost_) + " buckets or chains could not be read").c_str());
    return std::move(elements_);
  }

private:
  /// An odd pointer ends a chain (include/linux/list_nulls.h). A map that is torn may lead in a circle.
  void chain(std::uint64_t node) {
    while (node != 0 && (node & 1) == 0) {
      if (elements_.size() >= std::min(call_.target.max_entries, most_held))
        call_.fail("more elements than this plugin holds, or a chain in a circle");
      const std::size_t key_size = call_.target.key_size;
      Element element{std::vector<std::byte>((key_size + 7) / 8 * 8 + call_.target.value_size), key_size};
      const std::uint64_t start = node - at_.node;
      if (!call_.try_read(MSC_KERNEL, start + at_.key, element.bytes) ||
          !call_.try_read(MSC_KERNEL, start + at_.next, std::as_writable_bytes(std::span(&node, 1)))) {
        ++lost_;
        return;
      }
      elements_.push_back(std::move(element));
    }
  }

  Call& call_;
  Layout at_;
  std::vector<Element> elements_;
  std::uint64_t lost_ = 0;
};

void render(Call& call) {
  if (call.target.map_type != BPF_MAP_TYPE_HASH) call.fail("it is no hash map");
  if (call.target.key_size > largest || call.target.value_size > largest)
    call.fail("keys or values of more than 4096 bytes");
  for (const Element& element : Walk(call).run()) call.entry(element.key(), element.value());
}

} // namespace

MSC_PLUGIN(render, "id=org.example.sorted_hash\0"
                   "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                   "license=Apache-2.0\0"
                   "summary=small hash maps in the order of their keys\0"
                   "attach=map-name:padded_keys\0"
                   "needs=struct bpf_htab.buckets,n_buckets\0"
                   "needs=struct bucket.head\0"
                   "needs=struct htab_elem.hash_node,key");
