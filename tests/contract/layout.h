/* SPDX-License-Identifier: Apache-2.0
 * Where every member of the contract lies on 64-bit machines: compiled as C11 and as C++17, 20 and 23. A slot
 * that moves fails here by its name. */
#include <mapscope/plugin.h>

#ifdef __cplusplus
#define ASSERT static_assert
#else
#define ASSERT _Static_assert
#endif
#define AT(TYPE, MEMBER, OFFSET) ASSERT(offsetof(struct TYPE, MEMBER) == (OFFSET), #TYPE "." #MEMBER)
#define SIZE(TYPE, BYTES) ASSERT(sizeof(struct TYPE) == (BYTES), #TYPE)

SIZE(msc_value, 24);
AT(msc_value, type, 0);
AT(msc_value, data, 8);
AT(msc_value, size, 16);

SIZE(msc_member, 16);
AT(msc_member, type, 0);
AT(msc_member, bit_offset, 8);
AT(msc_member, bit_size, 12);

SIZE(msc_member_info, 152);
AT(msc_member_info, size, 0);
AT(msc_member_info, kind, 4);
AT(msc_member_info, member, 8);
AT(msc_member_info, name, 24);

SIZE(msc_row, 80);
AT(msc_row, size, 0);
AT(msc_row, shape, 4);
AT(msc_row, key, 8);
AT(msc_row, value, 32);
AT(msc_row, copies, 56);
AT(msc_row, copy_count, 64);
AT(msc_row, flags, 72);

SIZE(msc_field, 56);
AT(msc_field, size, 0);
AT(msc_field, kind, 4);
AT(msc_field, name, 8);
AT(msc_field, number, 16);
AT(msc_field, real, 24);
AT(msc_field, value, 32);

SIZE(msc_symbol, 592);
AT(msc_symbol, size, 0);
AT(msc_symbol, program, 4);
AT(msc_symbol, offset, 8);
AT(msc_symbol, name, 16);
AT(msc_symbol, module, 528);

SIZE(msc_enumerator, 144);
AT(msc_enumerator, size, 0);
AT(msc_enumerator, unused, 4);
AT(msc_enumerator, value, 8);
AT(msc_enumerator, name, 16);

SIZE(msc_mapping, 24);
AT(msc_mapping, addr, 0);
AT(msc_mapping, size, 8);
AT(msc_mapping, page, 16);

SIZE(msc_slots, 32);
AT(msc_slots, size, 0);
AT(msc_slots, header, 4);
AT(msc_slots, stride, 8);
AT(msc_slots, payload, 16);
AT(msc_slots, reason, 24);

SIZE(msc_slot, 24);
AT(msc_slot, size, 0);
AT(msc_slot, live, 4);
AT(msc_slot, addr, 8);
AT(msc_slot, idx, 16);
AT(msc_slot, genn, 20);

SIZE(msc_element, 88);
AT(msc_element, size, 0);
AT(msc_element, shape, 4);
AT(msc_element, map, 8);
AT(msc_element, key, 16);
AT(msc_element, value, 40);
AT(msc_element, copies, 64);
AT(msc_element, copy_count, 72);
AT(msc_element, owner, 80);

SIZE(msc_elements, 32);
AT(msc_elements, size, 0);
AT(msc_elements, flags, 4);
AT(msc_elements, map, 8);
AT(msc_elements, each, 16);
AT(msc_elements, user, 24);

SIZE(msc_scalar, 64);
AT(msc_scalar, size, 0);
AT(msc_scalar, kind, 4);
AT(msc_scalar, number, 8);
AT(msc_scalar, real, 16);
AT(msc_scalar, value, 24);
AT(msc_scalar, addr, 48);
AT(msc_scalar, space, 56);
AT(msc_scalar, unused, 60);

SIZE(msc_pieces, 40);
AT(msc_pieces, size, 0);
AT(msc_pieces, piece, 4);
AT(msc_pieces, count, 8);
AT(msc_pieces, addresses, 16);
AT(msc_pieces, to, 24);
AT(msc_pieces, there, 32);

SIZE(msc_target, 120);
AT(msc_target, size, 0);
AT(msc_target, attach, 4);
AT(msc_target, map, 8);
AT(msc_target, map_type, 16);
AT(msc_target, map_flags, 20);
AT(msc_target, key_size, 24);
AT(msc_target, value_size, 28);
AT(msc_target, max_entries, 32);
AT(msc_target, row_limit, 36);
AT(msc_target, key_type, 40);
AT(msc_target, value_type, 48);
AT(msc_target, root, 56);
AT(msc_target, root_type, 64);
AT(msc_target, root_name, 72);
AT(msc_target, name, 80);
AT(msc_target, id, 88);
AT(msc_target, btf_id, 92);
AT(msc_target, is_running, 96);
AT(msc_target, globals, 104);
AT(msc_target, globals_type, 112);

SIZE(msc_host, 232);
AT(msc_host, size, 0);
AT(msc_host, abi_major, 4);
AT(msc_host, abi_minor, 6);
AT(msc_host, read, 8);
AT(msc_host, cpu_count, 16);
AT(msc_host, type_find, 24);
AT(msc_host, type_size, 32);
AT(msc_host, type_member, 40);
AT(msc_host, config, 48);
AT(msc_host, row, 56);
AT(msc_host, count, 64);
AT(msc_host, note, 72);
AT(msc_host, field, 80);
AT(msc_host, symbol, 88);
AT(msc_host, mapped, 96);
AT(msc_host, type_member_at, 104);
AT(msc_host, type_holder, 112);
AT(msc_host, symbol_address, 120);
AT(msc_host, finding, 128);
AT(msc_host, enumerator_at, 136);
AT(msc_host, type_sized, 144);
AT(msc_host, slots, 152);
AT(msc_host, slot, 160);
AT(msc_host, elements, 168);
AT(msc_host, find_map, 176);
AT(msc_host, lookup, 184);
AT(msc_host, member_of, 192);
AT(msc_host, member_at, 200);
AT(msc_host, debug, 208);
AT(msc_host, will_read, 216);
AT(msc_host, read_now, 224);

SIZE(msc_plugin, 16);
AT(msc_plugin, size, 0);
AT(msc_plugin, abi_major, 4);
AT(msc_plugin, abi_minor, 6);
AT(msc_plugin, render, 8);
