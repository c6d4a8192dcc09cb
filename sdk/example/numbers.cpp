// SPDX-License-Identifier: Apache-2.0
// For one value type, whatever the map is called: arrays of numbers_t (count, sum, ...). Beside each element
// stands its mean, and behind them all what they sum up to.
#include <mapscope/plugin.hpp>

#include <cstring>
#include <linux/bpf.h>
#include <vector>

namespace {

using mapscope::Call;

constexpr std::size_t largest_value = 4096;

/// Of the map's own program, which may have been compiled yesterday or a year ago.
struct Members {
  std::uint32_t count, sum;
};

Members find_members(Call& call) {
  const msc_type numbers = call.map_type("struct numbers");
  const Members members{call.offset(numbers, "count"), call.offset(numbers, "sum")};
  const std::size_t size = call.target.value_size;
  if (size > largest_value || members.count + 8ULL > size || members.sum + 8ULL > size)
    call.fail("struct numbers does not fit the map's values");
  return members;
}

template <class T> T load(mapscope::Bytes bytes, std::uint32_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

struct Totals {
  std::uint64_t count = 0, sum = 0; ///< both wrap, as the program's own would
};

void show(Call& call, std::uint32_t index, mapscope::Bytes value, const Members& members, Totals& totals) {
  const auto count = load<std::uint64_t>(value, members.count);
  const auto sum = load<std::int64_t>(value, members.sum);
  totals.count += count;
  totals.sum += static_cast<std::uint64_t>(sum);
  call.open_element(index, value);
  if (count != 0)
    call.real("mean", static_cast<double>(sum) / static_cast<double>(count));
  else
    call.absent("mean");
  call.end();
}

void render(Call& call) {
  if (call.target.map_type != BPF_MAP_TYPE_ARRAY) call.fail("numbers_t in a map that is no array");
  const Members members = find_members(call);
  const msc_type array = call.kernel_type("struct bpf_array");
  const std::uint64_t first = call.target.map + call.offset(array, "value");
  const std::uint64_t stride = (call.target.value_size + 7) / 8 * 8;
  std::vector<std::byte> value(call.target.value_size);
  Totals totals;
  std::uint64_t missing = 0;
  for (std::uint32_t i = 0; i < call.target.max_entries; ++i) {
    if (call.try_read(MSC_KERNEL, first + i * stride, value)) {
      show(call, i, value, members, totals);
    } else {
      call.element(i, std::nullopt);
      ++missing;
    }
  }
  call.object("totals");
  call.number("count", totals.count);
  call.signed_number("sum", static_cast<std::int64_t>(totals.sum));
  if (missing != 0) call.number("without", missing);
  call.end();
}

} // namespace

MSC_PLUGIN(render, "id=org.example.numbers\0"
                   "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                   "license=Apache-2.0\0"
                   "summary=arrays of numbers_t, with their means and totals\0"
                   "attach=value-type:numbers_t\0"
                   "needs=struct bpf_array.value\0"
                   "needs=struct numbers.count,sum");
