// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/per_cpu_areas.hpp"

#include "host/btf/info.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

constexpr std::uint64_t page = 4096; ///< areas and the section begin at one, of the least size there is
constexpr std::uint64_t most_cpus = 1U << 16;
constexpr std::size_t name_size = 16;    // TASK_COMM_LEN
constexpr unsigned most_candidates = 64; ///< a kernel has one
constexpr std::size_t most_starts = 4;

/// In the section of per-CPU variables; pahole puts it into the types since 5.10.
std::optional<std::uint64_t> variable_offset(const btf::Types& kernel, std::string_view name) {
  const auto id = kernel.find(".data..percpu");
  const btf_type* section = id ? kernel.type(*id) : nullptr;
  if (section == nullptr || !btf_is_datasec(section)) return std::nullopt;
  const auto* const variables = btf_var_secinfos(section);
  const auto* const end = variables + btf::vlen_of(section);
  const auto* const found =
      std::find_if(variables, end, [&](const auto& one) { return kernel.name_of(one.type) == name; });
  return found == end ? std::nullopt : std::optional<std::uint64_t>(found->offset);
}

} // namespace

PerCpuAreas::PerCpuAreas(const target::Target& target, const btf::Types& kernel, const ImageWords& image)
    : image_(image), reader_(target.reader()), runqueues_(variable_offset(kernel, "runqueues")),
      ksoftirqd_(variable_offset(kernel, "ksoftirqd")) {
  Layout rq(kernel, "struct rq"), task(kernel, "struct task_struct"),
      thread(kernel, "struct smp_hotplug_thread"), mask(kernel, "struct cpumask");
  fields_ = {.idle = rq.need("idle"),
             .cpu = rq.need("cpu"),
             .comm = task.need("comm"),
             .store = thread.need("store"),
             .name = thread.need("thread_comm"),
             .mask_bytes = mask.size()};
  has_numbers_ = rq.want("cpu").has_value();
  is_usable_ = runqueues_ && ksoftirqd_ && !rq.error() && !task.error() && !thread.error() && !mask.error();
}

/// Of the section, as the kernel's addresses have it: 0 on x86-64 before 6.15.
std::vector<std::uint64_t> PerCpuAreas::starts() {
  const auto names = image_.texts("ksoftirqd/%u");
  std::vector<std::uint64_t> found;
  image_.each([&](std::uint64_t address, std::uint64_t word) {
    if (std::ranges::find(names, word) == names.end()) return;
    const auto store = reader_.get<std::uint64_t>(address - fields_.name + fields_.store);
    const std::uint64_t start = store.value_or(1) - *ksoftirqd_;
    if (store && start % page == 0 && (start == 0 || image_.spans(start)) && found.size() < most_starts)
      found.push_back(start);
  });
  return found;
}

bool PerCpuAreas::is_area(std::uint64_t start, std::uint64_t offset, std::uint32_t cpu) {
  const std::uint64_t queue = start + offset + *runqueues_;
  const auto idle = reader_.get<std::uint64_t>(queue + fields_.idle);
  return idle && *idle != 0 && reader_.get<std::uint32_t>(queue + fields_.cpu) == cpu &&
         reader_.text(*idle + fields_.comm, name_size) == fmt::format("swapper/{}", cpu);
}

/// As many as the array has behind its first.
target::PerCpu PerCpuAreas::areas(std::uint64_t start, std::uint64_t array) {
  const std::uint64_t most = std::min(fields_.mask_bytes * 8, most_cpus);
  std::vector<std::uint32_t> possible;
  std::vector<std::optional<std::uint64_t>> offsets;
  for (std::uint32_t cpu = 0; cpu < most; ++cpu) {
    const auto offset = reader_.get<std::uint64_t>(array + 8ULL * cpu);
    if (!offset || !is_area(start, *offset, cpu)) continue;
    possible.push_back(cpu);
    offsets.resize(cpu + 1);
    offsets[cpu] = offset;
  }
  return {std::move(possible), std::move(offsets)};
}

std::optional<PerCpuAreas::Found> PerCpuAreas::find() {
  std::optional<Found> best;
  if (!is_usable_) return best;
  unsigned candidates = 0;
  for (const std::uint64_t start : starts())
    image_.each([&](std::uint64_t address, std::uint64_t word) {
      if (word == 0 || word % page != 0 || candidates == most_candidates || !is_area(start, word, 0)) return;
      ++candidates;
      Found found{address, areas(start, address)};
      if (!best || found.per_cpu.possible().size() > best->per_cpu.possible().size()) best = std::move(found);
    });
  return best;
}

} // namespace mapscope::catalog
