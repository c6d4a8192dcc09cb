// SPDX-License-Identifier: Apache-2.0
#include "host/btf/types_file.hpp"

#include "host/btf/btf_section.hpp"
#include "host/btf/info.hpp"
#include "host/target/kernel_btf.hpp"

#include "host/base/checked.hpp"
#include "host/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <fmt/format.h>
#include <string_view>

namespace mapscope::btf {

namespace {

constexpr std::string_view wanted = "an ELF object with .BTF, or raw BTF";
constexpr std::uint64_t most = 256U << 20; ///< bytes; a kernel has 4 to 8 MiB, a scheduler less than one

std::unexpected<Error> refuse(const std::string& path, std::string_view why) {
  return fail(Errc::usage, fmt::format("{}: {}", path, why));
}

bool is_elf(const memory::InputFile& file) {
  constexpr std::array<unsigned char, 4> magic = {0x7f, 'E', 'L', 'F'};
  std::array<unsigned char, 4> begin{};
  return file.read_at(0, begin) && begin == magic;
}

Result<Section> place_of(const std::string& path, const memory::InputFile& file) {
  Section place{0, file.size()};
  if (is_elf(file)) {
    const auto found = find_btf_section(file);
    if (!found) return refuse(path, found.error().text);
    place = *found;
  }
  if (place.size <= most) return place;
  return refuse(path, fmt::format("{} bytes of types, and no more than {} MiB are read; give {}", place.size,
                                  most >> 20, wanted));
}

/// Before a parser sees them.
Result<void> check_form(const std::string& path, std::span<const std::byte> raw) {
  constexpr std::uint16_t other_way = BTF_MAGIC >> 8U | (BTF_MAGIC & 0xffU) << 8U;
  const auto magic = load_at<std::uint16_t>(raw, 0);
  if (magic == other_way)
    return refuse(path, "BTF of a big-endian machine; only little-endian BTF is read (clang -target bpfel)");
  if (magic != BTF_MAGIC)
    return refuse(path, fmt::format("holds no types: BTF begins with {:#x}{}; give {}", BTF_MAGIC,
                                    magic ? fmt::format(", and this with {:#x}", *magic) : "", wanted));
  const auto length = target::btf_length(raw);
  if (!length || *length <= raw.size()) return {};
  return refuse(path, fmt::format("BTF that was cut short: {} of {} bytes; copy it again as a whole",
                                  raw.size(), *length));
}

Result<std::vector<std::byte>> read_raw(const std::string& path) {
  const auto file = memory::InputFile::open(path, wanted);
  if (!file) return std::unexpected(file.error());
  const auto place = place_of(path, *file);
  if (!place) return std::unexpected(place.error());
  std::vector<std::byte> raw(place->size);
  if (!file->read_at(place->offset, raw))
    return fail(Errc::io, path + ": became shorter while it was read, or cannot be read; try again");
  if (auto checked = check_form(path, raw); !checked) return std::unexpected(checked.error());
  return raw;
}

Result<std::shared_ptr<const Types>> parse(const std::string& path, std::span<const std::byte> raw,
                                           const std::shared_ptr<const Types>& base) {
  auto types = Types::parse(raw, valid_utf8(path), base); // reports name it
  if (types) return types;
  std::string text = std::move(types.error().text);
  if (!text.starts_with(path)) text = fmt::format("{}: {}", path, text);
  return fail(Errc::usage, text + "; give " + std::string(wanted));
}

/// The strings of split BTF are the continuation of others, of which the first alone is empty.
bool has_strings_of_its_own(std::span<const std::byte> raw) {
  const auto header = load_at<btf_header>(raw, 0);
  if (!header) return true; // and is refused for that
  const auto first = load_at<char>(raw, std::uint64_t{header->hdr_len} + header->str_off);
  return !first || (header->str_len != 0 && *first == 0);
}

/// The types that a type is made of lie in the object itself. Of a wrong base all may be there by chance.
bool knows_its_types(const Types& types) {
  for (TypeId id = 1; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    TypeId made_of = 0;
    if (btf_is_ptr(type) || btf_is_mod(type) || btf_is_typedef(type) || btf_is_var(type) || btf_is_func(type))
      made_of = type->type;
    if (btf_is_array(type)) made_of = btf_array(type)->type;
    if (btf_is_composite(type))
      for (std::uint32_t i = 0; i < vlen_of(type); ++i)
        made_of = std::max(made_of, btf_members(type)[i].type);
    if (made_of >= types.count()) return false;
  }
  return true;
}

/// The names of its own types, beginning where a string begins, which only by chance they do in a table of
/// strings that is not theirs.
bool knows_its_names(const Types& types, TypeId first, bool from_their_begin) {
  for (TypeId id = first; id < types.count(); ++id) {
    const btf_type* type = types.type(id);
    if (type == nullptr || type->name_off == 0) continue;
    if (*types.string(type->name_off) == 0) return false;
    if (from_their_begin && *types.string(type->name_off - 1) != 0) return false;
  }
  return true;
}

} // namespace

Result<TypesFile> TypesFile::read(const std::string& path) {
  auto raw = read_raw(path);
  if (!raw) return std::unexpected(std::move(raw.error()));
  TypesFile file;
  file.path_ = path;
  if (has_strings_of_its_own(*raw)) {
    auto types = parse(path, *raw, nullptr);
    if (!types) return std::unexpected(std::move(types.error()));
    if (knows_its_types(**types) && knows_its_names(**types, 1, false)) file.alone_ = std::move(*types);
  }
  if (!file.alone_) file.raw_ = std::move(*raw);
  return file;
}

Result<std::shared_ptr<const Types>> TypesFile::types(const std::shared_ptr<const Types>& kernel) const {
  if (alone_) return alone_;
  if (!kernel)
    return refuse(path_, "split BTF, which goes on from a kernel's own types, and these are not known here; "
                         "give one that stands alone");
  auto types = parse(path_, raw_, kernel);
  if (types && !knows_its_names(**types, kernel->count(), true))
    return refuse(path_,
                  "split BTF, which goes on from the types of another kernel than this one (or damaged "
                  "BTF); give that of this kernel's module, or one that stands alone");
  return types;
}

} // namespace mapscope::btf
