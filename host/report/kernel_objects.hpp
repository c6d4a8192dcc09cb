// SPDX-License-Identifier: Apache-2.0
// Objects of the kernel that their own memory proves: tasks, control groups, CPU masks of programs. What they
// point to leads back to them, or the allocator has marked them.
//
// Refuses: to guess, and to name an object that was freed. Thread rule: belongs to one thread.
#pragma once

#include "host/btf/decoder.hpp"
#include "host/target/address_space.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::target {
class Target;
} // namespace mapscope::target

namespace mapscope::report {

class KernelObjects {
public:
  /// `target` is borrowed.
  KernelObjects(const target::Target& target, std::shared_ptr<const btf::Types> kernel,
                const btf::Limits& limits);

  struct Kind {
    const char* type = "";
    const char* why = "";
    std::uint64_t size = 0;                                ///< bytes
    std::shared_ptr<const btf::Decoder> summary = nullptr; ///< null: this kernel's types lack something
  };
  /// Null: no object begins there, or nothing proves it.
  [[nodiscard]] const Kind* at(std::uint64_t address);
  /// How a control group is known, of one that at() has found.
  struct Group {
    std::uint64_t id = 0;
    std::string path; ///< "" where a part of it cannot be read
  };
  [[nodiscard]] std::optional<Group> group(std::uint64_t address);
  /// Whether every live object of that type is proven by its memory: what is not was freed, or is none.
  [[nodiscard]] bool proves_all(std::string_view type);

private:
  /// Members by which an object leads back to itself.
  struct Links {
    std::uint64_t link, back; ///< offsets: what the first points to has, at the second, a pointer back
    std::uint64_t to;         ///< the offset in the object that this points to
    std::optional<std::uint64_t>
        leader; ///< what this points to, points to itself there; none: no such member
  };
  /// What bpf_mem_alloc writes in front of what it hands out: the cache of the CPU.
  struct Hints {
    std::uint64_t usage;                ///< offset of what counts the references
    std::vector<std::uint64_t> per_cpu; ///< addresses of the caches
  };
  /// Offsets: the first in struct cgroup, the others in struct kernfs_node.
  struct Directory {
    std::uint64_t kn, id, name, parent;
  };
  void learn();
  void size_up(Kind& kind) const;
  [[nodiscard]] std::optional<Links> links_of_task() const;
  [[nodiscard]] std::optional<Links> links_of_cgroup() const;
  [[nodiscard]] std::optional<Hints> hints_of_masks();
  [[nodiscard]] std::optional<Directory> directory_of_group() const;
  [[nodiscard]] std::string path_of(std::uint64_t node);
  [[nodiscard]] bool leads_back(const std::optional<Links>& links, std::uint64_t address);
  [[nodiscard]] bool is_marked(std::uint64_t address);

  const target::Target& target_;
  std::shared_ptr<const btf::Types> kernel_;
  btf::Limits limits_;
  target::Reader reader_;
  bool is_learned_ = false; ///< when a number first looks like an address
  Kind task_, group_, mask_;
  std::optional<Links> of_task_, of_group_;
  std::optional<Hints> of_masks_;
  std::optional<Directory> directory_;
};

} // namespace mapscope::report
