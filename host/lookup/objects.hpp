// SPDX-License-Identifier: Apache-2.0
// One map, one program: what bpf(2) says of it as a record of the catalog. Private to this folder.
#pragma once

#include "host/catalog/names.hpp"
#include "host/lookup/object_types.hpp"

#include <optional>

namespace mapscope::lookup {

/// Numbers of types to words: the kernel's own enums where it shows them, else libbpf's.
class TypeNames {
public:
  explicit TypeNames(const btf::Types* kernel);
  [[nodiscard]] std::string of_map(std::uint32_t type) const;
  [[nodiscard]] std::string of_program(std::uint32_t type) const;

private:
  std::optional<catalog::EnumNames> maps_, programs_;
};

/// Nothing where it is gone.
std::optional<catalog::Map> map_record(std::uint32_t id, ObjectTypes& types, const TypeNames& names);
/// `btf` of it is an id here.
std::optional<catalog::Program> program_record(std::uint32_t id, ObjectTypes& types, const TypeNames& names);

} // namespace mapscope::lookup
