// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tiny_kernel.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mapscope::test {

namespace {

/// Letters and the tokens of `symbols` by code; codes below 32 are of no letter.
std::vector<std::string> token_list(const KernelSymbols& symbols) {
  std::vector<std::string> tokens(256);
  for (int code = 32; code < 127; ++code) tokens[static_cast<std::size_t>(code)] = static_cast<char>(code);
  for (std::size_t i = 0; i < symbols.tokens.size(); ++i) tokens[i + 1] = symbols.tokens[i];
  return tokens;
}

/// Where every 256th record begins, as scripts/kallsyms.c writes it behind the names.
constexpr std::size_t records_to_a_marker = 256;

/// Codes of `text`, as scripts/kallsyms.c would choose them if it were in no hurry.
std::vector<unsigned> compress(std::string_view text, const std::vector<std::string>& tokens) {
  std::vector<unsigned> codes;
  while (!text.empty()) {
    unsigned best = 0;
    for (unsigned code = 1; code < tokens.size(); ++code)
      if (!tokens[code].empty() && text.starts_with(tokens[code]) &&
          (best == 0 || tokens[code].size() > tokens[best].size()))
        best = code;
    codes.push_back(best);
    text.remove_prefix(tokens[best].size());
  }
  return codes;
}

std::size_t record_size(const std::vector<unsigned>& codes) {
  return codes.size() + (codes.size() < 0x80 ? 1 : 2);
}

std::string record_text(const std::vector<unsigned>& codes) {
  std::string text = codes.size() < 0x80
                         ? fmt::format("u8 {}", codes.size())
                         : fmt::format("u8 {} {}", (codes.size() & 0x7f) | 0x80, codes.size() >> 7);
  for (const unsigned code : codes) text += fmt::format(" {}", code);
  return text + "\n";
}

constexpr std::uint64_t relative_base = image_at(0);

std::string offset_text(const KernelSymbols& symbols, std::uint64_t address, std::uint64_t entry) {
  switch (symbols.encoding) {
  case SymbolEncoding::relative_signed: // small absolutes as they are, all others below zero
    return fmt::format("u32 {:#x}\n", address >> 63 == 0 ? address : relative_base - 1 - address);
  case SymbolEncoding::relative:
    return fmt::format("u32 {:#x}\n", address - relative_base);
  case SymbolEncoding::self_relative:
    return fmt::format("u32 {:#x}\n", address - entry);
  case SymbolEncoding::absolute:
    break;
  }
  return fmt::format("u64 {:#x}\n", address);
}

std::string note_of(std::string_view table) {
  return fmt::format("note SYMBOL({0})={{{0}+0xffffffff80000000}}\n", table);
}

} // namespace

std::string kallsyms_text(const KernelSymbols& symbols, std::uint64_t at) {
  const auto tokens = token_list(symbols);
  const bool absolute = symbols.encoding == SymbolEncoding::absolute;
  const bool based = !absolute && symbols.encoding != SymbolEncoding::self_relative;
  const std::string_view offsets = absolute ? "kallsyms_addresses" : "kallsyms_offsets";
  std::string text = fmt::format("@{:#x} {}:\n", at, offsets);
  for (std::size_t i = 0; i < symbols.names.size(); ++i)
    text += offset_text(symbols, symbols.names[i].second, image_at(at) + 4 * i);
  if (!absolute)
    text += fmt::format("align 8 kallsyms_relative_base: u64 {:#x}\n", based ? relative_base : 0);
  text += fmt::format("align 8\nkallsyms_num_syms: u32 {}\nalign 8\nkallsyms_names:\n", symbols.names.size());
  std::string markers = "align 4 kallsyms_markers:\n";
  std::size_t at_record = 0;
  for (std::size_t i = 0; i < symbols.names.size(); ++i) {
    const auto codes = compress("T" + symbols.names[i].first, tokens);
    if (i % records_to_a_marker == 0) markers += fmt::format("u32 {}\n", at_record);
    at_record += record_size(codes);
    text += record_text(codes);
  }
  text += markers + (symbols.padded ? "zero 4\n" : "") + "kallsyms_token_table:\n";
  std::string index = "kallsyms_token_index:\n";
  std::size_t start = 0;
  for (const std::string& token : tokens) {
    text += "bytes";
    for (const char letter : token) text += fmt::format(" {:02x}", static_cast<unsigned char>(letter));
    text += " 00\n";
    index += fmt::format("u16 {}\n", start);
    start += token.size() + 1;
  }
  text += "align 8\n" + index; // as all of these tables are, up to 6.19
  for (const char* table :
       {"kallsyms_num_syms", "kallsyms_names", "kallsyms_token_table", "kallsyms_token_index"})
    text += note_of(table);
  return text + note_of(offsets) + (based ? note_of("kallsyms_relative_base") : "");
}

