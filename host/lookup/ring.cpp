// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/ring.hpp"

#include "host/lookup/map_types.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::lookup {

namespace {

constexpr std::uint32_t busy_bit = 1U << 31, discard_bit = 1U << 30, header_size = 8; // BPF_RINGBUF_*

constexpr const char* no_ring =
    "the positions cannot be those of this ring: its records are not listed, or not all of them";

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// Positions only grow, and may wrap.
bool is_behind(std::uint64_t position, std::uint64_t other) {
  return static_cast<std::int64_t>(other - position) > 0;
}

std::uint64_t step(std::uint32_t length) { return (std::uint64_t{length} + header_size + 7) / 8 * 8; }

/// Where a member of struct bpf_ringbuf lies on the producer's page, which user space may read.
std::optional<std::uint64_t> behind_producer(const btf::Types* kernel, const char* member) {
  if (kernel == nullptr) return std::nullopt;
  const auto at = kernel->offset_of("struct bpf_ringbuf", member),
             producer = kernel->offset_of("struct bpf_ringbuf", "producer_pos");
  if (!at || !producer || *at < *producer || *at - *producer > page_size() - sizeof(std::uint64_t))
    return std::nullopt;
  return *at - *producer;
}

} // namespace

Result<Ring> Ring::map(int fd, const catalog::Map& map, const btf::Types* kernel) {
  Ring ring(map.max_entries);
  const std::size_t page = page_size();
  void* const consumer = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, fd, 0);
  if (consumer != MAP_FAILED) ring.consumer_page_ = static_cast<const std::byte*>(consumer);
  void* const producer =
      ::mmap(nullptr, page + 2 * ring.capacity_, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(page));
  if (producer != MAP_FAILED) ring.producer_page_ = static_cast<const std::byte*>(producer);
  if (consumer == MAP_FAILED || producer == MAP_FAILED)
    return fail(Errc::io,
                fmt::format("its pages cannot be mapped: {}", std::generic_category().message(errno)));
  ring.read_ends(map, kernel);
  return ring;
}

Ring::Ring(Ring&& other) noexcept
    : capacity_(other.capacity_), consumer_page_(std::exchange(other.consumer_page_, nullptr)),
      producer_page_(std::exchange(other.producer_page_, nullptr)), consumer_(other.consumer_),
      producer_(other.producer_), pending_(other.pending_), start_(other.start_), count_(other.count_),
      went_(other.went_), overwrites_(other.overwrites_), overwrite_at_(other.overwrite_at_),
      problem_(std::move(other.problem_)) {}

Ring::~Ring() {
  if (consumer_page_ != nullptr) ::munmap(const_cast<std::byte*>(consumer_page_), page_size());
  if (producer_page_ != nullptr)
    ::munmap(const_cast<std::byte*>(producer_page_), page_size() + 2 * capacity_);
}

std::uint64_t Ring::load(const std::byte* page, std::size_t offset) const {
  auto* const at = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(page + offset));
  return std::atomic_ref(*at).load(std::memory_order_acquire);
}

const std::byte* Ring::data() const { return producer_page_ + page_size(); }

void Ring::read_ends(const catalog::Map& map, const btf::Types* kernel) {
  consumer_ = load(consumer_page_, 0), producer_ = load(producer_page_, 0);
  std::uint64_t behind = producer_ - consumer_;
  overwrites_ = (map.flags & flag_rb_overwrite) != 0;
  overwrite_at_ = behind_producer(kernel, "overwrite_pos"); // 6.19
  if (overwrites_ && overwrite_at_)
    behind = std::min(behind, producer_ - load(producer_page_, *overwrite_at_));
  start_ = producer_ - behind;
  if (!std::has_single_bit(capacity_) || behind > capacity_ || behind % 8 != 0 || producer_ % 8 != 0)
    problem_ = no_ring;
  else if (overwrites_ && !overwrite_at_)
    problem_ = "where its oldest record lies is not told, as the kernel's types are not: none is listed";
  std::optional<std::uint64_t> first_busy;
  walk(false, [&](const Record& record) {
    if (record.busy && !first_busy) first_busy = record.position;
    return ++count_, true;
  });
  const auto pending = behind_producer(kernel, "pending_pos"); // 6.10
  pending_ = pending ? load(producer_page_, *pending) : first_busy.value_or(producer_);
}

void Ring::for_each(const std::function<bool(const Record&)>& visit) {
  std::uint64_t visited = 0;
  bool goes_on = true;
  walk(true, [&](const Record& record) { return ++visited, goes_on = visit(record); });
  if (goes_on && problem_.empty()) went_ = count_ - std::min(count_, visited);
}

/// What has been consumed, or overwritten, may be another by now, its length among it: the walk goes on where
/// the ring begins now, which is where a record does.
void Ring::walk(bool with_data, const std::function<bool(const Record&)>& visit) {
  Record record;
  for (std::uint64_t at = start_; is_behind(at, producer_) && problem_.empty();) {
    const bool is_record = record_at(at, record, with_data);
    std::atomic_thread_fence(std::memory_order_acquire); // the record before where the ring begins
    if (const std::uint64_t begin = begin_now(); is_behind(at, begin)) {
      at = begin;
      if (begin % 8 != 0) problem_ = no_ring;
    } else if (!is_record) {
      problem_ =
          fmt::format("the record at {} would go beyond the last: it and those behind it are not listed", at);
    } else {
      if (!visit(record)) return;
      at += step(record.length);
    }
  }
}

std::uint64_t Ring::begin_now() const {
  const std::uint64_t consumer = load(consumer_page_, 0);
  if (!overwrites_) return consumer;
  const std::uint64_t oldest = overwrite_at_ ? load(producer_page_, *overwrite_at_) : consumer;
  return is_behind(oldest, consumer) ? consumer : oldest;
}

/// The data lies twice in a row, so a record that goes over the end is in one piece. False: it is none.
bool Ring::record_at(std::uint64_t position, Record& record, bool with_data) {
  const std::byte* const at = data() + (position & (capacity_ - 1));
  const auto word = static_cast<std::uint32_t>(load(at, 0)); // its lower half is the length
  record = {.position = position, .length = word & ~(busy_bit | discard_bit), .data = {}};
  record.busy = (word & busy_bit) != 0, record.discarded = (word & discard_bit) != 0;
  if (step(record.length) > producer_ - position) return false;
  if (!with_data) return true;
  copy_.assign(at + header_size, at + header_size + record.length);
  record.data = copy_;
  return true;
}

} // namespace mapscope::lookup
