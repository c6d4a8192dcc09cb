// SPDX-License-Identifier: Apache-2.0
#include "host/base/display_width.hpp"
#include "host/report/formats.hpp"
#include "host/report/text_map_writer.hpp"
#include "host/report/text_records.hpp"

#include <fmt/format.h>
#include <utility>
#include <vector>

namespace mapscope::report {

namespace {

/// What is no map: its fields, and how it ended.
class TextExtensionWriter final : public TextMapWriter {
public:
  TextExtensionWriter(const Options& options, std::string title, Stream& stream)
      : TextMapWriter(options, stream), title_(std::move(title)) {}
  void begin(const catalog::Map& /*map*/) override { put_title(title_); }

protected:
  /// Words and numbers that follow each other share lines, as those of a struct do.
  [[nodiscard]] std::string map_field() override {
    const auto& member = fields_.tree().node(fields_.tree().root().children.front());
    const std::string name = printable(member.member);
    if (member.kind == TextTree::Kind::scalar) return (void)words_.push_back({name, member.text}), "";
    return take_words() + fmt::format("  {}:{}\n", name,
                                      packed_lines(fields_.tree(), member, options_.width,
                                                   static_cast<unsigned>(name.size()) + 3, 4));
  }
  [[nodiscard]] std::string take_words() override {
    const std::vector<std::pair<std::string, std::string>> words = std::exchange(words_, {});
    if (words.size() == 1) return fmt::format("  {}: {}\n", words[0].first, words[0].second);
    std::string out, line;
    for (const auto& [name, text] : words) {
      const std::string next = fmt::format("{}={}", name, text);
      const bool fits = 2 + display_width(line) + 2 + display_width(next) <= options_.width;
      if (!line.empty() && !fits) out += fmt::format("  {}\n", std::exchange(line, ""));
      line += (line.empty() ? "" : ", ") + next;
    }
    return line.empty() ? "" : out + fmt::format("  {}\n", line);
  }

private:
  std::string title_;
  std::vector<std::pair<std::string, std::string>> words_; ///< not yet told
};

} // namespace

std::unique_ptr<MapWriter> make_text_extension_writer(const Options& options, std::string title,
                                                      Stream& stream) {
  return std::make_unique<TextExtensionWriter>(options, std::move(title), stream);
}

} // namespace mapscope::report
