// SPDX-License-Identifier: Apache-2.0
// How long it takes to see what a scheduler's programs do with numbers: 30 programs of 4000 instructions,
// with a branch in every fifth, where 50 ms for all of them is too long; beside it, one pass over the same
// bytes.
#include "host/catalog/flow/code_flow.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/code.hpp"

#include <benchmark/benchmark.h>
#include <numeric>

namespace {

using namespace mapscope;

constexpr unsigned programs = 30, length = 4000;
constexpr std::uint64_t variable_at = 0xffff888000002010;

class Names final : public catalog::CodeNames {
public:
  explicit Names(catalog::TypeRef value) : map_{std::move(value), std::nullopt} {}
  [[nodiscard]] catalog::Value at(std::uint64_t) const override {
    return {catalog::Held::pointer, catalog::Space::map, map_.value.types.get(), map_.value.id, 0, 0};
  }
  [[nodiscard]] const Map& map(std::uint32_t) const override { return map_; }
  [[nodiscard]] const Function& function(std::int32_t) const override { return function_; }

private:
  Map map_;
  Function function_;
};

catalog::ProgramCode program(std::shared_ptr<const btf::Types> types, const catalog::Program& record) {
  test::Code code;
  code.number(6, variable_at);
  while (code.insns.size() < length)
    code.load(BPF_DW, 2, 6, 8)
        .store(BPF_DW, 10, -8 * (1 + static_cast<int>(code.insns.size() % 60)), 2)
        .jump_if_zero(7, 1)
        .load(BPF_DW, 2, 6, 16)
        .load(BPF_W, 3, 2, 0, test::probe_mem32);
  code.exit();
  catalog::ProgramCode made;
  made.program = &record, made.types = std::move(types);
  made.insns = std::move(code.insns), made.functions = {{0, 0}};
  return made;
}

void follow(benchmark::State& state) {
  test::BtfBuilder kernel, own;
  const auto u64 = own.u64();
  const auto value = own.record("value", {{"task", u64}, {"node", u64}, {"count", u64}});
  const auto types = own.types("program"), kernels = kernel.types("vmlinux");
  const Names names({types, value});
  const catalog::Program record;
  const auto code = program(types, record);
  std::size_t uses = 0;
  for (auto _ : state)
    for (unsigned i = 0; i < programs; ++i)
      catalog::CodeFlow(code, *kernels, names).run([&](const catalog::NumberUse&) { ++uses; });
  benchmark::DoNotOptimize(uses);
}
BENCHMARK(follow)->Unit(benchmark::kMillisecond);

void one_pass(benchmark::State& state) {
  test::BtfBuilder own;
  const catalog::Program record;
  const auto code = program(own.types("program"), record);
  for (auto _ : state)
    for (unsigned i = 0; i < programs; ++i)
      benchmark::DoNotOptimize(
          std::accumulate(code.insns.begin(), code.insns.end(), std::uint64_t{},
                          [](std::uint64_t sum, const bpf_insn& insn) { return sum + insn.code; }));
}
BENCHMARK(one_pass)->Unit(benchmark::kMillisecond);

} // namespace
