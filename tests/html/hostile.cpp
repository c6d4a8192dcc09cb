// SPDX-License-Identifier: Apache-2.0
// A page whose every name and value would like to be more than text: what no real guest has, for the browser
// to try.
#include "tests/unit/report/report_text.hpp"

#include <cstdio>

int main() {
  using namespace mapscope;
  using namespace mapscope::report;
  const std::string hostile =
      "</script><img src=x onerror=\"document.title='run'\"><!--<script>\xe2\x80\xae\x1b]0;x\x07 __proto__ "
      "\\u003c";
  Kept page;
  const Meta meta{hostile, "ELF core", hostile, "x86_64", 4096, 0, 2};
  const auto writer = make_report_writer(Format::html, {}, page);
  writer->begin(meta);
  writer->before_extension("a.b", {});
  const auto extension = make_extension_writer(Format::html, {}, hostile, page);
  extension->begin({});
  extension->field({.kind = FieldKind::text, .name = "__proto__", .text = hostile, .value = {}});
  extension->end({Status::failed, hostile, std::nullopt, hostile});
  const Says says([&](btf::ValueVisitor& visitor) {
    visitor.begin_struct(hostile);
    visitor.member("__proto__"), visitor.unsigned_int(64, ~std::uint64_t{0});
    visitor.member(hostile), visitor.text(hostile);
    visitor.end_struct();
  });
  const auto bytes = bytes_of({1, 2});
  for (const std::uint32_t rows : {1U, 5000U}) { // the second is deflated
    auto map = a_map("hash", rows);
    map.id = rows, map.name = hostile, map.type_name = hostile, map.programs = {3};
    writer->before_map();
    page.append(map_text(Format::html, map,
                         std::vector<Row>(rows, {Shape::entry, {&says, bytes}, 0, {&says, bytes}, {}}),
                         {Status::partial, hostile, rows, hostile}));
  }
  catalog::Program program;
  program.id = 3, program.name = hostile, program.type_name = hostile, program.tag = hostile,
  program.map_ids = {1, 5000};
  const std::vector<catalog::Program> programs = {program};
  const std::vector<Finding> findings = {{"warning", 1, hostile}, {"error", 77, hostile}};
  writer->end(programs, {}, findings);
  return std::fwrite(page.text.data(), 1, page.text.size(), stdout) == page.text.size() ? 0 : 1;
}
