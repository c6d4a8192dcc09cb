// SPDX-License-Identifier: Apache-2.0
#include "host/lookup/listing.hpp"

#include "host/lookup/elements.hpp"
#include "host/lookup/objects.hpp"

#include "host/catalog/map_definitions.hpp"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <linux/bpf.h>
#include <sys/utsname.h>
#include <system_error>
#include <unordered_map>

namespace mapscope::lookup {

namespace {

std::unexpected<Error> refused(int error) {
  const std::string_view remedy = error == EPERM || error == EACCES ? "run as root, or with CAP_SYS_ADMIN"
                                                                    : "it takes Linux 4.13, built with BPF";
  return fail(Errc::refused, fmt::format("cannot list maps with bpf(2): {}; {}",
                                         std::generic_category().message(error), remedy));
}

/// Ids ascend, and one that is gone is passed over by asking for the next.
Result<void> for_each_id(int (*next)(std::uint32_t, std::uint32_t*),
                         const std::function<void(std::uint32_t)>& visit) {
  std::uint32_t id = 0;
  while (next(id, &id) == 0) visit(id);
  return errno == ENOENT ? Result<void>() : refused(errno);
}

/// What is in maps of maps, to the first few thousand of each, and as far as one comes in a moment: in 6.1,
/// and no longer in 6.12, each look-up in them waits for a grace period of RCU (maybe_wait_bpf_programs(),
/// kernel/bpf/syscall.c).
class InnerMaps final : public Taker {
public:
  using Clock = std::chrono::steady_clock;
  InnerMaps(std::uint32_t outer, Clock::time_point until, std::vector<catalog::InnerMap>& found)
      : outer_(outer), until_(until), found_(found) {}
  bool element(const Element& element) override {
    std::uint32_t inner = 0;
    if (element.value.size() == sizeof inner) std::memcpy(&inner, element.value.data(), sizeof inner);
    found_.push_back({outer_, inner});
    return ++count_ < most;
  }
  bool goes_on() override { return ++asked_ < most && Clock::now() < until_; }

private:
  static constexpr unsigned most = 1U << 12;
  std::uint32_t outer_;
  Clock::time_point until_;
  std::vector<catalog::InnerMap>& found_;
  unsigned count_ = 0, asked_ = 0;
};

std::vector<catalog::InnerMap> inner_maps(const std::vector<catalog::Map>& maps) {
  const auto until = InnerMaps::Clock::now() + std::chrono::seconds(1);
  std::vector<catalog::InnerMap> found;
  for (const catalog::Map& map : maps) {
    if (map.type != BPF_MAP_TYPE_ARRAY_OF_MAPS && map.type != BPF_MAP_TYPE_HASH_OF_MAPS) continue;
    const Descriptor fd = open_map(map.id);
    InnerMaps taker(map.id, until, found);
    if (fd.is_open()) (void)walk(fd.get(), map, access_of(map), 1, taker);
  }
  return found;
}

void link(catalog::Catalog& catalog) {
  std::unordered_map<std::uint32_t, catalog::Map*> by_id;
  for (catalog::Map& map : catalog.maps) by_id.emplace(map.id, &map);
  for (catalog::Program& program : catalog.programs) {
    // A map that came after the maps were listed.
    std::erase_if(program.map_ids, [&](std::uint32_t id) { return !by_id.contains(id); });
    for (const std::uint32_t id : program.map_ids) by_id.at(id)->programs.push_back(program.id);
  }
  for (catalog::Map& map : catalog.maps)
    map.programs.erase(std::ranges::unique(map.programs).begin(), map.programs.end());
}

/// libbpf gives maps without keys and values no types; programs that use them have theirs.
void add_types_of_programs(catalog::Catalog& catalog, ObjectTypes& types) {
  std::unordered_map<std::uint32_t, std::uint64_t> btf_of;
  for (const catalog::Program& program : catalog.programs) btf_of.emplace(program.id, program.btf);
  for (catalog::Map& map : catalog.maps)
    for (const std::uint32_t program : map.programs)
      if (!map.types && !map.program_types)
        map.program_types = types.of(static_cast<std::uint32_t>(btf_of.at(program)));
}

template <class Record> const Record* by_id(const std::vector<Record>& records, std::uint32_t id) {
  const auto found = std::ranges::lower_bound(records, id, {}, &Record::id);
  return found != records.end() && found->id == id ? &*found : nullptr;
}

} // namespace

Descriptor open_map(std::uint32_t id) {
  LIBBPF_OPTS(bpf_get_fd_by_id_opts, options, .open_flags = BPF_F_RDONLY);
  return Descriptor(::bpf_map_get_fd_by_id_opts(id, &options));
}

Descriptor open_map_to_map(std::uint32_t id) { return Descriptor(::bpf_map_get_fd_by_id(id)); }

Result<Listing> Listing::take() {
  Listing listing;
  ObjectTypes types;
  const TypeNames names(types.kernel().get());
  catalog::Catalog& catalog = listing.catalog;
  auto maps = for_each_id(::bpf_map_get_next_id, [&](std::uint32_t id) {
    if (auto map = map_record(id, types, names)) catalog.maps.push_back(std::move(*map));
  });
  if (!maps) return std::unexpected(std::move(maps.error()));
  auto programs = for_each_id(::bpf_prog_get_next_id, [&](std::uint32_t id) {
    if (auto program = program_record(id, types, names)) catalog.programs.push_back(std::move(*program));
  });
  if (!programs) return std::unexpected(std::move(programs.error()));
  link(catalog);
  add_types_of_programs(catalog, types);
  catalog::apply_definitions(catalog.maps, catalog.programs, inner_maps(catalog.maps),
                             [&](std::uint64_t id) { return types.of(static_cast<std::uint32_t>(id)); });
  catalog.btfs = ObjectTypes::list();
  listing.kernel = types.kernel();
  listing.cpus = Cpus::of_this_machine();
  listing.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  utsname system{};
  if (::uname(&system) == 0) listing.release = system.release, listing.arch = system.machine;
  return listing;
}

const catalog::Map* Listing::map(std::uint32_t id) const { return by_id(catalog.maps, id); }
const catalog::Program* Listing::program(std::uint32_t id) const { return by_id(catalog.programs, id); }

} // namespace mapscope::lookup
