// SPDX-License-Identifier: Apache-2.0
// How much memory a map takes, as the kernel itself counts it (the map_mem_usage functions of kernel/bpf,
// since 6.4), from the map's own structures: so also for kernels that do not count.
//
// Refuses: to guess where a structure or a member is not there, and to count what the kernel does not
// (elements of local storage, slots of CPU maps). Of an arena the kernel counts nothing, nor is it told here.
// Thread rule: belongs to one thread.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/target/address_space.hpp"

namespace mapscope::catalog {

class MapMemory {
public:
  /// Both borrowed.
  MapMemory(const target::Target& target, const btf::Types& kernel);

  /// Bytes; nothing: not known.
  [[nodiscard]] std::optional<std::uint64_t> of(const Map& map);

private:
  using Bytes = std::optional<std::uint64_t>;
  [[nodiscard]] Bytes array(const Map& map);
  [[nodiscard]] Bytes hash(const Map& map);
  [[nodiscard]] Bytes trie(const Map& map);
  [[nodiscard]] Bytes queue(const Map& map);
  [[nodiscard]] Bytes ring(const Map& map);
  [[nodiscard]] Bytes stacks(const Map& map);
  [[nodiscard]] Bytes devices(const Map& map);
  [[nodiscard]] Bytes sockets(const Map& map);
  [[nodiscard]] Bytes local_storage(const Map& map);
  [[nodiscard]] Bytes struct_ops(const Map& map);
  [[nodiscard]] Bytes bloom(const Map& map);
  [[nodiscard]] Bytes instructions(const Map& map);
  [[nodiscard]] Bytes cpus(const Map& map);
  [[nodiscard]] Bytes xsks(const Map& map);
  [[nodiscard]] Bytes reuseport(const Map& map);
  [[nodiscard]] Bytes cgroup_storage(const Map& map);

  /// Of a struct, by its name.
  [[nodiscard]] Bytes size(const char* type) const;
  /// A number in the struct that begins at `address`.
  [[nodiscard]] Bytes number(std::uint64_t address, const char* type, const char* member);
  /// Elements of a hash that takes memory for each when it comes.
  [[nodiscard]] Bytes hash_count(const Map& map);
  [[nodiscard]] std::uint64_t whole_pages(std::uint64_t bytes) const;

  const target::Target& target_;
  const btf::Types& kernel_;
  target::Reader reader_;
  std::uint64_t cpus_ = 0; ///< possible ones
};

} // namespace mapscope::catalog
