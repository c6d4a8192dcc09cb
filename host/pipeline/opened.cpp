// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/opened.hpp"

#include "host/pipeline/guest_report.hpp"
#include "host/pipeline/report_run.hpp"
#include "host/pipeline/source_errors.hpp"

#include <array>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace mapscope::pipeline {

namespace {

bool is_this_machine(const SourceInput& input) {
  return input.sources.size() == 1 && (input.source().empty() || input.source() == "live");
}

/// Of what is said of memory that nobody reads; "" where nothing is.
std::string_view idle_option(const SourceInput& input) {
  const target::Overrides& given = input.overrides;
  const std::array<std::pair<bool, std::string_view>, 7> options = {
      {{!given.vmlinux.empty(), "--vmlinux"},
       {!given.btf.empty(), "--btf"},
       {!given.symbols.empty(), "--symbols"},
       {!given.vmcoreinfo.empty(), "--vmcoreinfo"},
       {given.kernel > 1, "--kernel"},
       {!input.opening.layout.empty(), "--layout"},
       {input.opening.zero_excluded, "--zero-excluded"}}};
  for (const auto& [is_given, name] : options)
    if (is_given) return name;
  return "";
}

/// Peeking may just have been tried, and the kernel not have let go of what that took.
Result<lookup::Listing> list() {
  auto listing = lookup::Listing::take();
  if (listing) leave_out_own(listing->catalog);
  return listing;
}

/// By look-ups, where these are the last way that is left.
bool may_look_up(const SourceInput& input, const Error& refused) {
  return refused.code == Errc::refused && input.opening.via.empty() && is_this_machine(input) &&
         idle_option(input).empty();
}

} // namespace

Result<Opened> Opened::by_lookups(const SourceInput& input, GivenTypes given) {
  if (!is_this_machine(input))
    return fail(Errc::usage, fmt::format("{}: --via bpf is for this machine (live)", input.source()));
  if (const auto idle = idle_option(input); !idle.empty())
    return fail(Errc::usage,
                fmt::format("live: {} is for memory, and --via bpf reads none; leave it away", idle));
  auto listing = list();
  if (!listing) return std::unexpected(std::move(listing.error()));
  if (auto stood = given.stand_on(listing->kernel); !stood) return std::unexpected(std::move(stood.error()));
  given.apply(listing->catalog.maps);
  Opened opened;
  opened.lookups_ = std::make_unique<LookupSource>(LookupSource{std::move(*listing), std::move(given), {}});
  return opened;
}

Result<Opened> Opened::open(const SourceInput& input, const config::Config& config) {
  if (input.opening.via == "bpf") {
    auto given = GivenTypes::read(input.types, config);
    if (!given) return std::unexpected(std::move(given.error()));
    auto opened = by_lookups(input, std::move(*given));
    return opened ? std::move(opened) : about("live", std::move(opened.error()));
  }
  auto session = Session::open(input, config);
  if (session) {
    Opened opened;
    opened.session_ = std::make_unique<Session>(std::move(*session));
    return opened;
  }
  Error& refused = session.error();
  if (!may_look_up(input, refused)) return std::unexpected(std::move(refused));
  auto given = GivenTypes::read(input.types, config);
  if (!given) return std::unexpected(std::move(given.error()));
  auto opened = by_lookups(input, std::move(*given));
  if (!opened) return fail(Errc::refused, fmt::format("{}; bpf: {}", refused.text, opened.error().text));
  opened->lookups_->warnings.push_back(refused.text + "; what look-ups by bpf(2) show is shown");
  spdlog::warn("{}", opened->lookups_->warnings.back());
  return opened;
}

Result<void> Opened::look_again(const SourceInput& input) {
  if (session_) return session_->look_again(input);
  auto listing = list();
  if (!listing) return about("live", std::move(listing.error()));
  lookups_->listing = std::move(*listing);
  if (auto stood = lookups_->given.stand_on(lookups_->listing.kernel); !stood) return stood;
  lookups_->given.apply(lookups_->listing.catalog.maps);
  return {};
}

Result<Scope> Opened::scope(const Setup& setup, const std::vector<std::string>& specs,
                            const std::vector<std::string>& others) const {
  return session_ ? scope_of(setup, *session_, specs, others) : scope_of(*lookups_, specs, others);
}

std::unique_ptr<Report> Opened::report(const Setup& setup, const Request& request) const {
  if (session_) return std::make_unique<ReportRun>(setup, *session_, request);
  return std::make_unique<LookupReport>(setup, *lookups_, request);
}

Result<std::unique_ptr<Report>> Opened::write(const Setup& setup, const SourceInput& input,
                                              const Request& request, report::Output& output,
                                              const Hooks& hooks) {
  if (session_) return write_report(setup, *session_, input, request, output, hooks);
  auto run = report(setup, request);
  auto done = run->choose();
  if (done) done = run->write(output, hooks);
  if (!done) return std::unexpected(std::move(done.error()));
  return run;
}

void Opened::let_go() {
  if (session_) session_->let_go();
}

void Opened::tell_troubles() const {
  if (session_) session_->tell_troubles();
}

} // namespace mapscope::pipeline
