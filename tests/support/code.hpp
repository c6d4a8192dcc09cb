// SPDX-License-Identifier: Apache-2.0
// BPF instructions as the verifier leaves them, one call each.
#pragma once

#include <cstdint>
#include <linux/bpf.h>
#include <vector>

namespace mapscope::test {

/// Modes that the verifier gives accesses through pointers into an arena.
constexpr std::uint8_t probe_mem32 = 0xa0, probe_atomic = 0xe0;

class Code {
public:
  Code& put(std::uint8_t code, unsigned dst, unsigned src, int off = 0, int imm = 0) {
    bpf_insn insn{};
    insn.code = code, insn.dst_reg = dst & 0xf, insn.src_reg = src & 0xf;
    insn.off = static_cast<std::int16_t>(off), insn.imm = imm;
    insns.push_back(insn);
    return *this;
  }
  Code& number(unsigned dst, std::uint64_t value) {
    put(BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, static_cast<int>(value));
    return put(0, 0, 0, 0, static_cast<int>(value >> 32));
  }
  Code& move(unsigned dst, unsigned src) { return put(BPF_ALU64 | BPF_MOV | BPF_X, dst, src); }
  /// wX = wX: what a cast into an arena's kernel addresses has become.
  Code& cast(unsigned dst) { return put(BPF_ALU | BPF_MOV | BPF_X, dst, dst); }
  /// A cast into the addresses that a process has.
  Code& cast_user(unsigned dst, unsigned src) {
    return put(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 1, 1 << 16);
  }
  Code& clear(unsigned dst) { return put(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0); }
  Code& add(unsigned dst, int imm) { return put(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm); }
  Code& add_register(unsigned dst, unsigned src) { return put(BPF_ALU64 | BPF_ADD | BPF_X, dst, src); }
  Code& load(std::uint8_t size, unsigned dst, unsigned src, int off, std::uint8_t mode = BPF_MEM) {
    return put(static_cast<std::uint8_t>(BPF_LDX | size | mode), dst, src, off);
  }
  Code& store(std::uint8_t size, unsigned dst, int off, unsigned src, std::uint8_t mode = BPF_MEM) {
    return put(static_cast<std::uint8_t>(BPF_STX | size | mode), dst, src, off);
  }
  Code& jump_if_zero(unsigned dst, int off) { return put(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, off); }
  Code& jump(int off) { return put(BPF_JMP | BPF_JA, 0, 0, off); }
  Code& call(int imm) { return put(BPF_JMP | BPF_CALL, 0, 0, 0, imm); }
  Code& call_own(int off, int imm) { return put(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, off, imm); }
  Code& exit() { return put(BPF_JMP | BPF_EXIT, 0, 0); }

  std::vector<bpf_insn> insns;
};

} // namespace mapscope::test
