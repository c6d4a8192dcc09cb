// SPDX-License-Identifier: Apache-2.0
// The instructions of a program as the verifier left them, and what the kernel keeps beside them: its
// functions and the lines of its source.
//
// Refuses: more instructions than a program may have. Thread rule: plain values.
#pragma once

#include "host/catalog/catalog.hpp"
#include "host/target/target.hpp"

#include <cstdint>
#include <linux/bpf.h>
#include <string>
#include <vector>

namespace mapscope::catalog {

struct CodeFunction {
  std::uint32_t begin = 0;
  btf::TypeId type = 0; ///< a FUNC of the program's types; 0: not known
};

struct ProgramCode {
  const Program* program = nullptr;
  std::shared_ptr<const btf::Types> types; ///< its own; null: it has none
  std::vector<bpf_insn> insns;
  std::vector<CodeFunction> functions; ///< by begin; the first begins with the program
  std::vector<bpf_line_info> lines;    ///< by insn_off
  btf::TypeId attached = 0; ///< a prototype of the kernel's, that the program is called with; 0: not known
  bool skips_first = false; ///< its first argument is not handed on (tp_btf)

  [[nodiscard]] std::size_t function_of(std::size_t insn) const;
  /// "name:17 file.c:42".
  [[nodiscard]] std::string place(std::size_t insn) const;
};

/// `types` null: it is not looked for.
class CodeReader {
public:
  CodeReader(const target::Target& target, const btf::Types& kernel);
  /// Without instructions where they cannot be read.
  ProgramCode read(const Program& program, std::shared_ptr<const btf::Types> types);

private:
  struct Fields {
    std::uint64_t len, insns, aux, expected;                ///< of struct bpf_prog
    std::optional<std::uint64_t> func_info, func_info_cnt;  ///< of struct bpf_prog_aux
    std::optional<std::uint64_t> linfo, nr_linfo;           ///< of struct bpf_prog_aux
    std::optional<std::uint64_t> attach_btf, attach_btf_id; ///< of struct bpf_prog_aux
  };
  template <class T> std::vector<T> list(std::uint64_t at, std::uint64_t count);
  void read_functions(std::uint64_t aux, ProgramCode& code);
  void read_lines(std::uint64_t aux, ProgramCode& code);
  void read_attachment(std::uint64_t aux, std::uint32_t expected, ProgramCode& code);

  const btf::Types& kernel_;
  target::Reader reader_;
  std::optional<Fields> fields_;
  std::uint64_t kernel_btf_ = 0; ///< address of the kernel's struct btf
};

} // namespace mapscope::catalog
