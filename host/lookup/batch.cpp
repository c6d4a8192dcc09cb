// SPDX-License-Identifier: Apache-2.0
// Many elements a call. What the cursor is, is the kernel's business: of hashes the number of a bucket, of
// the others a key.
#include "host/lookup/walks.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <vector>

namespace mapscope::lookup {

namespace {

class Batch {
public:
  Batch(const Subject& subject, Once& once)
      : subject_(subject), once_(once), cursor_(cursor_bytes()), next_(cursor_bytes()) {
    constexpr std::size_t window = 1U << 20, most = 4096;
    set_room(std::clamp<std::size_t>(window / std::max<std::size_t>(row_bytes(), 1), 1, most));
  }

  Went run() {
    for (;;) {
      if (!once_.goes_on()) return Went::stopped;
      const int error = call();
      const bool has_rows = error == 0 || error == ENOENT || error == EINTR;
      if (has_rows && !deliver()) return Went::stopped;
      if (error == ENOENT) return Went::through;
      if (error == 0)
        std::swap(cursor_, next_), begun_ = true;
      else if (!mend(error))
        return Went::no_way;
    }
  }

private:
  [[nodiscard]] std::size_t cursor_bytes() const {
    return std::max<std::size_t>(subject_.map.key_size, sizeof(std::uint32_t));
  }
  [[nodiscard]] std::size_t row_bytes() const { return subject_.map.key_size + subject_.value; }

  void set_room(std::size_t rows) {
    room_ = rows;
    keys_.resize(rows * subject_.map.key_size), values_.resize(rows * subject_.value);
  }

  int call() {
    count_ = static_cast<std::uint32_t>(room_);
    const int rc = ::bpf_map_lookup_batch(subject_.fd, begun_ ? cursor_.data() : nullptr, next_.data(),
                                          keys_.data(), values_.data(), &count_, nullptr);
    return rc == 0 ? 0 : errno;
  }

  bool deliver() {
    const std::size_t key = subject_.map.key_size, value = subject_.value;
    for (std::size_t i = 0; i < std::min<std::size_t>(count_, room_); ++i)
      if (!once_.element(std::span(keys_).subspan(i * key, key),
                         std::span(values_).subspan(i * value, value)))
        return false;
    return true;
  }

  /// ENOSPC: the next bucket has more than there is room for. EAGAIN: the element that the cursor names is
  /// gone.
  bool mend(int error) {
    constexpr std::size_t most_bytes = 256U << 20;
    constexpr unsigned most_restarts = 8;
    if (error == ENOSPC && 2 * room_ * row_bytes() <= most_bytes) return set_room(2 * room_), true;
    if (error == EAGAIN && restarts_++ < most_restarts) return once_.begin_again(), begun_ = false, true;
    return false;
  }

  const Subject& subject_;
  Once& once_;
  std::vector<std::byte> cursor_, next_, keys_, values_;
  std::size_t room_ = 0;
  std::uint32_t count_ = 0;
  bool begun_ = false;
  unsigned restarts_ = 0;
};

} // namespace

Went by_batch(const Subject& subject, Once& once) { return Batch(subject, once).run(); }

} // namespace mapscope::lookup
