// SPDX-License-Identifier: Apache-2.0
// plugins check: the verifier, and then the plugin itself, in processes that it may take down with it.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/report_facts.hpp"
#include "host/plugin/check/check.hpp"
#include "host/plugin/check/check_source.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

/// The rules as they are kept or not, for people.
class Log {
public:
  explicit Log(std::string file) : file_(std::move(file)) {}

  void say(const plugin::RuleResult& result) {
    print_rules({&result, 1}, out_);
    out_.flush(); // a plugin that hangs costs a rule its whole time
    warned_ = warned_ || result.verdict == plugin::RuleResult::Verdict::warning;
  }
  void say_verification(const plugin::Verification& verification) {
    print_rules(verification.log, out_);
    out_.flush();
  }

  int conclude(bool kept) {
    const char* verdict = !kept ? "does not keep the contract"
                          : warned_
                              ? "keeps the contract as far as it was run; the warnings say where it was not"
                              : "keeps the contract";
    out_.append(fmt::format("{}: {}\n", report::printable(file_), verdict));
    const int written = out_.finish();
    return kept ? written : exit_no_report;
  }

private:
  std::string file_;
  StdoutStream out_;
  bool warned_ = false;
};

/// A source with the plugins that there are, this one beside them.
struct Opened {
  pipeline::Setup setup;
  pipeline::Session session;

  [[nodiscard]] const plugin::Plugin& given() const {
    return *std::ranges::find_if(setup.registry.plugins(), &plugin::Plugin::given);
  }
  [[nodiscard]] plugin::Environment environment_of(const config::Config& config) const {
    plugin::Environment environment;
    environment.target = session.target.get(), environment.kernel = session.kernel;
    environment.config = &config;
    environment.given_types = &session.given.objects();
    environment.limits = pipeline::limits_of(config.report, session);
    environment.symbols = session.symbols.get(), environment.families = session.families.get();
    environment.catalog = &session.catalog, environment.registry = &setup.registry;
    environment.tell_author = [](const std::string& text) { spdlog::info("{}", text); };
    return environment;
  }
};

Result<Opened> open(const PluginsCheckOptions& options, const plugin::Plugin& plugin) {
  auto setup = pipeline::Setup::open(options, {}, &plugin);
  if (!setup) return std::unexpected(std::move(setup.error()));
  auto session = pipeline::Session::open(options, setup->loaded.config);
  if (!session) return std::unexpected(std::move(session.error()));
  session->tell_gaps();
  return Opened{std::move(*setup), std::move(*session)};
}

} // namespace

int plugins_check(const PluginsCheckOptions& options) {
  const auto loaded = config::load(options.configs, options.sets);
  if (!loaded) return complain(loaded.error());
  auto sealed = plugin::SealedFile::copy(options.file);
  if (!sealed) {
    complain(Error(sealed.error()).within(options.file));
    return exit_no_report;
  }
  plugin::Policy policy{.libraries = loaded->config.plugins.libraries}; // its author runs it: any owner
  plugin::Plugin plugin;
  plugin.path = options.file;
  plugin.file = *sealed;
  plugin.verification = plugin::verify(options.file, sealed->bytes(), policy);
  plugin.refused = plugin.verification.reason();
  std::optional<Opened> opened;
  if (plugin.usable() &&
      !options.sources.empty()) { // what is wrong with it is said before the rules take time
    auto source = open(options, plugin);
    if (!source) return complain(source.error());
    opened.emplace(std::move(*source));
  }
  Log log(options.file);
  log.say_verification(plugin.verification);
  if (!plugin.usable()) return log.conclude(false);
  const auto say = [&](const plugin::RuleResult& result) { log.say(result); };
  const plugin::CheckLimits limits{std::chrono::seconds(options.seconds), loaded->config.budget.memory};
  bool kept = plugin::check(plugin, limits, say);
  if (opened) {
    const auto environment_of = [&](const config::Config& config) { return opened->environment_of(config); };
    kept = plugin::check_on_source(opened->given(), environment_of, opened->setup.loaded.config, say) && kept;
    opened->session.tell_troubles();
  }
  return log.conclude(kept);
}

} // namespace mapscope::cli
