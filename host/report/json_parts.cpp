// SPDX-License-Identifier: Apache-2.0
#include "host/report/json_parts.hpp"

#include "host/report/declared.hpp"

namespace mapscope::report {

namespace {

void declared(JsonText& out, const catalog::Map& map) {
  out.key("key_size"), out.number(std::uint64_t{map.key_size});
  out.key("map_flags"), out.number(std::uint64_t{map.flags});
  out.key("flag_names"), out.begin_array();
  for (const auto& name : map.flag_names) out.string(name);
  out.end_array();
}

/// Ids are of the map's own BTF object, and say nothing of types from elsewhere.
void types(JsonText& out, const catalog::Map& map) {
  for (const bool is_key : {true, false})
    if (const auto name = declared_name(map, is_key); !name.empty())
      out.key(is_key ? "key_type" : "value_type"), out.string(name);
  if (!map.types_from.empty()) return;
  if (map.key_type != 0) out.key("btf_key_type_id"), out.number(std::uint64_t{map.key_type});
  if (map.value_type != 0) out.key("btf_value_type_id"), out.number(std::uint64_t{map.value_type});
  if (map.vmlinux_value_type != 0)
    out.key("btf_vmlinux_value_type_id"), out.number(std::uint64_t{map.vmlinux_value_type});
}

void optional_header(JsonText& out, const catalog::Map& map) {
  if (!map.full_name.empty()) out.key("full_name"), out.string(map.full_name);
  if (!map.types_from.empty()) out.key("types_from"), out.string(map.types_from);
  if (map.map_extra != 0) out.key("map_extra"), out.number(map.map_extra);
  if (map.kva != 0 && !map.is_live) out.key("map_kva"), out.address(map.kva);
  if (map.btf_id) out.key("btf_id"), out.number(std::uint64_t{*map.btf_id});
  types(out, map);
  if (map.frozen) out.key("frozen"), out.boolean(*map.frozen);
  if (map.refcnt) out.key("refcnt"), out.number(*map.refcnt);
  if (map.usercnt) out.key("usercnt"), out.number(*map.usercnt);
  if (map.bytes) out.key("bytes"), out.number(*map.bytes);
  if (map.programs.empty()) return;
  out.key("programs"), out.begin_array();
  for (const auto id : map.programs) out.number(std::uint64_t{id});
  out.end_array();
}

/// What "error" says in one, apart: a reader need not guess whether anything went wrong.
void texts(JsonText& out, const char* key, const std::vector<std::string>& list) {
  if (list.empty()) return;
  out.key(key), out.begin_array();
  for (const std::string& text : list) out.string(text);
  out.end_array();
}

void write_panic(JsonText& out, const catalog::Panic& panic) {
  out.key("panic"), out.begin_object();
  out.key("text"), out.string(panic.text);
  out.key("cpu"), out.number(std::uint64_t{panic.cpu});
  if (panic.pid) out.key("pid"), out.number(*panic.pid);
  if (!panic.comm.empty()) out.key("comm"), out.string(panic.comm);
  out.end_object();
}

} // namespace

void write_header(JsonText& out, const catalog::Map& map) {
  out.key("name"), out.string(map.name);
  out.key("map_type"), out.number(std::uint64_t{map.type});
  out.key("value_size"), out.number(std::uint64_t{map.value_size});
  out.key("max_entries"), out.number(std::uint64_t{map.max_entries});
  out.key("id"), out.number(std::uint64_t{map.id});
  out.key("type_name"), out.string(map.type_name);
  if (map.is_read && map.has_key_size)
    declared(out, map); // what the format demands is there, whatever is known
  optional_header(out, map);
}

void write_allocator_header(JsonText& out, std::string_view name, const catalog::Map& section) {
  out.key("allocator_name"), out.string(name);
  out.key("map_id"), out.number(std::uint64_t{section.id}); // another program may have one of this name
  out.key("map_name"), out.string(section.names().longest());
}

void write_outcome(JsonText& out, const Outcome& outcome) {
  if (!outcome.renderer.empty()) out.key("renderer"), out.string(outcome.renderer);
  out.key("status"), out.string(status_name(outcome.status));
  if (outcome.entry_count) out.key("entry_count"), out.number(*outcome.entry_count);
  // Readers test for the presence of "error": what is complete has none.
  const bool is_whole = outcome.status == Status::complete;
  const auto words = is_whole ? "" : words_of(outcome);
  if (!words.empty()) out.key("error"), out.string(words);
  texts(out, "limits", outcome.limits);
  auto notes = outcome.notes;
  if (is_whole && !outcome.error.empty()) notes.insert(notes.begin(), outcome.error);
  texts(out, "notes", notes);
  if (outcome.stands_in) out.key("stands_in"), out.boolean(true);
}

void write_source(JsonText& out, const Meta& meta) {
  out.begin_object();
  out.key("kind"), out.string(meta.source_kind);
  if (!meta.via.empty()) out.key("via"), out.string(meta.via);
  if (meta.is_running) out.key("running"), out.boolean(true);
  if (meta.stopped_ms) out.key("stopped_ms"), out.real(*meta.stopped_ms);
  out.key("release"), out.string(meta.release);
  out.key("arch"), out.string(meta.arch);
  out.key("page_size"), out.number(meta.page_size);
  out.key("kaslr_offset"), out.number(meta.kaslr_offset);
  out.key("cpus"), out.number(std::uint64_t{meta.cpus});
  if (meta.excluded_bytes != 0) out.key("excluded_bytes"), out.number(meta.excluded_bytes);
  out.end_object();
}

void write_machine(JsonText& out, const Meta& meta) {
  if (meta.host_name.empty() && meta.time.empty() && !meta.uptime_ns && !meta.panic) return;
  out.key("machine"), out.begin_object();
  if (!meta.host_name.empty()) out.key("host_name"), out.string(meta.host_name);
  if (!meta.time.empty()) out.key("time"), out.string(meta.time);
  if (meta.uptime_ns) out.key("uptime_ns"), out.number(*meta.uptime_ns);
  if (meta.panic) write_panic(out, *meta.panic);
  out.end_object();
}

void write_plugin(JsonText& out, const PluginUse& plugin) {
  out.begin_object();
  out.key("id"), out.string(plugin.id);
  out.key("version"), out.string(plugin.version);
  out.key("maps"), out.number(std::uint64_t{plugin.maps});
  out.end_object();
}

void write_program(JsonText& out, const catalog::Program& program) {
  out.begin_object();
  out.key("id"), out.number(std::uint64_t{program.id});
  out.key("name"), out.string(program.name);
  if (!program.full_name.empty()) out.key("full_name"), out.string(program.full_name);
  out.key("type"), out.string(program.type_name);
  out.key("tag"), out.string(program.tag);
  out.key("map_ids"), out.begin_array();
  for (const auto id : program.map_ids) out.number(std::uint64_t{id});
  out.end_array();
  if (program.run_cnt) out.key("run_cnt"), out.number(*program.run_cnt);
  if (program.run_time_ns) out.key("run_time_ns"), out.number(*program.run_time_ns);
  if (program.uid) out.key("uid"), out.number(std::uint64_t{*program.uid});
  if (program.loaded_at_ns) out.key("loaded_at_ns"), out.number(*program.loaded_at_ns);
  if (!program.is_read) out.key("is_read"), out.boolean(false);
  out.end_object();
}

void write_finding(JsonText& out, const Finding& finding) { write_finding(out, finding, ""); }

void write_finding(JsonText& out, const Finding& finding, std::string_view extension) {
  out.begin_object();
  out.key("severity"), out.string(finding.severity);
  if (finding.map) out.key("map"), out.number(std::uint64_t{*finding.map});
  if (!extension.empty()) out.key("extension"), out.string(extension);
  out.key("text"), out.string(finding.text);
  out.end_object();
}

} // namespace mapscope::report
