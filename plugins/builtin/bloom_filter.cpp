// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_BLOOM_FILTER: bits alone (struct bpf_bloom_filter, kernel/bpf/bloom_filter.c). No value can be
// listed; how many there are follows from how many bits are set.

#include "memory.hpp"

#include <bit>
#include <cmath>

namespace {

using mapscope::Bytes;
using mapscope::Call;

struct Filter {
  std::uint64_t bitset = 0;    // address
  std::uint64_t nr_bits = 0;   // a power of two
  std::uint32_t functions = 0; // each of them sets one bit of a value

  explicit Filter(Call& call) {
    constexpr std::uint32_t most_functions = 15; // the low four bits of map_extra
    const msc_type filter = call.kernel_type("struct bpf_bloom_filter");
    const auto number = [&](const char* member) {
      return call.read<std::uint32_t>(MSC_KERNEL, call.target.map + call.offset(filter, member));
    };
    nr_bits = std::uint64_t{number("bitset_mask")} + 1;
    functions = number("nr_hash_funcs");
    bitset = call.target.map + call.offset(filter, "bitset");
    if (!std::has_single_bit(nr_bits))
      call.fail("bitset_mask of struct bpf_bloom_filter is no power of two less one");
    if (functions == 0 || functions > most_functions)
      call.fail("nr_hash_funcs of struct bpf_bloom_filter is not 1 to 15");
  }
};

/// What n values leave behind, solved for n: nr_bits * (1 - e^(-n * functions / nr_bits)) bits.
void emit_estimates(Call& call, const Filter& filter, std::uint64_t set) {
  const double fill = static_cast<double>(set) / static_cast<double>(filter.nr_bits);
  if (set < filter.nr_bits)
    call.number("estimated_entries",
                static_cast<std::uint64_t>(std::llround(
                    -std::log1p(-fill) * static_cast<double>(filter.nr_bits) / filter.functions)));
  else
    call.absent("estimated_entries"); // full: any number of values
  call.real("false_positive_rate", std::pow(fill, filter.functions));
}

void render_bloom_filter(Call& call) {
  const Filter filter(call);
  std::uint64_t set = 0;
  const std::uint64_t words = std::max<std::uint64_t>(1, filter.nr_bits / 64);
  const std::uint64_t lost =
      mapscope::builtin::Table(call, filter.bitset, sizeof(std::uint64_t), words)
          .for_each([&](std::uint64_t, Bytes word) {
            set += static_cast<unsigned>(std::popcount(mapscope::builtin::pointer_at(word)));
          });
  if (set > filter.nr_bits) call.fail("more bits are set than the filter has");
  call.object("bloom_filter");
  call.number("nr_bits", filter.nr_bits);
  if (lost == 0) call.number("bits_set", set);
  call.number("nr_hash_funcs", filter.functions);
  if (lost == 0) emit_estimates(call, filter, set);
  call.end();
  if (lost != 0)
    call.note(MSC_EFAULT, (std::to_string(lost) + " of " + std::to_string(words) +
                           " words of the bitset could not be read; in the others " + std::to_string(set) +
                           " bits are set")
                              .c_str());
}

} // namespace

MSC_PLUGIN(render_bloom_filter, "id=mapscope.builtin.bloom_filter\0"
                                "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                                "license=Apache-2.0\0"
                                "summary=bloom filters: how full they are\0"
                                "attach=map-type:bloom_filter prio=0\0"
                                "needs=struct bpf_bloom_filter.bitset_mask,nr_hash_funcs,bitset");
