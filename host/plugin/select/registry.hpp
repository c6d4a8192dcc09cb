// SPDX-License-Identifier: Apache-2.0
// The plugins there are, and which of them renders a map.
//
// Refuses: to decide by directory order. Of a tie that configuration does not settle neither plugin is used,
// unless one is the program's own; it is told with the line that would settle it. Thread rule: immutable
// after discover(); select() may run on any thread.
#pragma once

#include "host/btf/types.hpp"
#include "host/catalog/catalog.hpp"
#include "host/config/config.hpp"
#include "host/plugin/verify/verifier.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mapscope::plugin {

struct Plugin {
  std::string path;
  std::optional<SealedFile> file; ///< present when usable
  Verification verification;
  std::string refused;      ///< "" = usable; else why not (verifier, deny list, duplicate id, unreadable)
  bool is_unwanted = false; ///< refused by configuration, or as a copy: no surprise
  bool built_in = false;    ///< found in the program's own plugin directory
  bool given = false;       ///< by a person, in no directory
  std::size_t newer = 0;    ///< usable plugins of its id that go before it, as configuration lets the newest
  [[nodiscard]] bool usable() const { return refused.empty(); }
  [[nodiscard]] const Manifest& manifest() const { return *verification.manifest; } ///< only when usable
  [[nodiscard]] std::string tag() const { return manifest().id + "@" + manifest().version; }
};

/// Why this plugin renders this map, best first.
struct Choice {
  const Plugin* plugin = nullptr;
  std::uint32_t attach = 0; ///< index into manifest().attaches
  std::string why;          ///< "map-type:hash prio 100", "configuration default.toml:12"
  /// It adds to the elements that those behind it find.
  [[nodiscard]] bool is_decoder() const;
};

struct Selection {
  /// Empty = nobody. Decoders come first, each with those behind it; then the first renders and the rest
  /// stand by.
  std::vector<Choice> choices;
  std::string reason; ///< why there is none, or not a better one: no plugin for the type, a tie, a needs=
                      ///< that is missing
  bool tie = false;   ///< somebody would come first, if it were settled who; there may be choices behind
};

/// A part of the kernel that is no map, and who shows it.
struct KernelTarget {
  std::string name;    ///< "sched_ext", of attach=kernel:sched_ext
  Selection selection; ///< there is a choice, or a tie
};

class Registry {
public:
  /// Looks at every regular file of each directory (a name that does not exist is an error only when
  /// `required`); files that are no shared libraries are listed as refused. Later directories do not win over
  /// earlier ones. `built_in` directories come from the program itself. `given` is a plugin beside those of
  /// the directories, verified and wanted whatever configuration denies; it takes the place of all of its id.
  static Result<Registry> discover(const std::vector<std::string>& built_in,
                                   const std::vector<std::string>& directories,
                                   const config::Plugins& settings, const Policy& policy,
                                   const Plugin* given = nullptr);

  /// Sorted by id, then the newest first where that wins, then path.
  [[nodiscard]] const std::vector<Plugin>& plugins() const { return plugins_; }

  /// C1: every [plugin."ID"] and [map] option against the manifests; the error is of code usage.
  [[nodiscard]] Result<void> check_options(const config::Config& config) const;

  /// `kernel` answers needs= first, the map's own types second. A `use =` in configuration that names a
  /// plugin that is not there or not usable is told in `reason` and falls through to the next rank.
  [[nodiscard]] Selection select(const catalog::Map& map, const btf::Types& kernel,
                                 const config::Config& config) const;

  /// The parts of the kernel that a plugin shows, by name. One that this kernel has not, as no plugin's
  /// needs= hold, is not among them: most kernels lack most of what there may be plugins for.
  [[nodiscard]] std::vector<KernelTarget> kernel_targets(const btf::Types& kernel,
                                                         const config::Config& config) const;

private:
  std::vector<Plugin> plugins_;
};

} // namespace mapscope::plugin
