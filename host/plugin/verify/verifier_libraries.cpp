// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/verifier_libraries.hpp"

#include "host/base/sanitized.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace mapscope::plugin {

namespace {

/// Their symbols carry versions, so V10 can tell what comes from them.
constexpr std::array<std::string_view, 6> versioned_libraries = {"libc.so.6",
                                                                 "libm.so.6",
                                                                 "libgcc_s.so.1",
                                                                 "libstdc++.so.6",
                                                                 "ld-linux-x86-64.so.2",
                                                                 "ld-linux-aarch64.so.1"};
/// LLVM's C++ library has no symbol versions.
constexpr std::array<std::string_view, 2> plain_libraries = {"libc++.so.1", "libc++abi.so.1"};

bool has_prefix(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

/// A plugin built with the sanitizers of this program needs their runtime: a library with g++, the program
/// itself with clang.
bool is_sanitizer_library(std::string_view name) {
  constexpr std::array<std::string_view, 3> names = {"libasan.so.", "libubsan.so.", "libclang_rt."};
  return sanitized && has_prefix(name, names);
}
bool is_sanitizer_symbol(std::string_view name) {
  constexpr std::array<std::string_view, 4> names = {"__asan_", "__ubsan_", "__sanitizer_", "__sancov_"};
  return sanitized && has_prefix(name, names);
}

bool contains(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

/// Libraries whose symbols may come without a version. A library that a person allowed may be built that way.
bool is_plain_library(std::string_view name, std::span<const std::string> allowed) {
  return contains(plain_libraries, name) || contains(allowed, name) || is_sanitizer_library(name);
}

/// Ways to bring in libraries or search paths behind DT_NEEDED's back.
struct TagRule {
  std::int64_t tag;
  std::string_view problem;
};
constexpr TagRule forbidden_tags[] = {
    {DT_RPATH, "it has a library search path of its own (DT_RPATH); link it without -rpath"},
    {DT_RUNPATH, "it has a library search path of its own (DT_RUNPATH); link it without -rpath"},
    {DT_TEXTREL, "its code is written to while it is loaded (DT_TEXTREL); compile it with -fPIC"},
    {DT_AUXILIARY, "it loads another library in its place (DT_AUXILIARY)"},
    {DT_FILTER, "it loads another library in its place (DT_FILTER)"},
    {DT_AUDIT, "it loads a library that watches the loader (DT_AUDIT)"},
    {DT_DEPAUDIT, "it loads a library that watches the loader (DT_DEPAUDIT)"}};

std::string tag_problem(const DynamicSection& dynamic) {
  for (const TagRule& rule : forbidden_tags)
    if (dynamic.value(rule.tag)) return std::string(rule.problem);
  if ((dynamic.value(DT_FLAGS).value_or(0) & DF_TEXTREL) != 0)
    return "its code is written to while it is loaded (DF_TEXTREL); compile it with -fPIC";
  if ((dynamic.value(DT_FLAGS_1).value_or(0) & DF_1_PIE) != 0)
    return "it is a program (DF_1_PIE), not a library; link it with -shared";
  return "";
}

std::string segment_problem(const ElfImage& image) {
  bool stack_stated = false;
  for (const Elf64_Phdr& segment : image.segments()) {
    const bool executable = (segment.p_flags & PF_X) != 0, writable = (segment.p_flags & PF_W) != 0;
    if (segment.p_type == PT_LOAD && executable && writable)
      return fmt::format("its segment at {:#x} is both writable and executable", segment.p_vaddr);
    if (segment.p_type != PT_GNU_STACK) continue;
    stack_stated = true;
    if (executable) return "it asks for an executable stack; link it with -z noexecstack";
  }
  // Without the header glibc makes the stack of the whole process executable (DEFAULT_STACK_PERMS).
  return stack_stated
             ? ""
             : "it does not refuse an executable stack (no PT_GNU_STACK); link it with -z noexecstack";
}

} // namespace

std::string loading_problem(const ElfImage& image, const DynamicSection& dynamic,
                            std::span<const std::string> allowed) {
  for (const std::string_view library : dynamic.needed())
    if (!contains(versioned_libraries, library) && !is_plain_library(library, allowed))
      return fmt::format(
          "it needs {0}, which no plugin may bring in; link that part statically, or allow it with "
          "[plugins] libraries = [\"{0}\"]",
          printable(library));
  if (auto problem = tag_problem(dynamic); !problem.empty()) return problem;
  return segment_problem(image);
}

/// A library with symbol versions leaves its name at every symbol it must provide. What carries none could
/// only come from a library without versions, or from the program, which exports nothing.
std::string undefined_problem(const DynamicSection& dynamic, std::span<const std::string> allowed) {
  const bool plain_library = std::ranges::any_of(
      dynamic.needed(), [&](std::string_view name) { return is_plain_library(name, allowed); });
  for (const DynamicSymbol& symbol : dynamic.symbols()) {
    if (symbol.defined() || symbol.binding() == STB_WEAK || is_sanitizer_symbol(symbol.name)) continue;
    if (symbol.library.empty() && !plain_library)
      return fmt::format(
          "it needs the symbol {}, which none of its libraries promises; mapscope exports nothing but "
          "the helper table",
          printable(symbol.name));
    if (!symbol.library.empty() && !contains(dynamic.needed(), symbol.library))
      return fmt::format("it needs the symbol {} from {}, which is not among the libraries it names",
                         printable(symbol.name), printable(symbol.library));
  }
  return "";
}

} // namespace mapscope::plugin
