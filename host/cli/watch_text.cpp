// SPDX-License-Identifier: Apache-2.0
#include "host/cli/watch_text.hpp"

#include "host/base/counted.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace mapscope::cli {

namespace {

using Fate = plain::PartDifference::Fate;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::string name_of(const plain::PartDifference& part) {
  if (part.id == 0) return fmt::format("{} {}", part.type, report::printable(part.name));
  return fmt::format("map {} {} ({})", part.id, report::printable(part.name), report::printable(part.type));
}

/// JSON escapes what moves a cursor but for characters beyond ASCII.
std::string value_text(const std::string& json) { return json.empty() ? "nothing" : report::printable(json); }

std::string rate_text(const plain::Change& change, double seconds) {
  if (!change.by || seconds <= 0) return "";
  const double rate = plain::real(*change.by) / seconds;
  return std::abs(rate) < 10 ? fmt::format(" ({:+.2g}/s)", rate) : fmt::format(" ({:+.0f}/s)", rate);
}

std::string change_text(const plain::Change& change, double seconds) {
  const std::string key = change.key.empty() ? "" : report::printable(change.key) + ": ";
  const std::string path = change.path.empty() ? "" : report::printable(change.path) + " ";
  return fmt::format("  ~ {}{}{} -> {}{}", key, path, value_text(change.from), value_text(change.to),
                     rate_text(change, seconds));
}

void add_lines(const plain::PartDifference& part, double seconds, std::vector<std::string>& lines) {
  constexpr std::string_view fates[] = {"", " is new", " is gone"};
  lines.push_back(name_of(part) + std::string(fates[static_cast<std::size_t>(part.fate)]));
  for (const auto& [key, value] : part.added)
    lines.push_back(fmt::format("  + {}: {}", report::printable(key), value_text(value)));
  for (const auto& key : part.gone) lines.push_back(fmt::format("  - {}", report::printable(key)));
  for (const auto& change : part.changed) lines.push_back(change_text(change, seconds));
}

std::vector<std::string> lines_of(const WatchRound& round) {
  std::vector<std::string> lines;
  for (const auto& part : round.differences) add_lines(part, round.seconds, lines);
  return lines;
}

std::string entries_text(const WatchRound& round) {
  if (round.compared != round.entries)
    return fmt::format("{} entries, {} of them compared (--limit 0 compares all)", round.entries,
                       round.compared);
  return round.entries == 1 ? "1 entry" : fmt::format("{} entries", round.entries);
}

/// What the round comes to.
std::string summary(const WatchRound& round) {
  const std::string all = fmt::format("{} with {}", counted(round.parts, "map"), entries_text(round));
  if (round.is_first) return fmt::format("{}  {}", round.at, all);
  if (round.differences.empty()) return fmt::format("{}  {}, nothing changed", round.at, all);
  return fmt::format("{}  {}, {} changed", round.at, all, round.differences.size());
}

void put(Writer& out, const char* name, std::string_view text) {
  out.Key(name), out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put_json(Writer& out, const char* name, const std::string& json) {
  if (json.empty()) return;
  out.Key(name), out.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

void put(Writer& out, const plain::Distance& distance) {
  if (const auto* const whole = std::get_if<std::int64_t>(&distance))
    out.Int64(*whole);
  else
    out.Double(plain::real(distance));
}

void put(Writer& out, const plain::Change& change, double seconds) {
  out.StartObject();
  if (!change.key.empty()) put(out, "key", change.key);
  put(out, "path", change.path);
  put_json(out, "from", change.from), put_json(out, "to", change.to);
  if (change.by && seconds > 0 && std::isfinite(plain::real(*change.by))) {
    out.Key("by"), put(out, *change.by);
    out.Key("rate"), out.Double(plain::real(*change.by) / seconds);
  }
  out.EndObject();
}

void put(Writer& out, const plain::PartDifference& part, double seconds) {
  out.StartObject();
  if (part.id != 0) out.Key("id"), out.Uint(part.id);
  put(out, "name", part.name), put(out, "type_name", part.type);
  if (part.fate == Fate::came) out.Key("new"), out.Bool(true);
  if (part.fate == Fate::went) out.Key("gone"), out.Bool(true);
  out.Key("added"), out.StartArray();
  for (const auto& [key, value] : part.added)
    out.StartObject(), put(out, "key", key), put_json(out, "value", value), out.EndObject();
  out.EndArray();
  out.Key("removed"), out.StartArray();
  for (const auto& key : part.gone) out.String(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  out.EndArray();
  out.Key("changed"), out.StartArray();
  for (const auto& change : part.changed) put(out, change, seconds);
  out.EndArray();
  out.EndObject();
}

} // namespace

void WatchRound::take(const plain::Snapshot* before, const plain::Snapshot& now, double seconds_between) {
  at = fmt::format("{:%FT%TZ}",
                   fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  is_first = before == nullptr;
  seconds = is_first ? 0 : seconds_between;
  parts = now.parts.size();
  entries = now.entry_count(), compared = now.compared();
  differences = is_first ? std::vector<plain::PartDifference>() : plain::difference(*before, now);
}

std::string watch_lines(const WatchRound& round) {
  std::string text = summary(round) + "\n";
  for (const auto& line : lines_of(round)) text += line + "\n";
  return text;
}

std::string watch_screen(const WatchRound& round, const Terminal& terminal) {
  constexpr std::size_t beside = 4; // the head, a line behind it, how many there are more, the cursor's
  std::vector<std::string> lines = {
      fmt::format("{} every {:g} s  {}", report::printable(round.source), round.interval, summary(round)),
      ""};
  const auto all = lines_of(round);
  const std::size_t room = terminal.rows > beside ? terminal.rows - beside : 1;
  const std::size_t shown = terminal.rows == 0 ? all.size() : std::min(all.size(), room);
  lines.insert(lines.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown));
  if (shown < all.size()) lines.push_back(fmt::format("... and {} more lines", all.size() - shown));
  std::string text = "\x1b[H\x1b[2J";
  for (const std::string& line : lines)
    text += (terminal.columns != 0 ? line.substr(0, terminal.columns) : line) + "\n";
  return text;
}

std::string watch_json(const WatchRound& round) {
  rapidjson::StringBuffer buffer;
  Writer out(buffer);
  out.StartObject();
  if (round.is_first) put(out, "schema", "mapscope-watch"), out.Key("version"), out.Int(1);
  if (round.is_first) put(out, "source", round.source);
  put(out, "at", round.at);
  if (!round.is_first) out.Key("seconds"), out.Double(round.seconds);
  out.Key("map_count"), out.Uint64(round.parts), out.Key("entry_count"), out.Uint64(round.entries);
  out.Key("compared"), out.Uint64(round.compared);
  out.Key("maps"), out.StartArray();
  for (const auto& part : round.differences) put(out, part, round.seconds);
  out.EndArray();
  out.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace mapscope::cli
