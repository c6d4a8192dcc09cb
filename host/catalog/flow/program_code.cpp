// SPDX-License-Identifier: Apache-2.0
#include "host/catalog/flow/program_code.hpp"

#include "host/base/utf8.hpp"
#include "host/catalog/layout.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <fmt/format.h>

namespace mapscope::catalog {

namespace {

/// BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h.
constexpr std::uint32_t most_insns = 1'000'000;

} // namespace

std::size_t ProgramCode::function_of(std::size_t insn) const {
  const auto behind = std::ranges::upper_bound(functions, insn, {}, &CodeFunction::begin);
  return behind == functions.begin() ? 0 : static_cast<std::size_t>(behind - functions.begin()) - 1;
}

std::string ProgramCode::place(std::size_t insn) const {
  std::string text = fmt::format("{}:{}", program->names().longest(), insn);
  const auto behind = std::ranges::upper_bound(lines, insn, {}, &bpf_line_info::insn_off);
  if (behind == lines.begin() || !types) return text;
  const bpf_line_info& line = *std::prev(behind);
  std::string_view file = types->text(line.file_name_off);
  if (const auto slash = file.rfind('/'); slash != file.npos) file.remove_prefix(slash + 1);
  if (file.empty()) return text;
  return text + fmt::format(" {}:{}", valid_utf8(file), BPF_LINE_INFO_LINE_NUM(line.line_col));
}

CodeReader::CodeReader(const target::Target& target, const btf::Types& kernel)
    : kernel_(kernel), reader_(target.reader()) {
  Layout program(kernel, "struct bpf_prog");
  const Layout aux(kernel, "struct bpf_prog_aux");
  const Fields fields{.len = program.need("len"),
                      .insns = program.need("insnsi"),
                      .aux = program.need("aux"),
                      .expected = program.need("expected_attach_type"),
                      .func_info = aux.want("func_info"),
                      .func_info_cnt = aux.want("func_info_cnt"),
                      .linfo = aux.want("linfo"),
                      .nr_linfo = aux.want("nr_linfo"),
                      .attach_btf = aux.want("attach_btf"),
                      .attach_btf_id = aux.want("attach_btf_id")};
  if (!program.error()) fields_ = fields;
  if (const auto own = target.symbols().find("btf_vmlinux"))
    kernel_btf_ = reader_.get<std::uint64_t>(*own).value_or(0);
}

template <class T> std::vector<T> CodeReader::list(std::uint64_t at, std::uint64_t count) {
  if (at == 0 || count > most_insns) return {};
  std::vector<T> all(count);
  target::Fault fault{};
  const std::size_t done = reader_.read_some(at, std::as_writable_bytes(std::span(all)), &fault);
  all.resize(done / sizeof(T));
  return all;
}

ProgramCode CodeReader::read(const Program& program, std::shared_ptr<const btf::Types> types) {
  ProgramCode code;
  code.program = &program, code.types = std::move(types);
  if (!fields_) return code;
  const auto len = reader_.get<std::uint32_t>(program.kva + fields_->len);
  const auto aux = reader_.get<std::uint64_t>(program.kva + fields_->aux);
  const auto expected = reader_.get<std::uint32_t>(program.kva + fields_->expected);
  if (!len || !aux || !expected) return code;
  code.insns = list<bpf_insn>(program.kva + fields_->insns, *len);
  if (code.insns.size() != *len) code.insns.clear();
  read_functions(*aux, code);
  read_lines(*aux, code);
  read_attachment(*aux, *expected, code);
  return code;
}

void CodeReader::read_functions(std::uint64_t aux, ProgramCode& code) {
  code.functions = {{0, 0}};
  if (!fields_->func_info || !fields_->func_info_cnt) return;
  const auto at = reader_.get<std::uint64_t>(aux + *fields_->func_info);
  const auto count = reader_.get<std::uint32_t>(aux + *fields_->func_info_cnt);
  for (const bpf_func_info& info : list<bpf_func_info>(at.value_or(0), count.value_or(0))) {
    if (info.insn_off == 0)
      code.functions[0].type = info.type_id;
    else if (info.insn_off > code.functions.back().begin && info.insn_off < code.insns.size())
      code.functions.push_back({info.insn_off, info.type_id});
  }
}

void CodeReader::read_lines(std::uint64_t aux, ProgramCode& code) {
  if (!fields_->linfo || !fields_->nr_linfo) return;
  const auto at = reader_.get<std::uint64_t>(aux + *fields_->linfo);
  const auto count = reader_.get<std::uint32_t>(aux + *fields_->nr_linfo);
  code.lines = list<bpf_line_info>(at.value_or(0), count.value_or(0));
  if (!std::ranges::is_sorted(code.lines, {}, &bpf_line_info::insn_off)) code.lines.clear();
}

/// What attach_btf_id names: of a tracepoint a typedef, of struct_ops the struct, whose member
/// expected_attach_type says which; else a function.
void CodeReader::read_attachment(std::uint64_t aux, std::uint32_t expected, ProgramCode& code) {
  if (!fields_->attach_btf || !fields_->attach_btf_id || kernel_btf_ == 0) return;
  const auto object = reader_.get<std::uint64_t>(aux + *fields_->attach_btf);
  const auto id = reader_.get<std::uint32_t>(aux + *fields_->attach_btf_id);
  const btf_type* type = object == kernel_btf_ && id ? kernel_.type(*id) : nullptr;
  if (type == nullptr) return;
  btf::TypeId target = *id;
  if (btf_is_struct(type)) {
    const auto member = kernel_.member_at(*id, expected);
    target = member ? member->member.type : 0;
  }
  code.skips_first = btf_is_typedef(type);
  for (unsigned i = 0; i < 4; ++i) { // a typedef, a pointer and a function at most
    target = kernel_.peel(target);
    type = kernel_.type(target);
    if (type == nullptr) return;
    if (btf_is_func_proto(type)) code.attached = target;
    if (!btf_is_ptr(type) && !btf_is_func(type)) return;
    target = type->type;
  }
}

} // namespace mapscope::catalog
