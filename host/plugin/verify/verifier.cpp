// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/verify/verifier.hpp"

#include "host/plugin/verify/elf_image_dynamic.hpp"
#include "host/plugin/verify/elf_image_notes.hpp"
#include "host/plugin/verify/manifest_rules.hpp"
#include "host/plugin/verify/verifier_libraries.hpp"
#include "host/plugin/verify/verifier_ownership.hpp"

#include <mapscope/plugin.h>

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mapscope::plugin {

namespace {

using Verdict = RuleResult::Verdict;

constexpr std::string_view entry_symbol = "msc_plugin_v1";
/// sizeof(struct msc_plugin) of interface 0.1: size, abi_major, abi_minor, render.
constexpr std::uint64_t smallest_entry = 16;
static_assert(sizeof(msc_plugin) >= smallest_entry);

/// One run over the rules, in their order; a rule that fails ends it, for the next ones stand on it.
class Verifier {
public:
  Verifier(std::span<const std::byte> bytes, const Policy& policy) : bytes_(bytes), policy_(policy) {}

  Verification run(const std::string* path) {
    const bool trusted = path == nullptr || check_file(*path);
    (void)(trusted && check_header() && check_ranges() && check_note() && check_text() && check_identity() &&
           check_interface() && check_entry() && check_loading() && check_undefined() && check_grammar());
    return std::move(result_);
  }

private:
  bool say(std::string_view rule, Verdict verdict, std::string text) {
    result_.log.push_back({std::string(rule), verdict, std::move(text)});
    return verdict != Verdict::fail;
  }
  bool pass(std::string_view rule, std::string text) { return say(rule, Verdict::pass, std::move(text)); }
  bool refuse(std::string_view rule, std::string text) { return say(rule, Verdict::fail, std::move(text)); }

  bool check_file(const std::string& path) {
    if (auto problem = file_problem(path, policy_.privileged); !problem.empty())
      return refuse("V1", std::move(problem));
    return pass("V1", policy_.privileged ? "a regular file that only root and the caller can have written"
                                         : "a regular file; who owns it does not matter without privileges");
  }

  bool check_header() {
    auto image = ElfImage::open(bytes_);
    if (!image) return refuse("V2", std::move(image.error().text));
    image_ = std::move(*image);
    return pass("V2", fmt::format("a 64-bit shared library for this machine with {} program headers",
                                  image_->segments().size()));
  }

  /// Everything the later rules look at is read here, so that none of them can meet a range outside the file.
  bool check_ranges() {
    if (auto checked = image_->check_segments(); !checked)
      return refuse("V3", std::move(checked.error().text));
    auto dynamic = DynamicSection::read(*image_);
    if (!dynamic) return refuse("V3", std::move(dynamic.error().text));
    auto notes = manifest_notes(*image_);
    if (!notes) return refuse("V3", std::move(notes.error().text));
    dynamic_ = std::move(*dynamic);
    notes_ = std::move(*notes);
    return pass("V3", fmt::format("segments, notes and {} dynamic symbols inside the file's {} bytes",
                                  dynamic_->symbols().size(), bytes_.size()));
  }

  bool check_note() {
    const std::size_t count = notes_.descriptions.size();
    if (count == 0)
      return refuse("V4", "no manifest (an ELF note of owner MSC, type 1); is this a mapscope plugin?");
    if (count > 1)
      return refuse("V4",
                    fmt::format("{} manifests where one is expected; link MSC_MANIFEST only once", count));
    if (notes_.from_sections)
      return say("V4", Verdict::warning, "one manifest, but moved out of PT_NOTE (old patchelf?)");
    return pass("V4", fmt::format("one manifest of {} bytes", notes_.descriptions.front().size()));
  }

  bool check_text() {
    auto lines = manifest_lines(notes_.descriptions.front());
    if (!lines) return refuse("V5", std::move(lines.error().text));
    lines_ = std::move(*lines);
    return pass("V5", fmt::format("{} lines of key=value text", lines_.size()));
  }

  bool check_identity() {
    if (auto read = read_identity(lines_, manifest_); !read)
      return refuse("V6", std::move(read.error().text));
    keep_manifest();
    result_.called = manifest_.id + " " + manifest_.version;
    std::string text = fmt::format("{} {}, {}", manifest_.id, manifest_.version, manifest_.license);
    if (!manifest_.ignored.empty())
      text += fmt::format("; unknown keys ignored: {}", fmt::join(manifest_.ignored, ", "));
    return pass("V6", std::move(text));
  }

  /// A manifest that reads well is shown whatever a later rule says of the library.
  void keep_manifest() {
    const auto abi = parse_abi(line_of("abi"));
    if (abi) manifest_.abi_major = abi->major, manifest_.abi_minor = abi->minor;
    grammar_ = read_grammar(lines_, manifest_);
    if (!abi || !grammar_) return;
    result_.manifest = manifest_;
  }

  [[nodiscard]] std::string_view line_of(std::string_view key) const {
    return std::ranges::find(lines_, key, &ManifestLine::key)->value; // V6: it is there
  }

  bool check_interface() {
    const auto abi = parse_abi(line_of("abi"));
    if (!abi) return refuse("V7", abi.error().text);
    if (auto served = check_abi(*abi, host_abi()); !served)
      return refuse("V7", std::move(served.error().text));
    return pass("V7", fmt::format("plugin interface {}.{}", abi->major, abi->minor));
  }

  bool check_entry() {
    const auto& symbols = dynamic_->symbols();
    const auto is_entry = [](const DynamicSymbol& symbol) {
      return symbol.name == entry_symbol && symbol.defined();
    };
    const auto found = std::ranges::find_if(symbols, is_entry);
    if (found == symbols.end())
      return refuse("V8",
                    fmt::format("{} is not among its exported symbols; use MSC_PLUGIN and keep it exported",
                                entry_symbol));
    if (std::ranges::count_if(symbols, is_entry) > 1)
      return refuse("V8", fmt::format("{} is defined more than once", entry_symbol));
    if (auto problem = entry_problem(*found); !problem.empty())
      return refuse("V8", fmt::format("{} {}", entry_symbol, problem));
    return entry_is_fine(*found);
  }

  [[nodiscard]] std::string entry_problem(const DynamicSymbol& entry) const {
    if (ELF64_ST_TYPE(entry.symbol.st_info) != STT_OBJECT || entry.binding() == STB_LOCAL)
      return "is not an exported data object";
    if (entry.symbol.st_size < smallest_entry)
      return fmt::format("has {} bytes, struct msc_plugin has at least {}", entry.symbol.st_size,
                         smallest_entry);
    if (!image_->is_constant(entry.symbol.st_value, entry.symbol.st_size))
      return "is not in memory that is read-only once loaded; declare it const and link with -z relro";
    return "";
  }

  /// More exported symbols do no harm by themselves; two plugins that export the same templates may.
  bool entry_is_fine(const DynamicSymbol& entry) {
    const auto exported = std::ranges::count_if(dynamic_->symbols(), [](const DynamicSymbol& symbol) {
      return symbol.defined() && symbol.binding() != STB_LOCAL;
    });
    const std::string text =
        fmt::format("{} is {} bytes of constant data", entry_symbol, entry.symbol.st_size);
    if (exported == 1) return pass("V8", text);
    return say("V8", Verdict::warning,
               fmt::format("{}; {} more symbols are exported: link with the SDK's version script", text,
                           exported - 1));
  }

  bool check_loading() {
    if (auto problem = loading_problem(*image_, *dynamic_, policy_.libraries); !problem.empty())
      return refuse("V9", std::move(problem));
    return pass("V9", dynamic_->needed().empty()
                          ? "needs no library"
                          : fmt::format("needs {}", fmt::join(dynamic_->needed(), ", ")));
  }

  bool check_undefined() {
    if (auto problem = undefined_problem(*dynamic_, policy_.libraries); !problem.empty())
      return refuse("V10", std::move(problem));
    return pass("V10", "every undefined symbol belongs to one of these libraries");
  }

  bool check_grammar() {
    if (!grammar_) return refuse("V11", grammar_.error().text);
    if (const auto doubts = doubts_about(manifest_); !doubts.empty())
      return say("V11", Verdict::warning, fmt::format("{}", fmt::join(doubts, "; ")));
    return pass("V11", fmt::format("{} attach, {} needs, {} config lines", manifest_.attaches.size(),
                                   manifest_.needs.size(), manifest_.options.size()));
  }

  std::span<const std::byte> bytes_;
  const Policy& policy_;
  Verification result_;
  std::optional<ElfImage> image_;
  std::optional<DynamicSection> dynamic_;
  ManifestNotes notes_;
  std::vector<ManifestLine> lines_;
  Manifest manifest_;
  Result<void> grammar_;
};

/// File capabilities and ambient ones count like root: CAP_BPF alone reads every map of the machine.
bool has_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capget, &header, data) == 0 && (data[0].effective | data[1].effective) != 0;
}

} // namespace

std::string Verification::reason() const {
  return passed() ? std::string() : fmt::format("{}: {}", log.back().rule, log.back().text);
}

Policy default_policy() {
  Policy policy;
  policy.privileged = ::geteuid() == 0 || has_capabilities();
  return policy;
}

Verification verify(const std::string& path, std::span<const std::byte> bytes, const Policy& policy) {
  return Verifier(bytes, policy).run(&path);
}

Verification verify_bytes(std::span<const std::byte> bytes, const Policy& policy) {
  return Verifier(bytes, policy).run(nullptr);
}

} // namespace mapscope::plugin
