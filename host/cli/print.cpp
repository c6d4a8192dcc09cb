// SPDX-License-Identifier: Apache-2.0
#include "host/cli/print.hpp"

#include "host/plugin/render.hpp"

#include <cstdio>

namespace mapscope::cli {

namespace {

/// Takes rows and keeps none.
class Nowhere final : public report::MapWriter {
public:
  void begin(const catalog::Map&) override {}
  void row(const report::Row&) override {}
  void field(const report::Field&) override {}
  void end(const report::Outcome&) override {}
};

} // namespace

void StdoutStream::append(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::vector<std::optional<std::uint64_t>> count_entries(const Setup& setup, const Session& session,
                                                        const std::vector<plugin::Selection>& selections) {
  config::Config counting = setup.loaded.config;
  counting.report.limit = 1; // one row is read, the others are only walked over
  for (auto& rule : counting.maps) rule.limit.reset();
  const plugin::Environment environment{
      session.target.get(), session.kernel, &counting, {}, session.symbols.get()};
  std::vector<std::optional<std::uint64_t>> counts;
  Nowhere nowhere;
  for (std::size_t i = 0; i < selections.size(); ++i) {
    if (selections[i].choices.empty())
      counts.emplace_back();
    else
      counts.push_back(
          plugin::render(environment, session.catalog.maps[i], selections[i].choices.front(), nowhere)
              .entry_count);
  }
  return counts;
}

} // namespace mapscope::cli
