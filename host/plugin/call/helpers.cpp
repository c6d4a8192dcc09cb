// SPDX-License-Identifier: Apache-2.0
// The C functions behind struct msc_host: pointer checks, and a barrier for the host's own exceptions.
#include "host/plugin/call/call.hpp"
#include "host/plugin/call/running.hpp"

#include <exception>

namespace {

/// Runs one helper: entry checks first, and nothing thrown crosses into the plugin.
template <class Body> int guarded(msc_call* call, Body body) noexcept {
  if (call == nullptr) return MSC_EINVAL;
  try {
    if (const int rc = call->enter(); rc != MSC_OK) return rc;
    return body();
  } catch (const std::exception&) {
    return MSC_EFAIL; // out of memory: the plugin ends, its rows so far stand
  }
}

int help_read(msc_call* call, std::uint32_t space, std::uint64_t address, void* to, std::size_t size) {
  return guarded(call, [&] {
    return to == nullptr && size != 0 ? call->words().misuse("read() into NULL")
                                      : call->memory().read(space, address, to, size);
  });
}

std::uint32_t help_cpu_count(msc_call* call) { return call == nullptr ? 0 : call->memory().cpu_count(); }

int help_type_find(msc_call* call, std::uint32_t scope, const char* name, msc_type* ret) {
  return guarded(call, [&] {
    if (name == nullptr || ret == nullptr) return call->words().misuse("type_find() with NULL");
    return call->types().find(scope, name, ret);
  });
}

int help_type_size(msc_call* call, msc_type type, std::size_t* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("type_size() with NULL") : call->types().size(type, ret);
  });
}

int help_type_member(msc_call* call, msc_type type, const char* path, msc_member* ret) {
  return guarded(call, [&] {
    if (path == nullptr || ret == nullptr) return call->words().misuse("type_member() with NULL");
    return call->types().member(type, path, ret);
  });
}

int help_config(msc_call* call, const char* key, msc_value* ret) {
  return guarded(call, [&] {
    if (key == nullptr || ret == nullptr) return call->words().misuse("config() with NULL");
    return call->config(key, ret);
  });
}

int help_row(msc_call* call, const msc_row* row) {
  return guarded(call, [&] {
    if (row == nullptr) return call->words().misuse("row() with NULL");
    return call->may_add_rows() ? call->row(*row) : call->words().misuse("row() by a plugin of mode=element");
  });
}

int help_count(msc_call* call, std::uint64_t more) {
  return guarded(call, [&] {
    return call->may_add_rows() ? call->count(more)
                                : call->words().misuse("count() by a plugin of mode=element");
  });
}

/// Also after the budget is spent: why a render ended is worth a line. It uses the budget up as what is shown
/// does, and says when that is spent, or who writes notes for ever would never hear of it.
int help_note(msc_call* call, int rc, const char* text) {
  if (call == nullptr) return MSC_EINVAL;
  const int entered = guarded(call, [&] { return call->words().use_for_note(text); });
  if (entered != MSC_OK && entered != MSC_STOP) return entered;
  try {
    const int noted =
        text == nullptr ? call->words().misuse("note() with NULL") : call->words().note(rc, text);
    return noted == MSC_OK ? entered : noted;
  } catch (const std::exception&) {
    return MSC_EFAIL;
  }
}

int help_field(msc_call* call, const msc_field* field) {
  return guarded(call, [&] {
    return field == nullptr ? call->words().misuse("field() with NULL") : call->field(*field);
  });
}

int help_symbol(msc_call* call, std::uint64_t address, msc_symbol* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("symbol() with NULL") : call->symbol(address, ret);
  });
}

int help_mapped(msc_call* call, std::uint64_t begin, std::uint64_t end, msc_mapping* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("mapped() with NULL")
                          : call->memory().mapped(begin, end, ret);
  });
}

int help_type_member_at(msc_call* call, msc_type type, std::uint32_t index, msc_member_info* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("type_member_at() with NULL")
                          : call->types().member_at(type, index, ret);
  });
}

int help_type_holder(msc_call* call, msc_type held, msc_type after, msc_member_info* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("type_holder() with NULL")
                          : call->types().holder(held, after, ret);
  });
}

int help_symbol_address(msc_call* call, const char* name, std::uint64_t* ret) {
  return guarded(call, [&] {
    if (name == nullptr || ret == nullptr) return call->words().misuse("symbol_address() with NULL");
    return call->symbol_address(name, ret);
  });
}

