// SPDX-License-Identifier: Apache-2.0
#include "host/report/html_page.hpp"
#include "host/report/html_text.hpp"
#include "report_text.hpp"

#include <zlib.h>

namespace {

using namespace mapscope;
using namespace mapscope::report;
using testing::HasSubstr;
using testing::Not;

const std::string hostile =
    "</script><script>alert(1)</script><!-- \"><img onerror=alert(1) src=x>\xe2\x80\xae\x1b[31m&amp;";

/// What a browser reads there.
std::string unpacked(const std::string& base64) {
  std::string bytes, out(64U << 20, '\0');
  std::uint32_t group = 0;
  unsigned bits = 0;
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char c : base64.substr(0, base64.find('='))) {
    group = group << 6 | static_cast<std::uint32_t>(digits.find(c)), bits += 6;
    if (bits >= 8) bytes += static_cast<char>(group >> (bits -= 8) & 0xff);
  }
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data()), stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data()), stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

/// A page's data blocks, joined.
std::string blocks_of(const std::string& page) {
  const std::string_view begin = "<script type=\"application/json\"";
  std::string joined;
  for (std::size_t at = page.find(begin); at != page.npos; at = page.find(begin, at)) {
    const std::size_t text = page.find('>', at) + 1, end = page.find('<', text);
    EXPECT_EQ(page.compare(end, 9, "</script>"), 0);
    const bool is_packed = page.substr(at, text - at).find("data-gzip") != page.npos;
    joined += is_packed ? unpacked(page.substr(text, end - text)) : page.substr(text, end - text);
    at = end;
  }
  return joined;
}

std::string part_of(const std::vector<std::string>& pieces) {
  Kept page;
  HtmlPart part(page, " data-part");
  for (const auto& piece : pieces) part.append(piece);
  part.end();
  return page.text;
}

/// One report with everything, in either format.
std::string report_in(Format format, const catalog::Map& map, const std::vector<Row>& rows) {
  Kept kept;
  const Meta meta{"0.1", "ELF core", "6.12", "x86_64", 4096, 0, 2};
  const auto writer = make_report_writer(format, {}, kept);
  writer->begin(meta);
  writer->before_extension("a.b", {});
  const auto extension = make_extension_writer(format, {}, hostile, kept);
  extension->begin({});
  extension->field({.kind = FieldKind::text, .name = "t", .text = hostile, .value = {}});
  extension->end({Status::complete, "a.b@1", std::nullopt, ""});
  for (int i = 0; i < 2; ++i) {
    writer->before_map();
    kept.append(map_text(format, map, rows, {Status::partial, "x@1", rows.size(), hostile}));
  }
  writer->before_allocator();
  const auto slots = make_map_writer(format, {}, kept);
  slots->begin_allocator("an_allocator", map);
  slots->end({Status::complete, "s@1", 0, ""});
  catalog::Program program;
  program.id = 3, program.name = hostile, program.type_name = "kprobe", program.map_ids = {map.id};
  const std::vector<catalog::Program> programs = {program};
  const std::vector<Finding> findings = {{"warning", map.id, hostile}};
  writer->end(programs, {}, findings);
  return kept.text;
}

TEST(HtmlText, IsTextWhateverIsInIt) {
  EXPECT_EQ(html_text("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
  EXPECT_EQ(html_text("\xe2\x80\xae\x1b"), "\\u202e\\x1b");
}

TEST(HtmlText, SourcesOfThePolicyAreBase64) {
  EXPECT_EQ(csp_source("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), // of no bytes
            "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
}

TEST(HtmlPart, ShortIsPlainAndCannotEndItsElement) {
  EXPECT_EQ(part_of({R"({"a":"</scr)", R"(ipt>"})"}),
            R"(<script type="application/json" data-part>{"a":"\u003c/script>"}</script>)");
}

TEST(HtmlPart, LongIsDeflatedAndComesBack) {
  for (const std::size_t size : {65536U, 65537U, 65538U, 65539U, 5'000'000U}) {
    std::string text;
    while (text.size() < size) text += "<" + std::to_string(text.size() * 7919);
    text.resize(size);
    const std::string page = part_of({text.substr(0, size / 2), text.substr(size / 2)});
    ASSERT_EQ(page.find("data-gzip") != page.npos, size > 65536);
    if (size > 65536) {
      EXPECT_EQ(blocks_of(page), text);
    }
  }
}

TEST(HtmlReport, ItsBlocksAreTheJsonReport) {
  auto map = a_map();
  map.name = hostile;
  const auto bytes = bytes_of({1, 2});
  const Says says([](btf::ValueVisitor& visitor) { visitor.text(hostile); });
  std::vector<Row> rows;
  for (const std::size_t count : {0U, 3U, 20'000U}) { // the last is deflated
    rows.assign(count, {Shape::entry, {nullptr, bytes}, 0, {&says, bytes}, {}});
    const std::string page = report_in(Format::html, map, rows), json = report_in(Format::json, map, rows);
    EXPECT_TRUE(parsed(blocks_of(page)) == parsed(json)) << count;
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("<script>")));
    EXPECT_THAT(page, Not(HasSubstr("<!--")));
  }
}

TEST(HtmlReport, IsReadableWithoutItsScript) {
  auto map = a_map("hash", 4);
  map.programs = {3};
  const auto bytes = bytes_of({1});
  const std::string page =
      report_in(Format::html, map, std::vector<Row>(3, {Shape::entry, {nullptr, bytes}, 0, {}, {}}));
  for (const char* part :
       {"<h1>Linux 6.12, x86_64, 2 CPUs</h1>", "from an ELF core",
        "<td class=n>3<td class=n>4<td><meter min=0 max=100 high=90 value=75>", "<a href=#program-3>3</a>",
        "<td class=partial>partial", "<bdi>an_allocator</bdi>", "Worth a look"})
    EXPECT_THAT(page, HasSubstr(part));
}

TEST(HtmlReport, ItsJsonIsOnOneLineWhateverIsAsked) {
  EXPECT_EQ(map_text(Format::html, a_map(), {}, {}, {.pretty = true}), map_text(Format::html, a_map(), {}));
}

TEST(HtmlPage, AsksNobodyForAnything) {
  for (const auto text : {html_style, html_script}) {
    EXPECT_FALSE(text.empty());
    for (const char* asks : {"</script", "<!--", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(",
                             "fetch(", "import(", "url(", "@import"})
      EXPECT_THAT(std::string(text), Not(HasSubstr(asks)));
  }
  const std::string page = report_in(Format::html, a_map(), {});
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; style-src " + csp_source(html_style_sha256) +
                              "; script-src " + csp_source(html_script_sha256)));
}

} // namespace
