// SPDX-License-Identifier: Apache-2.0
// A ring buffer through its own pages, mapped to be read: where its ends are, and the records between them.
//
// Programs and its consumer go on meanwhile: a record that has been consumed since is left out. Refuses: to
// write a position. Thread rule: one thread.
#pragma once

#include "host/catalog/catalog.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mapscope::lookup {

struct Record {
  std::uint64_t position = 0; ///< of its header; positions only grow
  std::uint32_t length = 0;
  bool busy = false, discarded = false;
  std::span<const std::byte> data;
};

class Ring {
public:
  /// `kernel` may be null; what it tells of later kernels is not known then.
  static Result<Ring> map(int fd, const catalog::Map& map, const btf::Types* kernel);
  ~Ring();
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] std::uint64_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint64_t consumer() const { return consumer_; }
  [[nodiscard]] std::uint64_t producer() const { return producer_; }
  [[nodiscard]] std::uint64_t pending() const { return pending_; }
  /// Records as they were when it was mapped.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// From the oldest on, until `visit` returns false.
  void for_each(const std::function<bool(const Record&)>& visit);
  /// Why not all are listed; "" where they are.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// How many of them were gone when for_each() came to them, where it came to the last.
  [[nodiscard]] std::uint64_t gone_meanwhile() const { return went_; }

private:
  explicit Ring(std::uint64_t capacity) : capacity_(capacity) {}
  [[nodiscard]] std::uint64_t load(const std::byte* page, std::size_t offset) const;
  [[nodiscard]] const std::byte* data() const;
  void read_ends(const catalog::Map& map, const btf::Types* kernel);
  bool record_at(std::uint64_t position, Record& record, bool with_data);
  /// Where the oldest record lies by now.
  [[nodiscard]] std::uint64_t begin_now() const;
  void walk(bool with_data, const std::function<bool(const Record&)>& visit);

  std::uint64_t capacity_;
  const std::byte *consumer_page_ = nullptr, *producer_page_ = nullptr;
  std::uint64_t consumer_ = 0, producer_ = 0, pending_ = 0, start_ = 0, count_ = 0, went_ = 0;
  bool overwrites_ = false;
  std::optional<std::uint64_t> overwrite_at_;
  std::vector<std::byte> copy_;
  std::string problem_;
};

} // namespace mapscope::lookup