int help_finding(msc_call* call, std::uint32_t severity, const char* text) {
  return guarded(call, [&] {
    return text == nullptr ? call->words().misuse("finding() with NULL")
                           : call->words().finding(severity, text);
  });
}

int help_enumerator_at(msc_call* call, msc_type type, std::uint32_t index, msc_enumerator* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("enumerator_at() with NULL")
                          : call->types().enumerator_at(type, index, ret);
  });
}

int help_type_sized(msc_call* call, std::size_t least, std::size_t most, msc_type after,
                    msc_member_info* ret) {
  return guarded(call, [&] {
    return ret == nullptr ? call->words().misuse("type_sized() with NULL")
                          : call->types().sized(least, most, after, ret);
  });
}

int help_slots(msc_call* call, const msc_slots* slots) {
  return guarded(call, [&] {
    return slots == nullptr ? call->words().misuse("slots() with NULL") : call->slots(*slots);
  });
}

int help_slot(msc_call* call, const msc_slot* slot) {
  return guarded(
      call, [&] { return slot == nullptr ? call->words().misuse("slot() with NULL") : call->slot(*slot); });
}

int help_elements(msc_call* call, const msc_elements* request) {
  return guarded(call, [&] {
    return request == nullptr ? call->words().misuse("elements() with NULL") : call->elements(*request);
  });
}

int help_find_map(msc_call* call, const char* name, msc_target* ret) {
  return guarded(call, [&] {
    if (name == nullptr || ret == nullptr) return call->words().misuse("find_map() with NULL");
    return call->find_map(name, ret);
  });
}

int help_lookup(msc_call* call, std::uint64_t map, const void* key, std::size_t size, msc_element* ret) {
  return guarded(call, [&] {
    if (key == nullptr || ret == nullptr) return call->words().misuse("lookup() with NULL");
    return call->lookup(map, key, size, ret);
  });
}

int help_member_of(msc_call* call, const msc_value* value, const char* path, msc_scalar* ret) {
  return guarded(call, [&] {
    if (value == nullptr || path == nullptr || ret == nullptr)
      return call->words().misuse("member_of() with NULL");
    return call->members().of(*value, path, ret);
  });
}

int help_member_at(msc_call* call, std::uint32_t space, std::uint64_t address, msc_type type,
                   const char* path, msc_scalar* ret) {
  return guarded(call, [&] {
    if (path == nullptr || ret == nullptr) return call->words().misuse("member_at() with NULL");
    return call->members().at(space, address, type, path, ret);
  });
}

int help_debug(msc_call* call, const char* text) {
  return guarded(call, [&] {
    return text == nullptr ? call->words().misuse("debug() with NULL") : call->words().debug(text);
  });
}

int help_will_read(msc_call* call, std::uint32_t space, std::uint64_t address, std::uint64_t size) {
  return guarded(call, [&] { return call->memory().will_read(space, address, size); });
}

int help_read_now(msc_call* call, const msc_pieces* pieces) {
  return guarded(call, [&] {
    if (pieces == nullptr) return call->words().misuse("read_now() with NULL");
    return call->memory().read_now(*pieces);
  });
}

} // namespace

namespace mapscope::plugin {

const msc_host& host_table() {
  static constexpr msc_host table = {
      sizeof(msc_host),    MSC_ABI_MAJOR,    MSC_ABI_MINOR,       help_read,     help_cpu_count,
      help_type_find,      help_type_size,   help_type_member,    help_config,   help_row,
      help_count,          help_note,        help_field,          help_symbol,   help_mapped,
      help_type_member_at, help_type_holder, help_symbol_address, help_finding,  help_enumerator_at,
      help_type_sized,     help_slots,       help_slot,           help_elements, help_find_map,
      help_lookup,         help_member_of,   help_member_at,      help_debug,    help_will_read,
      help_read_now};
  return table;
}

int run(const msc_plugin& plugin, const msc_host& table, msc_call& call) {
  const msc_target target = call.target();
  try {
    const int rc = [&] {
      const Running running(call.plugin(), call.renderer().c_str());
      return plugin.render(&table, &call, &target);
    }();
    if (rc == MSC_OK) call.tell_misses();
    if (rc == MSC_OK && call.has_lost_all_rows()) return MSC_EFAIL;
    if (rc != MSC_OK || !call.lacks_rows()) return rc;
    return call.has_members()
               ? call.words().misuse(
                     "members of the map without elements() with MSC_ROWS (rows()) before them")
               : call.show_rows({});
  } catch (...) {
    (void)call.words().misuse("an exception left render()");
    return MSC_EFAIL;
  }
}

} // namespace mapscope::plugin
