// SPDX-License-Identifier: Apache-2.0
// What a plugin says about itself: the key=value text of its ELF note, parsed. Nothing of the plugin is
// executed.
//
// Thread rule: plain values.
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::plugin {

/// Most specific first; the order of the enumerators is the rank. `kernel` matches no map: a part of the
/// kernel that a plugin shows beside the maps.
enum class AttachKind : std::uint8_t { allocator, map_name, value_type, struct_ops, map_type, kernel };
std::string_view attach_kind_name(AttachKind); ///< "map-type"

/// What is compared, and with what: one of the patterns must match.
struct AttachCondition {
  AttachKind kind = AttachKind::map_type;
  std::vector<std::string> patterns; ///< globs (* and ?), at most 64 bytes each; kernel: one name, no glob
};

/// Whether a plugin renders a map itself, or adds to the elements that another finds.
enum class AttachMode : std::uint8_t { map, element };

struct Attach : AttachCondition {    ///< the most specific condition of the line
  std::vector<AttachCondition> also; ///< the others, which must hold as well
  AttachMode mode = AttachMode::map;
  std::string variable_type; ///< allocator: var=
  int priority = 0;
};

/// needs=struct bpf_htab.buckets,n_buckets
struct Need {
  std::string type;                 ///< "struct bpf_htab"
  std::vector<std::string> members; ///< may be empty: the type must exist
};

enum class OptionType : std::uint8_t { boolean, u64, string, type };

struct Option {
  std::string name;
  OptionType type = OptionType::string;
  std::optional<std::string> fallback;
};

struct Manifest {
  std::string id, version, license, summary, url;
  std::uint32_t abi_major = 0, abi_minor = 0;
  std::vector<Attach> attaches; ///< in manifest order: the index is msc_target.attach
  std::vector<Need> needs;
  std::vector<Option> options;
  std::vector<std::string> symbols; ///< what it will ask symbol_address() for: looked up in one pass
  std::optional<std::uint64_t> budget_entries, budget_bytes, budget_ms;
  bool any_maps = false;            ///< find_map() knows all maps, not only those of the same programs
  std::vector<std::string> ignored; ///< unknown keys
};

/// Rules V5, V6, V7 and V11 of the verifier; the error's text begins with the rule ("V6: ...").
Result<Manifest> parse_manifest(std::string_view description);

} // namespace mapscope::plugin
