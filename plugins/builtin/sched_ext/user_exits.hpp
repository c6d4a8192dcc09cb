// SPDX-License-Identifier: Apache-2.0
// What schedulers wrote down of their own exit: the variable of type struct user_exit_info that UEI_DEFINE
// declares in every scheduler of the kernel's tree and of its users (tools/sched_ext/include/scx/
// user_exit_info.bpf.h since 6.12).
//
// The kernel's record goes with the scheduler's link; this one stays as long as somebody holds the map. Told
// by its members, whatever the variable is called. Refuses: one that says nothing yet.
#pragma once

#include "exit.hpp"
#include "object_maps.hpp"

namespace mapscope::builtin {

struct UserExit {
  std::uint32_t map = 0;
  std::string section, variable; ///< "scx_qmap.data", "uei"
  ScxExit exit;

  /// The program's name, as its loader has it, of which the kernel keeps 15 characters at most.
  [[nodiscard]] std::string object() const { return section.substr(0, section.rfind('.')); }
};

class UserExits {
public:
  UserExits(Call& call, const ScxExits& exits, const ObjectMaps& maps)
      : call_(call), exits_(exits), maps_(maps) {}

  std::vector<UserExit> find() {
    for (const Map& map : maps_.all())
      if (ObjectMaps::is_section(map) && map.name.ends_with(".data")) look_into(map);
    return std::move(found_);
  }

private:
  static constexpr std::uint32_t most_variables = 1 << 16;

  void look_into(const Map& map) {
    msc_member_info variable{};
    for (std::uint32_t i = 0; i < most_variables && call_.member_at(map.target.value_type, i, variable); ++i)
      if (is_exit_info(variable.member.type)) read(map, variable.name);
  }

  bool is_exit_info(msc_type type) {
    for (const char* member : {"kind", "exit_code", "reason", "msg"})
      if (!call_.offset_if(type, member)) return false;
    return true;
  }

  void read(const Map& map, const std::string& variable) {
    UserExit found{map.target.id, map.name, variable, {}};
    call_.elements(map, [&](Element& section) { take(section, variable + ".", found.exit); });
    if (found.exit.kind.value_or(0) == 0) return;
    found.exit.source = "user_exit_info";
    found.exit.scheduler = found.object();
    found.exit.dump = dump_of(map, variable + "_dump");
    exits_.name_kind(found.exit);
    found_.push_back(std::move(found));
  }

  static void take(Element& section, const std::string& at, ScxExit& exit) {
    if (const auto kind = section.get_if<std::int32_t>(at + "kind"))
      exit.kind = static_cast<std::uint32_t>(*kind);
    if (const auto code = section.get_if<std::int64_t>(at + "exit_code"))
      exit.exit_code = static_cast<std::uint64_t>(*code);
    if (const auto cpu = section.get_if<std::int32_t>(at + "exit_cpu")) // of newer schedulers
      exit.exit_cpu = static_cast<std::uint64_t>(std::int64_t{*cpu});
    exit.reason = section.string_if(at + "reason");
    exit.msg = section.string_if(at + "msg");
  }

  /// In a section of its own, which the loader makes as long as the scheduler wants it.
  std::optional<std::string> dump_of(const Map& section, const std::string& variable) {
    for (const Map& map : maps_.all()) {
      if (!ObjectMaps::is_section(map) || map.target.btf_id != section.target.btf_id) continue;
      if (!call_.offset_if(map.target.value_type, variable.c_str())) continue;
      std::optional<std::string> text;
      call_.elements(map, [&](Element& value) { text = value.string_if(variable); });
      return text;
    }
    return std::nullopt;
  }

  Call& call_;
  const ScxExits& exits_;
  const ObjectMaps& maps_;
  std::vector<UserExit> found_;
};

} // namespace mapscope::builtin
