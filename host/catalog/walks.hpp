// SPDX-License-Identifier: Apache-2.0
// The kernel's three id tables, each read into plain records. Private to this folder.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/catalog/map_definitions.hpp"
#include "host/target/xarray.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mapscope::catalog {

/// What every walk needs.
struct Walk {
  const target::Target& target;
  const btf::Types& kernel;
  target::Reader reader;
  std::vector<Gap>& gaps;
  std::set<std::string_view> torn = {}; ///< id tables of which not all could be read
};

/// struct idr and struct xa_node, include/linux/{idr,xarray}.h.
Result<target::XarrayLayout> idr_layout(const btf::Types& kernel);

/// Every object of the idr behind symbol `idr_name` with its index. Errors: no such symbol, layout not in
/// BTF.
Result<void> for_each_in_idr(Walk& walk, const char* idr_name,
                             const std::function<void(std::uint64_t index, std::uint64_t object)>& visit);

/// BTF objects by address of struct btf, parsed on demand and once.
class BtfObjects {
public:
  BtfObjects(Walk& walk, std::shared_ptr<const btf::Types> kernel);

  Result<void> list(std::vector<BtfObject>& into);
  /// The types of the object at `address`; the kernel's own for vmlinux.
  Result<std::shared_ptr<const btf::Types>> types_at(std::uint64_t address);
  [[nodiscard]] std::optional<std::uint32_t> id_at(std::uint64_t address);

private:
  struct Fields {
    std::uint64_t size, data, data_size, id;
    std::optional<std::uint64_t> base, name, kernel; ///< 5.11: before, all of them are of programs
  };
  struct Record {
    std::uint64_t data = 0, base = 0;
    std::uint32_t data_size = 0, id = 0;
    bool kernel = false;
    std::string name;
  };
  Result<Record> record_at(std::uint64_t address);
  Result<std::shared_ptr<const btf::Types>> parse(std::uint64_t address);
  Result<std::shared_ptr<const btf::Types>> base_of(const Record& record);

  Walk& walk_;
  std::shared_ptr<const btf::Types> kernel_;
  std::optional<Error> layout_error_;
  Fields fields_{};
  std::unordered_map<std::uint64_t, Result<std::shared_ptr<const btf::Types>>> parsed_;
};

Result<void> list_maps(Walk& walk, BtfObjects& btfs, const std::shared_ptr<const btf::Types>& kernel,
                       std::vector<Map>& into);
/// What arrays and hashes of maps refer to, up to a bound; what cannot be read of them is told where they are
/// shown.
std::vector<InnerMap> list_inner_maps(Walk& walk, const std::vector<Map>& maps);
/// Also fills Map::programs and Map::program_types of `maps`.
Result<void> list_programs(Walk& walk, BtfObjects& btfs, std::vector<Map>& maps, std::vector<Program>& into);

} // namespace mapscope::catalog