std::string bytes_text(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    text += fmt::format("{}{:02x}", at % 32 == 0 ? "\nbytes " : " ", static_cast<unsigned>(bytes[at]));
  return text + "\n";
}

void add_kernel_types(BtfBuilder& b, bool with_split_btf) {
  const TypeId u8 = b.u8(), u32 = b.u32(), u64 = b.u64(), text = b.array(b.character(), 16),
               to = b.pointer(0);
  const TypeId counter = b.record("atomic64_t", {{"counter", b.i64()}});
  b.record("bpf_map", {{"map_type", u32},
                       {"key_size", u32},
                       {"value_size", u32},
                       {"max_entries", u32},
                       {"map_flags", u32},
                       {"id", u32},
                       {"map_extra", u64},
                       {"name", text},
                       {"btf", to},
                       {"btf_key_type_id", u32},
                       {"btf_value_type_id", u32},
                       {"btf_vmlinux_value_type_id", u32},
                       {"frozen", u8},
                       {"refcnt", counter},
                       {"usercnt", counter},
                       {"ops", to}});
  b.record("bpf_prog", {{"type", u32}, {"tag", b.array(u8, 8)}, {"aux", to}, {"stats", to}});
  b.record("bpf_prog_aux", {{"id", u32},
                            {"used_map_cnt", u32},
                            {"used_maps", to},
                            {"load_time", u64},
                            {"user", to},
                            {"name", text},
                            {"btf", to},
                            {"func_info", to},
                            {"func_info_cnt", u32}});
  b.record("bpf_func_info", {{"insn_off", u32}, {"type_id", u32}});
  b.record("bpf_prog_stats", {{"cnt", u64}, {"nsecs", u64}, {"misses", u64}});
  b.record("user_struct", {{"uid", b.record("kuid_t", {{"val", u32}})}});
  b.record("btf", {{"data", to},
                   {with_split_btf ? "base_btf" : "strings", to},
                   {"data_size", u32},
                   {"id", u32},
                   {with_split_btf ? "kernel_btf" : "refcnt", u8},
                   {with_split_btf ? "name" : "rcu", b.array(b.character(), 56)}});
  const TypeId xarray = b.record("xarray", {{"xa_flags", u32}, {"xa_head", to}});
  b.record("idr", {{"idr_rt", xarray}, {"idr_base", u32}, {"idr_next", u32}});
  b.record("xa_node", {{"shift", u8}, {"offset", u8}, {"parent", to}, {"slots", b.array(to, 16)}});
  b.enumeration("bpf_map_type", {{"BPF_MAP_TYPE_UNSPEC", 0},
                                 {"BPF_MAP_TYPE_HASH", 1},
                                 {"BPF_MAP_TYPE_ARRAY", 2},
                                 {"BPF_MAP_TYPE_ARRAY_OF_MAPS", 12},
                                 {"BPF_MAP_TYPE_HASH_OF_MAPS", 13},
                                 {"BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECATED", 19},
                                 {"BPF_MAP_TYPE_CGROUP_STORAGE", 19},
                                 {"BPF_MAP_TYPE_ARENA", 33},
                                 {"__MAX_BPF_MAP_TYPE", 36}});
  b.enumeration("bpf_prog_type", {{"BPF_PROG_TYPE_UNSPEC", 0}, {"BPF_PROG_TYPE_SOCKET_FILTER", 1}});
}

