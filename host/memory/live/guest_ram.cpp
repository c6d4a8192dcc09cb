// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/guest_ram.hpp"

#include "host/memory/live/memory_tree.hpp"
#include "host/memory/live/peer_file.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace mapscope::memory {

namespace {

constexpr std::size_t most_backends = 256, longest_name = 128;

struct Backend {
  std::string name; ///< an id of QEMU's: letters, digits and "-._"
  bool is_shared = false;
};

bool is_id(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
}

std::string_view word_in(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject() || !object.HasMember(key) || !object[key].IsString()) return "";
  return {object[key].GetString(), object[key].GetStringLength()};
}

Result<bool> is_shared(Monitor& monitor, const std::string& name) {
  const std::string path = "/objects/" + name;
  const auto answer = monitor.ask("qom-get", {{"path", path}, {"property", "share"}});
  if (!answer) return std::unexpected(answer.error());
  const auto& share = (*answer)["return"];
  return share.IsBool() && share.GetBool();
}

Result<std::vector<Backend>> backends_of(Monitor& monitor) {
  const auto answer = monitor.ask("qom-list", {{"path", "/objects"}});
  if (!answer) return std::unexpected(answer.error());
  const auto& list = (*answer)["return"];
  if (!list.IsArray()) return fail(Errc::corrupt, "QEMU does not list its objects");
  std::vector<Backend> backends;
  for (const auto& entry : list.GetArray()) {
    const auto name = word_in(entry, "name");
    if (!word_in(entry, "type").starts_with("child<memory-backend-") || !is_id(name)) continue;
    if (backends.size() == most_backends) return fail(Errc::unsupported, "it has too many memory backends");
    auto shared = is_shared(monitor, std::string(name));
    if (!shared) return std::unexpected(std::move(shared.error()));
    backends.push_back({std::string(name), *shared});
  }
  return backends;
}

/// By its id, or by its path in machines that have it so.
bool is_of(const TreeRange& range, const Backend& backend) {
  std::string_view region = range.region;
  if (region.starts_with("/objects/")) region.remove_prefix(std::string_view("/objects/").size());
  return region == backend.name;
}

/// "Host virtual address for 0x100000 (ram0) is 0x7f5d880ff000"
Result<std::uint64_t> host_address(Monitor& monitor, std::uint64_t guest) {
  const auto text = monitor.ask_in_words(fmt::format("gpa2hva {:#x}", guest));
  if (!text) return std::unexpected(text.error());
  constexpr std::string_view before = ") is 0x";
  const auto at = text->rfind(before);
  std::uint64_t address = 0;
  if (at != text->npos)
    (void)std::from_chars(text->data() + at + before.size(), text->data() + text->size(), address, 16);
  if (address == 0)
    return fail(Errc::corrupt,
                fmt::format("QEMU does not say where it has what the guest has at {:#x}", guest));
  return address;
}

/// Of one backend, by the first of its ranges; of the others the place in the file follows.
Result<void> add(Monitor& monitor, const Backend& backend, const std::vector<TreeRange>& ranges,
                 GuestRam& ram) {
  std::shared_ptr<const InputFile> file;
  std::uint64_t base = 0; // in the file, of the region
  for (const TreeRange& range : ranges) {
    if (!is_of(range, backend)) continue;
    if (!file) {
      const auto address = host_address(monitor, range.address);
      if (!address) return std::unexpected(address.error());
      auto found = file_mapped_at(monitor.peer(), *address);
      if (!found) return std::unexpected(std::move(found.error()));
      if (found->offset < range.offset) return fail(Errc::corrupt, "QEMU has its RAM elsewhere than it says");
      base = found->offset - range.offset;
      file = std::make_shared<const InputFile>(std::move(found->file));
    }
    if (range.offset > ~base || !file->holds(base + range.offset, range.size))
      return fail(Errc::corrupt, fmt::format("the file of {} is smaller than its RAM", backend.name));
    ram.parts.push_back({range.address, range.size, base + range.offset, file});
  }
  return {};
}

Result<void> check_apart(const GuestRam& ram) {
  for (std::size_t i = 1; i < ram.parts.size(); ++i)
    if (ram.parts[i].address - ram.parts[i - 1].address < ram.parts[i - 1].size)
      return fail(Errc::corrupt, "QEMU's memory tree has two ranges for one address");
  return {};
}

/// What lies beside each other in memory and file.
void join_neighbours(GuestRam& ram) {
  std::vector<GuestRam::Part> joined;
  for (GuestRam::Part& part : ram.parts) {
    GuestRam::Part* const last = joined.empty() ? nullptr : &joined.back();
    if (last != nullptr && last->file == part.file && last->address + last->size == part.address &&
        last->offset + last->size == part.offset)
      last->size += part.size;
    else
      joined.push_back(std::move(part));
  }
  ram.parts = std::move(joined);
}

} // namespace

Result<GuestRam> find_guest_ram(Monitor& monitor) {
  if (monitor.peer() <= 0)
    return fail(Errc::io, "QEMU's process is not to be seen from here; is it in another container?");
  const auto backends = backends_of(monitor);
  if (!backends) return std::unexpected(backends.error());
  const auto tree = monitor.ask_in_words("info mtree -f");
  if (!tree) return std::unexpected(tree.error());
  const auto ranges = ram_in_tree(*tree);
  if (!ranges) return std::unexpected(ranges.error());
  GuestRam ram;
  for (const Backend& backend : *backends) {
    const bool is_used =
        std::ranges::any_of(*ranges, [&](const auto& range) { return is_of(range, backend); });
    if (is_used && !backend.is_shared)
      return fail(Errc::unsupported, fmt::format("its RAM {} is not shared", backend.name));
    if (!is_used) continue;
    if (auto added = add(monitor, backend, *ranges, ram); !added)
      return std::unexpected(std::move(added.error()));
  }
  if (ram.parts.empty()) return fail(Errc::unsupported, "its RAM is not shared");
  std::ranges::sort(ram.parts, {}, &GuestRam::Part::address);
  if (auto apart = check_apart(ram); !apart) return std::unexpected(std::move(apart.error()));
  join_neighbours(ram);
  return ram;
}

} // namespace mapscope::memory
