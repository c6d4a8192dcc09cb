// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_QUEUE and BPF_MAP_TYPE_STACK: one ring of values (struct bpf_queue_stack,
// kernel/bpf/queue_stack_maps.c), popped from its tail or from its head.

#include "memory.hpp"

namespace {

using mapscope::Bytes;
using mapscope::Call;

/// struct bpf_queue_stack
struct Ring {
  std::uint64_t elements = 0;                   // address
  std::uint32_t head = 0, tail = 0, places = 0; // one place more than the map holds: full is not empty

  explicit Ring(Call& call) {
    const msc_type ring = call.kernel_type("struct bpf_queue_stack");
    const auto number = [&](const char* member) {
      return call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(ring, member));
    };
    head = number("head"), tail = number("tail"), places = number("size");
    elements = call.target.map + call.offset(ring, "elements");
    if (places != std::uint64_t{call.target.max_entries} + 1)
      call.fail("size of struct bpf_queue_stack contradicts the map's max_entries");
    if (head >= places || tail >= places)
      call.fail("head or tail of struct bpf_queue_stack lies outside its elements");
  }

  [[nodiscard]] std::uint32_t count() const { return head >= tail ? head - tail : places - tail + head; }
  /// The place of what pop number `turn` returns.
  [[nodiscard]] std::uint32_t popped_from_tail(std::uint32_t turn) const {
    return static_cast<std::uint32_t>((std::uint64_t{tail} + turn) % places);
  }
  [[nodiscard]] std::uint32_t popped_from_head(std::uint32_t turn) const {
    return head > turn ? head - 1 - turn : places - 1 - (turn - head);
  }
};

/// The bytes of places, read a window at a time, since their neighbours are asked for next.
class Places {
public:
  Places(Call& call, const Ring& ring) : call_(call), ring_(ring), size_(call.target.value_size) {
    constexpr std::size_t most = 16 << 20;
    if (size_ == 0 || size_ > most) call.fail("values of this size are no queue's");
    one_.resize(size_);
  }

  [[nodiscard]] std::optional<Bytes> at(std::uint32_t place) {
    const std::uint32_t step = static_cast<std::uint32_t>(std::max<std::size_t>(1, window_bytes / size_));
    const std::uint32_t first = place / step * step;
    if (!tried_ || first != first_) load(first, std::min(step, ring_.places - first));
    if (whole_) return Bytes(window_).subspan(std::size_t{place - first_} * size_, size_);
    return call_.try_read(MSC_KERNEL, address(place), one_) ? std::optional<Bytes>(one_) : std::nullopt;
  }

private:
  static constexpr std::size_t window_bytes = 64 << 10;

  [[nodiscard]] std::uint64_t address(std::uint32_t place) const {
    return ring_.elements + std::uint64_t{place} * size_; // side by side, not rounded up
  }
  void load(std::uint32_t first, std::uint32_t count) {
    window_.resize(count * size_);
    tried_ = true, first_ = first;
    whole_ = call_.try_read(MSC_KERNEL, address(first), window_);
  }

  Call& call_;
  const Ring& ring_;
  std::size_t size_;
  std::vector<std::byte> window_, one_;
  std::uint32_t first_ = 0;
  bool tried_ = false, whole_ = false;
};

void render_queue_stack(Call& call) {
  constexpr std::uint32_t stack = 1; // the second attach= line
  const Ring ring(call);
  Places places(call, ring);
  const std::uint32_t count = ring.count(), limit = call.target.row_limit;
  const std::uint32_t shown = limit == 0 ? count : std::min(count, limit);
  for (std::uint32_t turn = 0; turn < shown; ++turn)
    call.queued(turn, places.at(call.target.attach == stack ? ring.popped_from_head(turn)
                                                            : ring.popped_from_tail(turn)));
  if (shown < count) call.count(count - shown);
}

} // namespace

MSC_PLUGIN(render_queue_stack, "id=mapscope.builtin.queue_stack\0"
                               "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                               "license=Apache-2.0\0"
                               "summary=queues and stacks, in the order of their pops\0"
                               "attach=map-type:queue prio=0\0"
                               "attach=map-type:stack prio=0\0"
                               "needs=struct bpf_queue_stack.head,tail,size,elements");
