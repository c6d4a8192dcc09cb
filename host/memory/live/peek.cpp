// SPDX-License-Identifier: Apache-2.0
#include "host/memory/live/peek.hpp"

#include <algorithm>
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
  std::uint32_t size = 0, count = 0; ///< of the bytes at the address; of each piece, and how many
  std::int64_t result = 0;           ///< of bpf_probe_read_kernel(), or an address
};

using Program = std::vector<bpf_insn>;

constexpr std::uint8_t r0 = BPF_REG_0, r1 = BPF_REG_1, r2 = BPF_REG_2, r3 = BPF_REG_3, r6 = BPF_REG_6,
                       r7 = BPF_REG_7, r8 = BPF_REG_8, r9 = BPF_REG_9;

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
bpf_insn compute(int operation, std::uint8_t to, std::uint8_t from) {
  return insn(BPF_ALU64 | operation | BPF_X, to, from, 0, 0);
}
bpf_insn compute(int operation, std::uint8_t to, std::int32_t number) {
  return insn(BPF_ALU64 | operation | BPF_K, to, 0, 0, number);
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

/// For each of `count` addresses bpf_probe_read_kernel(window + its place, size, address); what that returns
/// takes the place of the address. All is bounded by comparisons that the verifier can follow.
Program reading_each(int map) {
  constexpr std::int32_t addresses = Peek::window + Peek::largest_piece;
  const auto in_map = [map](std::uint8_t to) { // with the offset that follows
    return insn(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_VALUE, 0, map);
  };
  const auto offset = [](std::int32_t bytes) { return insn(0, 0, 0, 0, bytes); };
  return {move(r6, r1),
          load(BPF_W, r7, r6, offsetof(Context, size)),
          insn(BPF_JMP | BPF_JGT | BPF_K, r7, 0, 26, Peek::largest_piece), // to the end
          load(BPF_W, r8, r6, offsetof(Context, count)),
          insn(BPF_JMP | BPF_JGT | BPF_K, r8, 0, 24, Peek::most_pieces), // to the end
          set(r9, 0),
          insn(BPF_JMP | BPF_JGE | BPF_X, r9, r8, 22, 0), // to the end; here each round begins
          move(r1, r9),
          compute(BPF_LSH, r1, 3),
          in_map(r2),
          offset(addresses),
          compute(BPF_ADD, r2, r1),
          load(BPF_DW, r3, r2, 0),
          move(r2, r9),
          compute(BPF_MUL, r2, r7),
          insn(BPF_JMP | BPF_JGT | BPF_K, r2, 0, 13, Peek::window), // to the end
          in_map(r1),
          offset(0),
          compute(BPF_ADD, r1, r2),
          move(r2, r7),
          call(BPF_FUNC_probe_read_kernel),
          move(r1, r9),
          compute(BPF_LSH, r1, 3),
          in_map(r2),
          offset(addresses),
          compute(BPF_ADD, r2, r1),
          store(r2, 0, r0),
          compute(BPF_ADD, r9, 1),
          insn(BPF_JMP | BPF_JA, 0, 0, -23, 0),
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
  if (bytes_ != nullptr) ::munmap(bytes_, map_size);
  if (program_ >= 0) ::close(program_);
  if (pieces_ >= 0) ::close(pieces_);
  if (map_ >= 0) ::close(map_);
}

Result<void> Peek::make_window() {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  map_ = ::bpf_map_create(BPF_MAP_TYPE_ARRAY, map_name, sizeof(std::uint32_t), map_size, 1, &options);
  if (map_ < 0) return refused("make a window into memory with bpf(2)", errno);
  void* at = ::mmap(nullptr, map_size, PROT_READ | PROT_WRITE, MAP_SHARED, map_, 0);
  if (at == MAP_FAILED) return refused("map a window into memory", errno);
  bytes_ = static_cast<std::byte*>(at);
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

bool Peek::load_for_pieces() {
  if (pieces_ < 0 && takes_pieces_) pieces_ = load_program(reading_each(map_));
  return takes_pieces_ = pieces_ >= 0;
}

bool Peek::read_each(std::span<const std::uint64_t> addresses, std::size_t size, std::span<std::byte> to,
                     std::span<std::uint8_t> there) {
  if (size == 0 || size > window) return false;
  if (size > largest_piece) {
    for (std::size_t i = 0; i < addresses.size(); ++i)
      there[i] = read(addresses[i], to.subspan(i * size, size)) ? 1 : 0;
    return true;
  }
  if (!load_for_pieces()) return false;
  const std::size_t most = std::min(most_pieces, window / size);
  for (std::size_t done = 0; done < addresses.size(); done += most) {
    const std::size_t count = std::min(most, addresses.size() - done);
    if (!read_some(addresses.subspan(done, count), size, to.subspan(done * size, count * size),
                   there.subspan(done, count)))
      return false;
  }
  return true;
}

/// In one run of the program.
bool Peek::read_some(std::span<const std::uint64_t> addresses, std::size_t size, std::span<std::byte> to,
                     std::span<std::uint8_t> there) {
  std::byte* const results = bytes_ + window + largest_piece;
  std::memcpy(results, addresses.data(), addresses.size_bytes());
  Context context{.size = static_cast<std::uint32_t>(size),
                  .count = static_cast<std::uint32_t>(addresses.size())};
  if (!run(pieces_, context)) return false;
  std::memcpy(to.data(), bytes_, to.size());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    std::int64_t result = 0;
    std::memcpy(&result, results + i * sizeof result, sizeof result);
    there[i] = result == 0 ? 1 : 0;
  }
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
