// SPDX-License-Identifier: Apache-2.0
// Where each CPU's area begins, where no symbol tells (mm/percpu.c). The thread that handles soft interrupts
// is registered with the address that its per-CPU variable has in the image (kernel/softirq.c), which tells
// where that begins; in the array of offsets each leads to a run queue whose idle task is its CPU's own.
//
// Private to this folder. Thread rule: belongs to one thread.
#pragma once

#include "host/catalog/image_words.hpp"
#include "host/catalog/layout.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mapscope::catalog {

class PerCpuAreas {
public:
  PerCpuAreas(const target::Target& target, const btf::Types& kernel, const ImageWords& image);

  /// Whether the kernel may be one for several CPUs: by its types others have no per-CPU section, and up to
  /// 6.16 no number in their run queue.
  [[nodiscard]] bool has_areas() const { return runqueues_ || has_numbers_; }
  /// The array of offsets and what they are; nothing when they cannot be told.
  struct Found {
    std::uint64_t array = 0;
    target::PerCpu per_cpu;
  };
  [[nodiscard]] std::optional<Found> find();

private:
  struct Fields {
    std::uint64_t idle = 0, cpu = 0;   ///< struct rq
    std::uint64_t comm = 0;            ///< struct task_struct
    std::uint64_t store = 0, name = 0; ///< struct smp_hotplug_thread
    std::uint64_t mask_bytes = 0;      ///< struct cpumask
  };
  [[nodiscard]] std::vector<std::uint64_t> starts();
  [[nodiscard]] bool is_area(std::uint64_t start, std::uint64_t offset, std::uint32_t cpu);
  [[nodiscard]] target::PerCpu areas(std::uint64_t start, std::uint64_t array);

  const ImageWords& image_;
  target::Reader reader_;
  std::optional<std::uint64_t> runqueues_, ksoftirqd_; ///< from where the per-CPU section begins
  Fields fields_;
  bool is_usable_ = false, has_numbers_ = false;
};

} // namespace mapscope::catalog
