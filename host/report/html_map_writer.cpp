// SPDX-License-Identifier: Apache-2.0
#include "host/report/declared.hpp"
#include "host/report/findings.hpp"
#include "host/report/formats.hpp"
#include "host/report/html_text.hpp"

#include <fmt/format.h>
#include <functional>

namespace mapscope::report {

namespace {

/// A bar that needs no script and no style of its own, which the page's policy would not let it have.
std::string meter(std::optional<std::uint64_t> percent) {
  if (!percent) return "";
  return fmt::format("<meter min=0 max=100 high=90 value={}>{} %</meter>",
                     std::min<std::uint64_t>(*percent, 100), *percent);
}

/// A row of the page's table: the JSON first, as it comes, and behind it what people read.
class HtmlMapWriter : public MapWriter {
public:
  using Make = std::function<std::unique_ptr<MapWriter>(const Options&, Stream&)>;
  HtmlMapWriter(const Make& make, const Options& options, Stream& page)
      : page_(page), part_(page, " data-part"), json_(make(on_one_line(options), part_)), watch_(*json_) {}

  void begin(const catalog::Map& map) override {
    map_ = map;
    const bool has_place = map.kva != 0 && !map.is_live;
    page_.append(fmt::format("\n<tr id=map-{}{}><td class=n>", map.id,
                             has_place ? fmt::format(" data-kva={}", map.kva) : ""));
    watch_.begin(map);
  }
  void begin_allocator(std::string_view name, const catalog::Map& section) override {
    map_ = section, allocator_ = name;
    page_.append("\n<tr><td>");
    watch_.begin_allocator(name, section);
  }
  void row(const Row& row) override { watch_.row(row); }
  void field(const Field& field) override { watch_.field(field); }
  [[nodiscard]] Cuts cuts() const override { return json_->cuts(); }

  void end(const Outcome& outcome) override {
    end_part(outcome);
    page_.append(allocator_.empty() ? map_cells() + entries(outcome) + map_uses() : allocator_cells(outcome));
    page_.append(fmt::format("<td class={}>{}<td>{}", status_name(outcome.status),
                             status_name(outcome.status), html_text(words_of(outcome))));
  }

protected:
  void begin_object(const catalog::Map& none) { watch_.begin(none); }
  void end_part(const Outcome& outcome) {
    watch_.end(outcome);
    part_.end();
  }
  void put(std::string_view text) { page_.append(text); }

private:
  [[nodiscard]] std::string map_link() const {
    return fmt::format("<a href=#map-{}><bdi>{}</bdi></a>", map_.id, html_text(map_.label()));
  }
  [[nodiscard]] std::string map_cells() const {
    if (!map_.is_read) return fmt::format("{}<td>{}<td><td class=n><td class=n>", map_.id, map_link());
    return fmt::format("{}<td>{}<td>{}<td class=n>{}<td class=n>{}", map_.id, map_link(),
                       html_text(map_.type_name), key_size_text(map_), map_.value_size);
  }
  [[nodiscard]] std::string entries(const Outcome& outcome) const {
    const std::string count = outcome.entry_count ? fmt::format("{}", *outcome.entry_count) : "";
    const std::string most = map_.is_read ? fmt::format("{}", map_.max_entries) : "";
    return fmt::format("<td class=n>{}<td class=n>{}<td>{}", count, most,
                       meter(percent_full(map_, outcome, watch_.seen())));
  }
  [[nodiscard]] std::string map_uses() const {
    std::string links;
    for (const auto id : map_.programs)
      links += fmt::format("{0}<a href=#program-{1}>{1}</a>", links.empty() ? "" : " ", id);
    return "<td>" + links;
  }
  [[nodiscard]] std::string allocator_cells(const Outcome& outcome) const {
    return fmt::format("<bdi>{}</bdi><td>{}<td class=n>{}", html_text(allocator_), map_link(),
                       outcome.entry_count ? fmt::format("{}", *outcome.entry_count) : "");
  }

  Stream& page_;
  HtmlPart part_;
  std::unique_ptr<MapWriter> json_;
  Watch watch_;
  catalog::Map map_;
  std::string allocator_;
};

/// What is no map: a section with its title, whose content the page's script shows.
class HtmlExtensionWriter final : public HtmlMapWriter {
public:
  HtmlExtensionWriter(const Options& options, std::string title, Stream& page)
      : HtmlMapWriter(
            [&](const Options& own, Stream& to) { return make_json_extension_writer(own, title, to); },
            options, page),
        title_(std::move(title)) {}
  void begin(const catalog::Map& none) override {
    put(fmt::format("\n<section class=kernel><h2>{}</h2>", html_text(title_)));
    begin_object(none);
  }
  void end(const Outcome& outcome) override {
    end_part(outcome);
    put(fmt::format("<p class={}>{} {}</p></section>", status_name(outcome.status),
                    status_name(outcome.status), html_text(words_of(outcome))));
  }

private:
  std::string title_;
};

} // namespace

std::unique_ptr<MapWriter> make_html_map_writer(const Options& options, Stream& stream) {
  return std::make_unique<HtmlMapWriter>(make_json_map_writer, options, stream);
}

std::unique_ptr<MapWriter> make_html_extension_writer(const Options& options, std::string title,
                                                      Stream& stream) {
  return std::make_unique<HtmlExtensionWriter>(options, std::move(title), stream);
}

} // namespace mapscope::report
