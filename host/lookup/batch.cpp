// SPDX-License-Identifier: Apache-2.0
// Many elements a call. What the cursor is, is the kernel's business: of hashes the number of a bucket, of
// the others a key.
#include "host/lookup/map_types.hpp"
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
      int error = call();
      const bool has_rows = error == 0 || error == ENOENT || error == EINTR;
      if (has_rows && !deliver()) return Went::stopped;
      if (error == ENOENT && is_last()) return Went::through;
      if (error == ENOENT) error = EAGAIN;
      if (error != 0 && !mend(error)) return Went::no_way;
      if (error != 0) continue;
      std::swap(cursor_, next_), begun_ = true;
      if (count_ == 0) return Went::no_way;
      if ((rows_ += count_) > most_keys(subject_.map)) return Went::too_many;
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

  /// A resizable hash says that it is through also where the last element that it handed out went as it did
  /// (rhashtable_next_key() finds no next then, and 7.3 takes that for the end).
  bool is_last() {
    if (subject_.map.type != map_type_rhash || count_ == 0) return true;
    const std::size_t key = subject_.map.key_size, at = (std::min<std::size_t>(count_, room_) - 1) * key;
    return ::bpf_map_get_next_key(subject_.fd, keys_.data() + at, next_.data()) != 0 && errno == ENOENT;
  }

  /// ENOSPC: the next bucket has more than there is room for. EAGAIN: the element that the cursor names is
  /// gone. A bucket's lock may be taken (EBUSY; since 6.15 EDEADLK, ETIMEDOUT), or memory be short, for a
  /// moment: the same call once more.
  bool mend(int error) {
    constexpr std::size_t most_bytes = 256U << 20;
    constexpr unsigned most_restarts = 8, most_repeats = 64;
    switch (error) {
    case ENOSPC:
      return 2 * room_ * row_bytes() <= most_bytes && (set_room(2 * room_), true);
    case EAGAIN:
      return restarts_++ < most_restarts && (once_.begin_again(), begun_ = false, true);
    case EBUSY:
    case EDEADLK:
    case ETIMEDOUT:
    case ENOMEM:
      return repeats_++ < most_repeats;
    default:
      return false;
    }
  }

  const Subject& subject_;
  Once& once_;
  std::vector<std::byte> cursor_, next_, keys_, values_;
  std::size_t room_ = 0;
  std::uint32_t count_ = 0;
  bool begun_ = false;
  std::uint64_t rows_ = 0;
  unsigned restarts_ = 0, repeats_ = 0;
};

} // namespace

Went by_batch(const Subject& subject, Once& once) { return Batch(subject, once).run(); }

} // namespace mapscope::lookup
