// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verifier.hpp"

#include "host/plugin/elf_image.hpp"

#include <mapscope/plugin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;

constexpr std::string_view entry_symbol = "msc_plugin_v1";
/// sizeof(struct msc_plugin) of interface 0.1, the smallest there has been.
constexpr std::uint64_t smallest_entry = 16;
static_assert(sizeof(msc_plugin) >= smallest_entry);

constexpr std::array<std::string_view, 8> allowed_libraries = {
    "libc.so.6",   "libm.so.6",      "libgcc_s.so.1",        "libstdc++.so.6",
    "libc++.so.1", "libc++abi.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool built_with_sanitizers = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool built_with_sanitizers = true;
#else
constexpr bool built_with_sanitizers = false;
#endif
#else
constexpr bool built_with_sanitizers = false;
#endif

/// A plugin built beside a sanitized host refers to the runtime that the host has loaded.
bool is_sanitizer_library(std::string_view name) {
  return built_with_sanitizers && (name.starts_with("libasan.so.") || name.starts_with("libubsan.so."));
}
bool is_sanitizer_symbol(std::string_view name) {
  return built_with_sanitizers &&
         (name.starts_with("__asan_") || name.starts_with("__ubsan_") || name.starts_with("__sanitizer_"));
}

/// Who owns this program may also own its plugins: whoever can replace one could replace the other.
uid_t program_owner() {
  struct stat status{};
  return ::stat("/proc/self/exe", &status) == 0 ? status.st_uid : 0;
}

/// One run over the rules; each returns false when it failed and the rest has nothing to stand on.
class Verifier {
public:
  Verifier(const std::string& path, std::span<const std::byte> bytes, const Policy& policy)
      : path_(path), bytes_(bytes), policy_(policy) {}

  Verification run() {
    (void)(ownership() && headers() && note() && text() && dynamic() && entry() && dependencies() &&
           undefined());
    return std::move(result_);
  }

private:
  template <class... Args>
  bool say(std::string_view rule, Verdict verdict, fmt::format_string<Args...> text, Args&&... args) {
    result_.log.push_back({std::string(rule), verdict, fmt::format(text, std::forward<Args>(args)...)});
    return verdict != Verdict::fail;
  }

  /// Root must not run what others may have written.
  std::string ownership_problem(const std::filesystem::path& at, bool is_directory) const {
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0)
      return fmt::format("{}: {}", at.string(), std::generic_category().message(errno));
    if (status.st_uid != 0 && status.st_uid != ::getuid() && status.st_uid != program_owner())
      return fmt::format("{} belongs to user {}, neither root nor the caller", at.string(), status.st_uid);
    const bool guarded =
        is_directory && (status.st_mode & S_ISVTX) != 0; // like /tmp: others cannot replace our files
    if ((status.st_mode & S_IWOTH) != 0 && !guarded)
      return fmt::format("{} is writable by everyone", at.string());
    if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0 && !guarded)
      return fmt::format("{} is writable by group {}", at.string(), status.st_gid);
    return "";
  }

  bool ownership() {
    if (!policy_.privileged)
      return say("V1", Verdict::pass, "a regular file; ownership does not matter without privileges");
    std::error_code error;
    const auto real = std::filesystem::canonical(path_, error);
    if (error) return say("V1", Verdict::fail, "cannot be resolved: {}", error.message());
    if (auto problem = ownership_problem(real, false); !problem.empty())
      return say("V1", Verdict::fail, "{}", problem);
    for (auto parent = real.parent_path();; parent = parent.parent_path()) {
      if (auto problem = ownership_problem(parent, true); !problem.empty())
        return say("V1", Verdict::fail, "{}", problem);
      if (parent == parent.root_path()) break;
    }
    return say("V1", Verdict::pass, "owned by root or the caller, not writable by others, up to /");
  }

  bool headers() {
    auto image = ElfImage::open(bytes_);
    if (!image)
      return say(image.error().code == Errc::corrupt ? "V3" : "V2", Verdict::fail, "{}", image.error().text);
    image_.emplace(std::move(*image));
    say("V2", Verdict::pass, "a 64-bit shared library for this machine");
    return say("V3", Verdict::pass, "{} program headers, all inside the file's {} bytes",
               image_->segments().size(), bytes_.size());
  }

  bool note() {
    const auto notes = image_->manifest_notes();
    if (notes.descriptions.empty())
      return say("V4", Verdict::fail, "no manifest: no note with owner MSC; is this a mapscope plugin?");
    if (notes.descriptions.size() > 1)
      return say("V4", Verdict::fail, "{} manifests, expected one", notes.descriptions.size());
    description_ = notes.descriptions.front();
    if (notes.from_sections)
      return say("V4", Verdict::warning,
                 "the manifest is in a note section, moved out of PT_NOTE (an old patchelf?)");
    return say("V4", Verdict::pass, "one manifest of {} bytes", description_.size());
  }

  /// V5, V6, V7 and V11: the manifest's own reader knows them; its error names the rule.
  bool text() {
    auto manifest = parse_manifest(description_);
    if (!manifest) {
      const std::string& text = manifest.error().text;
      const std::size_t colon = text.find(": ");
      return say(text.substr(0, colon), Verdict::fail, "{}", text.substr(colon + 2));
    }
    say("V5", Verdict::pass, "key=value text");
    say("V6", Verdict::pass, "{}@{}", manifest->id, manifest->version);
    say("V7", Verdict::pass, "plugin interface {}.{}", manifest->abi_major, manifest->abi_minor);
    result_.manifest = std::move(*manifest);
    return true;
  }

  bool dynamic() {
    if (auto read = image_->read_dynamic(); !read) return say("V8", Verdict::fail, "{}", read.error().text);
    return true;
  }

  /// True when [address, +size) can no longer be written once the loader has finished.
  bool is_constant(std::uint64_t address, std::uint64_t size) const {
    return std::ranges::any_of(image_->segments(), [&](const Elf64_Phdr& s) {
      const bool read_only = s.p_type == PT_GNU_RELRO || (s.p_type == PT_LOAD && (s.p_flags & PF_W) == 0);
      return read_only && address >= s.p_vaddr && address - s.p_vaddr <= s.p_memsz &&
             size <= s.p_memsz - (address - s.p_vaddr);
    });
  }

  bool entry() {
    const auto found = std::ranges::find_if(image_->symbols(), [](const DynamicSymbol& s) {
      return s.name == entry_symbol && s.symbol.st_shndx != SHN_UNDEF;
    });
    if (found == image_->symbols().end()) return say("V8", Verdict::fail, "does not define {}", entry_symbol);
    const Elf64_Sym& symbol = found->symbol;
    if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT)
      return say("V8", Verdict::fail, "{} is no data object", entry_symbol);
    if (symbol.st_size < smallest_entry)
      return say("V8", Verdict::fail, "{} has {} bytes, at least {} are needed", entry_symbol, symbol.st_size,
                 smallest_entry);
    if (!is_constant(symbol.st_value, symbol.st_size))
      return say("V8", Verdict::fail, "{} lies in memory that stays writable; declare it const",
                 entry_symbol);
    return say("V8", Verdict::pass, "defines {}, {} bytes of constant data", entry_symbol, symbol.st_size);
  }

  bool is_allowed(std::string_view library) const {
    return std::ranges::find(allowed_libraries, library) != allowed_libraries.end() ||
           std::ranges::find(policy_.libraries, library) != policy_.libraries.end() ||
           is_sanitizer_library(library);
  }

  bool dependencies() {
    for (const std::string_view library : image_->needed())
      if (!is_allowed(library))
        return say("V9", Verdict::fail,
                   "needs {}, which is not allowed; [plugins] libraries = [\"{}\"] allows it", library,
                   library);
    if (image_->has_tag(DT_RPATH) || image_->has_tag(DT_RUNPATH))
      return say("V9", Verdict::fail, "brings its own library search path (RPATH)");
    if (image_->has_tag(DT_TEXTREL) || (image_->tag_value(DT_FLAGS) & DF_TEXTREL) != 0)
      return say("V9", Verdict::fail, "has text relocations; compile it with -fPIC");
    bool stack_seen = false;
    for (const Elf64_Phdr& segment : image_->segments()) {
      const bool executable = (segment.p_flags & PF_X) != 0;
      if (segment.p_type == PT_LOAD && executable && (segment.p_flags & PF_W) != 0)
        return say("V9", Verdict::fail, "has a segment that is both writable and executable");
      if (segment.p_type != PT_GNU_STACK) continue;
      stack_seen = true;
      if (executable) return say("V9", Verdict::fail, "asks for an executable stack");
    }
    if (!stack_seen)
      return say("V9", Verdict::fail, "does not say that it needs no executable stack (no PT_GNU_STACK)");
    return say("V9", Verdict::pass, "needs {}", fmt::join(image_->needed(), ", "));
  }

  /// What a library must provide carries the library's version; anything else could only come from the host.
  bool undefined() {
    std::size_t count = 0;
    for (const DynamicSymbol& symbol : image_->symbols()) {
      if (symbol.symbol.st_shndx != SHN_UNDEF || ELF64_ST_BIND(symbol.symbol.st_info) == STB_WEAK) continue;
      ++count;
      if (symbol.version.empty() && symbol.name != "__tls_get_addr" && !is_sanitizer_symbol(symbol.name))
        return say("V10", Verdict::fail, "needs the symbol {}, which none of its libraries provides",
                   symbol.name);
    }
    say("V10", Verdict::pass, "{} symbols from its libraries, none from the program", count);
    return say("V11", Verdict::pass, "{} attach points, {} needs, {} options",
               result_.manifest->attaches.size(), result_.manifest->needs.size(),
               result_.manifest->options.size());
  }

  const std::string& path_;
  std::span<const std::byte> bytes_;
  const Policy& policy_;
  Verification result_;
  std::optional<ElfImage> image_;
  std::string_view description_;
};

} // namespace

std::string Verification::reason() const {
  return passed() ? std::string() : fmt::format("{}: {}", log.back().rule, log.back().text);
}

Policy default_policy() {
  Policy policy;
  policy.privileged = ::geteuid() == 0 || ::getauxval(AT_SECURE) != 0;
  return policy;
}

Verification verify(const std::string& path, std::span<const std::byte> bytes, const Policy& policy) {
  return Verifier(path, bytes, policy).run();
}

} // namespace mapscope::plugin
