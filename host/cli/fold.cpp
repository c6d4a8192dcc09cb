// SPDX-License-Identifier: Apache-2.0
// --fold: the stacks whose ids a map holds, with what it counts for each, as flame graphs are drawn from.
#include "host/plain/fold.hpp"
#include "host/cli/inputs.hpp"
#include "host/cli/message.hpp"
#include "host/cli/writing.hpp"
#include "host/pipeline/choice.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/opened.hpp"
#include "host/pipeline/stack_maps.hpp"
#include "host/report/text_value.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace mapscope::cli {

namespace {

using plain::Json;

const catalog::Catalog& catalog_of(const pipeline::Opened& source) {
  return source.session() != nullptr ? source.session()->catalog : source.lookups()->listing.catalog;
}

Result<const catalog::Map*> the_map(const pipeline::Setup& setup, const pipeline::Opened& source,
                                    const DumpOptions& options) {
  const auto scope = source.scope(setup, options.maps, options.not_maps);
  if (!scope) return std::unexpected(scope.error());
  if (scope->maps.size() != 1)
    return fail(Errc::usage, fmt::format("--fold is for one map, and {} are meant; name it with --map",
                                         scope->maps.size()));
  const catalog::Map* const map = scope->maps.front();
  if (!pipeline::holds_stacks(*map)) return map;
  return fail(Errc::usage,
              fmt::format("--fold: {} has the stacks themselves; name the map that has their ids",
                          report::printable(map->label())));
}

std::vector<std::string> stack_maps(const catalog::Catalog& catalog, const catalog::Map& map) {
  std::vector<std::string> specs;
  for (const catalog::Map* other : pipeline::stack_maps_for(catalog, map))
    specs.push_back(fmt::format("id:{}", other->id));
  return specs;
}

Result<rapidjson::Document> report_of(const pipeline::Setup& setup, const pipeline::Opened& source,
                                      const pipeline::Request& request) {
  const auto run = source.report(setup, request);
  if (auto chosen = run->choose(); !chosen) return std::unexpected(chosen.error());
  std::string text;
  if (auto written = run->write(*report::memory_output(text), {}); !written)
    return std::unexpected(written.error());
  return plain::parse(std::move(text));
}

Result<plain::Folded> fold_report(const Json& report, std::uint32_t id, const std::string& number) {
  const Json* map = nullptr;
  std::vector<const Json*> stacks;
  const Json* const maps = plain::find(report, "maps");
  if (maps == nullptr || !maps->IsArray()) return fail(Errc::not_found, "nothing is shown of it");
  for (const Json& one : maps->GetArray()) {
    const Json* const own = plain::find(one, "id");
    if (own != nullptr && own->IsUint() && own->GetUint() == id)
      map = &one;
    else
      stacks.push_back(&one);
  }
  if (map == nullptr) return fail(Errc::not_found, "nothing is shown of it");
  return plain::fold(*map, stacks, number);
}

void tell_gaps(const plain::Folded& folded, const std::string& name) {
  if (folded.left_out != 0)
    spdlog::warn("{}: entries without a number that counts: {}", name, folded.left_out);
  if (folded.lost != 0) spdlog::warn("{}: stacks whose ids no stack map has: {}", name, folded.lost);
  if (folded.not_kept != 0)
    spdlog::warn(
        "{}: entries whose stack the kernel did not keep, since the stack map had no place for it: {}", name,
        folded.not_kept);
}

Result<void> put(const std::string& path, const std::string& text) {
  auto output = path.empty() ? report::standard_output() : report::file_output(path);
  if (!output) return std::unexpected(output.error());
  if (auto written = (*output)->write(text); !written) return written;
  return (*output)->commit();
}

} // namespace

int fold(const DumpOptions& options) {
  if (auto checked = check_output(options.output, inputs_of(options)); !checked)
    return complain(checked.error());
  auto choice = pipeline::Choice::parse(options.entries);
  if (!choice) return complain(choice.error());
  auto sets = sets_of(options);
  sets.insert(sets.end(), {"report.limit=0", "report.inside=0"});
  auto setup = pipeline::Setup::open(options, sets);
  if (!setup) return complain(setup.error());
  if (auto checked = check_output(options.output, inputs_of(setup->registry)); !checked)
    return complain(checked.error());
  if (auto checked = check_output(options.output, inputs_of(setup->loaded.config)); !checked)
    return complain(checked.error());
  for (auto& rule : setup->loaded.config.maps) rule.limit.reset();
  if (auto checked = pipeline::check_specs(options.maps); !checked) return complain(checked.error());
  auto source = pipeline::Opened::open(options, setup->loaded.config);
  if (!source) return complain(source.error());
  const auto map = the_map(*setup, *source, options);
  if (!map) return complain(map.error());
  const std::string name = report::printable((*map)->label());
  pipeline::Request request{.maps = stack_maps(catalog_of(*source), **map),
                            .only = "",
                            .format = report::Format::json,
                            .writing = {},
                            .jobs = options.jobs};
  request.maps.push_back(fmt::format("id:{}", (*map)->id));
  (*choice)->only_in((*map)->id); // and not among the stacks that it leads to
  if (options.entries.any()) (*choice)->narrow(setup->loaded.config, request);
  const auto report = report_of(*setup, *source, request);
  source->let_go();
  source->tell_troubles();
  if (!report) return complain(report.error());
  if (auto checked = (*choice)->check(); !checked) return complain(checked.error());
  const auto folded = fold_report(*report, (*map)->id, options.fold == "true" ? "" : options.fold);
  if (!folded) return complain({folded.error().code, fmt::format("{}: {}", name, folded.error().text), {}});
  tell_gaps(*folded, name);
  const auto written = put(options.output, folded->lines);
  return written ? int{exit_ok} : complain(written.error());
}

} // namespace mapscope::cli