std::string xa_node_text(const std::vector<std::pair<unsigned, std::string>>& slots, unsigned shift,
                         std::string_view parent, unsigned offset) {
  std::vector<std::string> all(16, "0");
  for (const auto& [slot, entry] : slots) all.at(slot) = entry;
  return fmt::format("u8 {} {} 0 0 0 0 0 0 u64 {} {}\n", shift, offset, parent, fmt::join(all, " "));
}

std::string tiny_kernel_text(const BtfBuilder& btf, std::string_view objects,
                             const std::vector<std::string>& without,
                             const std::vector<std::pair<std::string, std::uint64_t>>& more) {
  constexpr std::uint64_t uts = 0x5000, data = 0x6000, types = 0x10000;
  const auto raw = btf.raw();
  KernelSymbols symbols{.names = {{"_stext", image_at(0x1000)},
                                  {"map_idr", image_at(data)},
                                  {"prog_idr", image_at(data + 24)},
                                  {"btf_idr", image_at(data + 48)},
                                  {"bpf_map_offload_ops", image_at(data + 0x200)},
                                  {"page_offset_base", image_at(data + 72)},
                                  {"__per_cpu_offset", image_at(data + 80)},
                                  {"__cpu_possible_mask", image_at(data + 96)},
                                  {"nr_cpu_ids", image_at(data + 104)},
                                  {"__start_BTF", image_at(types)},
                                  {"__stop_BTF", image_at(types + raw.size())}}};
  symbols.names.insert(symbols.names.end(), more.begin(), more.end());
  std::erase_if(symbols.names, [&](const auto& symbol) {
    return std::ranges::find(without, symbol.first) != without.end();
  });
  std::ranges::stable_sort(symbols.names, {}, &std::pair<std::string, std::uint64_t>::second);
  std::string text =
      "arch x86_64\nnote OSRELEASE=7.3.0-tiny\nnote NUMBER(phys_base)=0\n"
      "note SYMBOL(init_uts_ns)={uts+0xffffffff80000000}\nnote OFFSET(uts_namespace.name)=0\n"
      "note SYMBOL(swapper_pg_dir)={pgd+0xffffffff80000000}\nnote SYMBOL(_stext)=ffffffff80001000\n";
  // The direct map and the image are one page of 1 GiB each: entries 0xffff888000000000 >> 39 & 511 = 273 and
  // 511 of the root, 0 and 510 of the tables behind.
  text += "@0x2000 pgd: zero 2184 u64 0x3003 zero 1896 u64 0x4003\n@0x3000 u64 0x83 align 4096\n";
  text += "@0x4000 zero 4080 u64 0x83 0\n";
  text += fmt::format("@{:#x} uts: zero 130 text \"7.3.0-tiny\\0\" align 390\n", uts);
  text += fmt::format("@{:#x}\n", data);
  for (const char* table : {"maps", "programs", "btfs"})
    text += fmt::format("u32 0 0 u64 {}+0xffff888000000002 u32 0 0\n", table);
  text += fmt::format("u64 {:#x} 0x1000 0x2000 3 u32 2\n", direct_at(0));
  text += kallsyms_text(symbols, 0x8000);
  text += fmt::format("@{:#x}", types) + bytes_text(raw);
  return text + "@0x100000\n" + std::string(objects);
}

std::string on_arm64(std::string text) {
  // Tables are the same entries on both; a block of 1 GiB has no bit 1, but one that says it was accessed.
  for (const auto& [x86, arm] : {std::pair<std::string_view, std::string_view>{"arch x86_64", "arch aarch64"},
                                 {"note NUMBER(phys_base)=0\n",
                                  "note NUMBER(kimage_voffset)=0xffffffff80000000\nnote NUMBER(VA_BITS)=48\n"
                                  "note PAGESIZE=4096\n"},
                                 {"@0x3000 u64 0x83 ", "@0x3000 u64 0x701 "},
                                 {"@0x4000 zero 4080 u64 0x83 ", "@0x4000 zero 4080 u64 0x701 "}})
    text.replace(text.find(x86), x86.size(), arm);
  return text;
}

} // namespace mapscope::test
