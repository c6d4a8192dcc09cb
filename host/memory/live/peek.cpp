// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/peek.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mapscope::memory {

namespace {

/// What the programs are called with, and answer into.
struct Context {
  std::uint64_t address = 0;
  std::uint32_t size = 0, unused = 0;
  std::int64_t result = 0; ///< of bpf_probe_read_kernel(), or an address
};

using Program = std::vector<bpf_insn>;

constexpr std::uint8_t r0 = BPF_REG_0, r1 = BPF_REG_1, r2 = BPF_REG_2, r3 = BPF_REG_3, r6 = BPF_REG_6;

bpf_insn insn(int code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t number) {
  bpf_insn made{};
  made.code = static_cast<std::uint8_t>(code);
  made.dst_reg = to & 0xf, made.src_reg = from & 0xf;
  made.off = offset, made.imm = number;
  return made;
}
bpf_insn move(std::uint8_t to, std::uint8_t from) {
  return insn(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn set(std::uint8_t to, std::int32_t number) {
  return insn(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number);
}
bpf_insn load(int size, std::uint8_t to, std::uint8_t from, std::size_t offset) {
  return insn(BPF_LDX | size | BPF_MEM, to, from, static_cast<std::int16_t>(offset), 0);
}
bpf_insn store(std::uint8_t to, std::size_t offset, std::uint8_t from) {
  return insn(BPF_STX | BPF_DW | BPF_MEM, to, from, static_cast<std::int16_t>(offset), 0);
}
bpf_insn call(int helper) { return insn(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
bpf_insn end() { return insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

/// bpf_probe_read_kernel(window, min(size, window), address): a window that is too small is refused, as the
/// verifier wants the size to be bounded.
Program reading(int window) {
  return {move(r6, r1),
          load(BPF_W, r2, r6, offsetof(Context, size)),
          insn(BPF_JMP | BPF_JGT | BPF_K, r2, 0, 5, Peek::window), // to set(r0, ...)
          load(BPF_DW, r3, r6, offsetof(Context, address)),
          insn(BPF_LD | BPF_DW | BPF_IMM, r1, BPF_PSEUDO_MAP_VALUE, 0, window),
          insn(0, 0, 0, 0, 0),
          call(BPF_FUNC_probe_read_kernel),
          insn(BPF_JMP | BPF_JA, 0, 0, 1, 0),
          set(r0, -E2BIG),
          store(r6, offsetof(Context, result), r0),
          set(r0, 0),
          end()};
}

Program naming_the_task() {
  return {move(r6, r1), call(BPF_FUNC_get_current_task), store(r6, offsetof(Context, result), r0), set(r0, 0),
          end()};
}

int load_program(const Program& program) {
  LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_SLEEPABLE);
  return ::bpf_prog_load(BPF_PROG_TYPE_SYSCALL, Peek::program_name, "Dual MIT/GPL", program.data(),
                         program.size(), &options);
}

bool run(int program, Context& context) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &context, .ctx_size_in = sizeof context);
  return ::bpf_prog_test_run_opts(program, &options) == 0;
}

/// What is missing, by what bpf(2) says.
std::unexpected<Error> refused(std::string_view what, int error) {
  const std::string_view remedy =
      error == EMFILE || error == ENFILE  ? "let more files be open at a time (ulimit -n)"
      : error == EPERM || error == EACCES ? "run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; "
                                            "lockdown=confidentiality forbids it to everybody"
      : error == EINVAL                   ? "it takes CAP_BPF and CAP_PERFMON, "
                                            "Linux 5.14, and no lockdown=confidentiality"
                                          : "is the kernel built with BPF?";
  return fail(Errc::io,
              fmt::format("cannot {}: {}; {}", what, std::generic_category().message(error), remedy));
}

} // namespace

Result<std::unique_ptr<Peek>> Peek::open() {
  std::unique_ptr<Peek> peek(new Peek);
  if (auto made = peek->make_window(); !made) return std::unexpected(std::move(made.error()));
  if (auto loaded = peek->load(); !loaded) return std::unexpected(std::move(loaded.error()));
  return peek;
}

Peek::~Peek() {
  if (bytes_ != nullptr) ::munmap(const_cast<std::byte*>(bytes_), window);
  if (program_ >= 0) ::close(program_);
  if (map_ >= 0) ::close(map_);
}

Result<void> Peek::make_window() {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  map_ = ::bpf_map_create(BPF_MAP_TYPE_ARRAY, map_name, sizeof(std::uint32_t), window, 1, &options);
  if (map_ < 0) return refused("make a window into memory with bpf(2)", errno);
  void* at = ::mmap(nullptr, window, PROT_READ, MAP_SHARED, map_, 0);
  if (at == MAP_FAILED) return refused("map a window into memory", errno);
  bytes_ = static_cast<const std::byte*>(at);
  return {};
}

Result<void> Peek::load() {
  program_ = load_program(reading(map_));
  if (program_ < 0) return refused("load a BPF program that reads memory", errno);
  return {};
}

bool Peek::read(std::uint64_t address, std::span<std::byte> to) {
  Context context{address, static_cast<std::uint32_t>(to.size()), 0, -EFAULT};
  if (to.size() > window || !run(program_, context) || context.result != 0) return false;
  if (!to.empty()) std::memcpy(to.data(), bytes_, to.size());
  return true;
}

std::uint64_t Peek::current_task() const {
  const int program = load_program(naming_the_task());
  if (program < 0) return 0;
  Context context;
  const bool has_run = run(program, context);
  ::close(program);
  return has_run ? static_cast<std::uint64_t>(context.result) : 0;
}

} // namespace mapscope::memory
