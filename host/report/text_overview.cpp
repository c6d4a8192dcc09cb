// SPDX-License-Identifier: Apache-2.0
#include "host/report/text_overview.hpp"

#include "host/base/display_width.hpp"
#include "host/base/utf8.hpp"
#include "host/report/empty_maps.hpp"
#include "host/report/fill.hpp"
#include "host/report/text_value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace mapscope::report {

namespace {

constexpr std::size_t bar_width = 10;
constexpr std::size_t widest_name = 32;
/// Narrower terminals get neither bar nor programs.
constexpr unsigned narrow = 72;

/// What does not fit ends in "..".
std::string cut_to(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  constexpr std::string_view mark = "..";
  if (width <= mark.size()) return std::string(mark.substr(0, width));
  std::string out;
  std::size_t used = mark.size();
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view character =
        std::string_view(text).substr(i, std::max<std::size_t>(1, utf8_length(text, i)));
    used += display_width(character);
    if (used > width) break;
    out += character, i += character.size();
  }
  return out.append(mark);
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right = false) {
  const std::size_t own = display_width(text);
  const std::string gap(width > own ? width - own : 0, ' ');
  return to_the_right ? gap + text : text + gap;
}

/// One map's cells.
struct Line {
  std::string id, type, name, used, bar, memory, status;
  std::vector<std::string> programs;
};

class MapTable {
public:
  MapTable(const Overview& page, const Options& options) : options_(options) {
    for (const auto& program : page.programs) names_[program.id] = printable(program.names().longest());
    lines_.push_back({"id", "type", "name", "entries", "", "memory", "", {}});
    add_maps(page.maps);
    for (const Line& line : lines_) {
      id_ = std::max(id_, line.id.size()), type_ = std::max(type_, display_width(line.type));
      name_ = std::max(name_, std::min(display_width(line.name), widest_name));
      used_ = std::max(used_, line.used.size()), memory_ = std::max(memory_, line.memory.size());
      has_memory_ = has_memory_ || (&line != &lines_.front() && !line.memory.empty());
    }
    if (options.width < narrow) shrink();
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Line& line : lines_) out += text_of(line);
    return out;
  }

private:
  /// Of many that are empty and alike, a line stands for all.
  void add_maps(std::span<const MapLine> maps) {
    EmptyMaps empty;
    for (const MapLine& map : maps) empty.add(*map.map);
    std::map<EmptyMaps::Kind, std::pair<std::size_t, std::size_t>> places; // of the line, and how many more
    for (const MapLine& map : maps) {
      if (options_.full || !empty.has(map)) {
        lines_.push_back(line_of(map));
        continue;
      }
      auto [place, is_first] = places.try_emplace(EmptyMaps::kind_of(*map.map), lines_.size(), 0);
      if (is_first)
        lines_.push_back(line_of(map));
      else
        ++place->second.second;
    }
    for (const auto& [kind, place] : places)
      if (place.second != 0)
        lines_[place.first].programs.push_back(fmt::format("and {} more like it", place.second));
  }

  [[nodiscard]] Line line_of(const MapLine& shown) const {
    const auto& [map, outcome] = shown;
    Line line{std::to_string(map->id),
              printable(map->type_name),
              printable(map->label()),
              used_of(shown),
              fill_bar(*map, *outcome, bar_width),
              map->bytes ? bytes_text(*map->bytes) : "",
              outcome->status == Status::complete ? "" : fmt::format("[{}]", status_name(outcome->status)),
              {}};
    for (const std::uint32_t id : map->programs) {
      const auto found = names_.find(id);
      line.programs.push_back(found == names_.end() || found->second.empty() ? std::to_string(id)
                                                                             : found->second);
    }
    return line;
  }

  /// A map that is one value has no entries to count.
  static std::string used_of(const MapLine& shown) {
    if (!shown.outcome->entry_count && shown.map->is_read && shown.map->max_entries == 1) return "1 value";
    return used_text(*shown.map, *shown.outcome);
  }

  /// Names give way, as far as one can tell them apart.
  void shrink() {
    constexpr std::size_t least = 8;
    const auto excess = [this] { return line_width() > options_.width; };
    while (excess() && type_ > least) --type_;
    while (excess() && name_ > least) --name_;
  }

  /// Of a machine whose memory is not read none is known.
  [[nodiscard]] std::string memory_of(const Line& line) const {
    return has_memory_ ? "  " + padded(line.memory, memory_, true) : "";
  }

  [[nodiscard]] std::size_t line_width() const { return 2 + id_ + 2 + type_ + 1 + name_ + 1 + used_; }

  [[nodiscard]] std::string text_of(const Line& line) const {
    std::string out =
        fmt::format("  {}  {} {} {}", padded(line.id, id_, true), padded(cut_to(line.type, type_), type_),
                    padded(cut_to(line.name, name_), name_), padded(line.used, used_, true));
    if (options_.width >= narrow) out += "  " + padded(line.bar, bar_width) + memory_of(line);
    if (!line.status.empty()) out += "  " + marked(line.status);
    if (options_.width >= narrow)
      out += programs_of(line, line_width() + 2 + bar_width + memory_of(line).size());
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
  }

  [[nodiscard]] std::string marked(const std::string& status) const {
    return options_.color ? "\033[33m" + status + "\033[0m" : status;
  }

  /// As many names as fit, and how many more there are.
  [[nodiscard]] std::string programs_of(const Line& line, std::size_t used) const {
    if (&line == &lines_.front()) return "  programs";
    if (!line.status.empty()) used += 2 + line.status.size();
    std::string out;
    for (std::size_t i = 0; i < line.programs.size(); ++i) {
      const std::size_t rest = line.programs.size() - i - 1;
      const std::string next = (i == 0 ? "  " : ", ") + line.programs[i];
      const std::size_t reserve = rest == 0 ? 0 : fmt::formatted_size(" +{}", rest);
      if (used + display_width(out) + display_width(next) + reserve > options_.width)
        return out + fmt::format("{}+{}", i == 0 ? "  " : " ", rest + 1);
      out += next;
    }
    return out;
  }

  const Options& options_;
  ProgramNames names_;
  std::vector<Line> lines_;
  std::size_t id_ = 0, type_ = 0, name_ = 0, used_ = 0, memory_ = 0;
  bool has_memory_ = false;
};

std::string lines_of(const Digest& part, const Options& options) {
  std::string out = heading_text(printable(part.title), options);
  for (const std::string& line : part.lines)
    out += fmt::format("  {}\n", cut_to(printable(line), options.width - 2));
  return out + '\n';
}

} // namespace

std::string heading_text(std::string_view text, const Options& options) {
  return options.color ? fmt::format("\033[1m{}\033[0m\n", text) : fmt::format("{}\n", text);
}

std::string findings_text(std::span<const Finding> findings, const Options& options) {
  if (findings.empty()) return "";
  std::string out = heading_text("worth a look", options);
  for (const Finding& finding : findings)
    out += fmt::format("  {:<7}  {}{}\n", finding.severity,
                       finding.map ? fmt::format("map {}: ", *finding.map) : "", printable(finding.text));
  return out;
}

std::string overview_text(const Overview& page, const Options& options) {
  std::string out = findings_text(page.findings, options);
  if (!out.empty()) out += '\n';
  for (const Digest& part : page.parts) out += lines_of(part, options);
  if (page.maps.size() > 1) out += heading_text("maps", options) + MapTable(page, options).text() + '\n';
  return out;
}

} // namespace mapscope::report
