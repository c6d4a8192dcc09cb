// SPDX-License-Identifier: Apache-2.0
// One value: a map, a key in it, a member of what is there.
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"
#include "host/cli/print.hpp"
#include "host/pipeline/key_filter.hpp"
#include "host/pipeline/map_filter.hpp"
#include "host/pipeline/opened.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

namespace mapscope::cli {

namespace {

using plain::Json;

struct Wanted {
  std::string map; ///< a SPEC
  plain::Words words;
};

bool is_source(const std::string& word) {
  std::error_code error;
  return word == "live" || word.starts_with("qmp:") || std::filesystem::exists(word, error);
}

/// Whoever wrote a path meant a file.
Result<void> check_words(std::span<const std::string> words) {
  for (const std::string& word : words)
    if (word.empty())
      return fail(Errc::usage, "one of the words behind get is empty; leave it away, or say what is meant");
  const std::string& first = words.front();
  if (is_source(first) && words.size() == 1)
    return fail(Errc::usage,
                fmt::format("get needs a MAP behind {0}; `mapscope maps {0}` lists them", first));
  if (!is_source(first) && first.contains('/'))
    return fail(Errc::usage, fmt::format("there is no file {}", first));
  const std::size_t most = is_source(first) ? 4 : 3;
  if (words.size() <= most) return {};
  return fail(Errc::usage,
              fmt::format("get takes [SOURCE] MAP [KEY] [PATH], and {} is one word too many{}", words[most],
                          is_source(first) ? "" : fmt::format("; there is no file {}", first)));
}

/// [SOURCE] MAP [KEY] [PATH]
Result<Wanted> take_words(std::span<const std::string> words, GetOptions& options) {
  if (auto checked = check_words(words); !checked) return std::unexpected(checked.error());
  if (is_source(words.front())) {
    options.sources = {words.front()};
    words = words.subspan(1);
  }
  Wanted wanted{words[0], {}};
  if (words.size() > 1) wanted.words.key = words[1];
  if (words.size() > 2) wanted.words.path = words[2];
  return wanted;
}

/// Nobody has given it here.
Error without_option(Error error) {
  constexpr std::string_view option = "--map ";
  if (error.text.starts_with(option)) error.text.erase(0, option.size());
  return error;
}

/// One, and nothing else.
Result<std::string> one_of(const pipeline::Setup& setup, const pipeline::Opened& source,
                           const std::string& spec) {
  const auto scope = source.scope(setup, {spec});
  if (!scope) return std::unexpected(without_option(scope.error()));
  if (scope->maps.size() + scope->parts.size() == 1)
    return scope->maps.empty() ? "kernel:" + scope->parts.front().name
                               : fmt::format("id:{}", scope->maps.front()->id);
  constexpr std::size_t most = 12;
  std::vector<std::string> names;
  for (const catalog::Map* map : std::span(scope->maps).first(std::min(scope->maps.size(), most)))
    names.push_back(fmt::format("id:{} ({})", map->id, report::printable(map->label())));
  if (scope->maps.size() > most) names.push_back(fmt::format("and {} more", scope->maps.size() - most));
  return fail(Errc::usage, fmt::format("{} names {} maps; say which: {}", spec, scope->maps.size(),
                                       fmt::join(names, ", ")));
}

/// The report of the one, with the rows that the key may mean.
Result<rapidjson::Document> report_of(const pipeline::Setup& setup, const pipeline::Opened& source,
                                      const std::string& spec, const std::optional<plain::Key>& key,
                                      plain::OtherKeys& others) {
  pipeline::Request request{.maps = {spec}, .only = "", .format = report::Format::json, .writing = {}};
  request.writing.big_numbers_as_strings = setup.loaded.config.report.big_numbers == "string";
  request.writing.arena_bytes = "hex";
  request.rows_stand_alone = true;
  if (key)
    request.around = [&](std::unique_ptr<report::MapWriter> to) {
      return pipeline::only_with_key(std::move(to), *key, others);
    };
  const auto run = source.report(setup, request);
  if (auto chosen = run->choose(); !chosen) return std::unexpected(chosen.error());
  std::string text;
  if (auto written = run->write(*report::memory_output(text), {}); !written)
    return std::unexpected(written.error());
  return plain::parse(std::move(text));
}

/// The map, or what is said of the part of the kernel.
const Json* subject_of(const rapidjson::Document& report) {
  const Json* const maps = plain::find(report, "maps");
  if (maps != nullptr && maps->IsArray() && !maps->Empty()) return &(*maps)[0];
  const Json* const parts = plain::find(report, "extensions");
  return parts != nullptr && parts->IsObject() && parts->MemberCount() != 0 ? &parts->MemberBegin()->value
                                                                            : nullptr;
}

/// What was not found may be where the report has a gap.
std::string with_gaps(std::string text, const Json& map) {
  const Json *const status = plain::find(map, "status"), *const error = plain::find(map, "error");
  if (status == nullptr || !status->IsString() || std::string_view(status->GetString()) == "complete")
    return text;
  return fmt::format("{}; the map is {}{}", text, status->GetString(),
                     error != nullptr && error->IsString() ? fmt::format(": {}", error->GetString()) : "");
}

/// Keys with what they hold.
Json listed(const std::vector<plain::Entry>& entries, rapidjson::Document::AllocatorType& memory) {
  Json list(rapidjson::kArrayType);
  for (const plain::Entry& entry : entries) list.PushBack(plain::plain_row(entry, memory), memory);
  return list;
}

int print(const plain::Found& found, JsonForm form) {
  rapidjson::Document document;
  auto& memory = document.GetAllocator();
  const Json result = std::holds_alternative<const Json*>(found)
                          ? plain::plain(*std::get<const Json*>(found), memory)
                          : listed(std::get<plain::AllEntries>(found).entries, memory);
  StdoutStream stream;
  stream.append(form == JsonForm::none ? plain::shown_text(result)
                                       : plain::json_text(result, form == JsonForm::pretty));
  stream.append("\n");
  return stream.finish();
}

/// Of a value that is there and has no bytes.
bool is_unreadable(const plain::Found& found) {
  const auto* const node = std::get_if<const Json*>(&found);
  return node != nullptr && ((*node)->IsNull() || plain::is_kind(**node, "unsupported"));
}

} // namespace

int get(const GetOptions& given) {
  GetOptions options = given;
  options.opening.in_place = true;
  std::vector<std::string> words;
  for (const auto& word : given.words)
    if (word) words.push_back(*word);
  const auto wanted = take_words(words, options);
  if (!wanted) return complain(wanted.error());
  std::optional<plain::Key> key;
  if (wanted->words.key) {
    auto parsed = plain::Key::parse(*wanted->words.key);
    if (!parsed) return complain(parsed.error());
    key = std::move(*parsed);
  }
  auto setup =
      pipeline::Setup::open(options, {"report.limit=0", "report.inside=0", "report.array_elements=16777216"});
  if (!setup) return complain(setup.error());
  for (auto& rule : setup->loaded.config.maps) rule.limit.reset();
  if (auto checked = pipeline::check_specs({wanted->map}); !checked)
    return complain(without_option(checked.error()));
  auto source = pipeline::Opened::open(options, setup->loaded.config);
  if (!source) return complain(source.error());
  const auto spec = one_of(*setup, *source, wanted->map);
  if (!spec) return complain(spec.error());
  plain::OtherKeys others;
  const auto report = report_of(*setup, *source, *spec, key, others);
  source->let_go(); // a guest stands still for one value, which is nearly as short as it can be
  source->tell_troubles();
  if (!report) return complain(report.error());
  const Json* const subject = subject_of(*report);
  if (subject == nullptr)
    return complain({Errc::not_found, fmt::format("{}: nothing is shown of it", wanted->map), {}});
  const auto found = plain::look_up(*subject, wanted->words, others);
  if (!found)
    return complain({found.error().code,
                     with_gaps(fmt::format("{}: {}", wanted->map, found.error().text), *subject),
                     {}});
  if (is_unreadable(*found))
    return complain({Errc::not_found,
                     with_gaps(fmt::format("{}: it is there, and cannot be read", wanted->map), *subject),
                     {}});
  return print(*found, options.json);
}

} // namespace mapscope::cli
