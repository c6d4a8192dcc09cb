// SPDX-License-Identifier: Apache-2.0
// Lists as text: what plugins emit beside maps, elements and chains of one shape, texts of several lines.
#include "text_maps.hpp"

namespace mapscope::report {
namespace {

/// The lines of an extension behind its title.
std::string extension_lines(const std::vector<Field>& fields, unsigned width) {
  Kept kept;
  const auto extension = make_extension_writer(Format::text, {.width = width}, "title", kept);
  extension->begin({});
  for (const Field& field : fields) extension->field(field);
  extension->end({});
  return kept.text.substr(kept.text.find('\n') + 1);
}

TEST(TextExtension, RecordsTakeAsFewLinesAsTheyFitOn) {
  std::vector<Field> fields = {a_field(FieldKind::list, "tasks")};
  for (const std::uint64_t pid : {1, 2}) {
    fields.push_back(a_field(FieldKind::object, ""));
    fields.push_back(a_field(FieldKind::number, "pid", pid));
    fields.push_back(a_field(FieldKind::text, "comm", 0, "a\tname"));
    fields.push_back(a_field(FieldKind::list, "flags"));
    for (const char* flag : {"QUEUED", "IN_CUSTODY", "IMMED"})
      fields.push_back(a_field(FieldKind::text, "", 0, flag));
    fields.push_back(a_field(FieldKind::end, ""));
    fields.push_back(a_field(FieldKind::end, ""));
  }
  fields.push_back(a_field(FieldKind::end, ""));
  EXPECT_EQ(extension_lines(fields, 80),
            "  tasks:\n"
            "    - pid=1, comm=a\\x09name, flags=[QUEUED, IN_CUSTODY, IMMED]\n"
            "    - pid=2, comm=a\\x09name, flags=[QUEUED, IN_CUSTODY, IMMED]\n\n");
  EXPECT_THAT(extension_lines(fields, 48),
              testing::StartsWith("  tasks:\n"
                                  "    - pid=1, comm=a\\x09name\n"
                                  "      flags=[QUEUED, IN_CUSTODY, IMMED]\n    - pid=2"));
  EXPECT_THAT(extension_lines(fields, 26), testing::StartsWith("  tasks:\n"
                                                               "    - pid=1\n"
                                                               "      comm=a\\x09name\n"
                                                               "      flags:\n"
                                                               "        QUEUED, IN_CUSTODY\n"
                                                               "        IMMED\n    - pid=2"));
}

/// A node whose `next` leads to an address, for the reason why it is not followed there.
Events node(int pid, std::uint64_t next, std::string_view why) {
  return [=](V& v) {
    v.begin_struct("node");
    v.member("next"), v.begin_pointer(next), v.fact("deref_skipped_reason", why), v.end_pointer();
    v.member("pid"), v.unsigned_int(32, static_cast<std::uint64_t>(pid));
    v.end_struct();
  };
}

/// A pointer to the node, and what is said of its chain.
Events to(std::uint64_t address, const Events& node, const Events& rest = [](V&) {}) {
  return [=](V& v) { v.begin_pointer(address), v.deref(), node(v), rest(v), v.end_pointer(); };
}

/// Structs that lead to one another.
TEST(TextMap, AChainOfPointersIsATable) {
  const Events others = [](V& v) {
    v.begin_values("chain");
    to(0x20, node(3, 0x30, "pid 9"))(v), to(0x30, node(9, 0x10, "pid 22"))(v);
    v.end_values();
    v.fact("links_only", std::uint64_t{7});
  };
  const Says queue([=](V& v) {
    v.begin_struct("fifo");
    v.member("head"), to(0x10, node(22, 0x20, "pid 3"), others)(v);
    v.member("idx"), v.unsigned_int(32, 1);
    v.end_struct();
  });
  EXPECT_EQ(text(a_map(), {entry(one, queue)}, {}, {.width = 70}),
            head + "\n  1: fifo:\n"
                   "    head 0x10 -> node, on through next:\n"
                   "           | pid\n"
                   "      0x10 |  22\n"
                   "      0x20 |   3\n"
                   "      0x30 |   9  next=0x10 [pid 22]\n"
                   "      links_only 7\n"
                   "    idx 1\n\n");
}

/// Too few for a table.
TEST(TextMap, AShortChainStandsBelowItsFirst) {
  const Events other = [](V& v) {
    v.begin_values("chain");
    to(0x20, node(3, 0x10, "pid 22"))(v);
    v.end_values();
    v.fact("links_only", std::uint64_t{7});
  };
  const Says queue(to(0x10, node(22, 0x20, "pid 3"), other));
  EXPECT_EQ(text(a_map(), {entry(one, queue)}, {}, {.width = 40}), head + "\n  1: 0x10 -> node:\n"
                                                                          "    next 0x20 [pid 3]\n"
                                                                          "    pid 22\n"
                                                                          "    chain\n"
                                                                          "      [0] 0x20 -> node:\n"
                                                                          "        next 0x10 [pid 22]\n"
                                                                          "        pid 3\n"
                                                                          "    links_only 7\n\n");
}

TEST(TextMap, ElementsOfOneShapeAreATable) {
  const Says list(
      list_of({members({{"a", 1}, {"bb", 2}}), members({{"a", 1}, {"bb", 2}}), members({{"a", 0}, {"bb", 0}}),
               members({{"a", 3}, {"bb", 4}}), members({{"a", 1000}, {"bb", 6}})}));
  EXPECT_EQ(text(a_map(), {entry(one, list)}, {}, {.width = 50}), head + "\n  1:\n"
                                                                         "    each: s\n"
                                                                         "           |    a bb\n"
                                                                         "    [0..1] |    1  2\n"
                                                                         "    [3]    |    3  4\n"
                                                                         "    [4]    | 1000  6\n\n");
}

/// The fields of a list of tasks.
std::vector<Field> tasks(std::vector<std::pair<std::uint64_t, const char*>> all) {
  std::vector<Field> fields = {a_field(FieldKind::list, "tasks")};
  for (const auto& [pid, comm] : all) {
    fields.push_back(a_field(FieldKind::object, ""));
    fields.push_back(a_field(FieldKind::number, "pid", pid));
    fields.push_back(a_field(FieldKind::text, "comm", 0, comm));
    fields.push_back(a_field(FieldKind::text, "state", 0, "ENABLED"));
    fields.push_back(a_field(FieldKind::end, ""));
  }
  fields.push_back(a_field(FieldKind::end, ""));
  return fields;
}

TEST(TextExtension, ThreeOfOneShapeAreATable) {
  EXPECT_EQ(extension_lines(tasks({{1, "init"}, {20, "a\xe4\xb8\xadz"}, {300, "x\033[2J"}}), 80),
            "  tasks:\n"
            "    all: state=ENABLED\n"
            "    pid comm\n"
            "      1 init\n"
            "     20 a\xe4\xb8\xadz\n"
            "    300 x\\x1b[2J\n\n");
}

TEST(TextExtension, FlagsAreToldByTheirNames) {
  const auto shown = [](std::uint64_t flags, const std::vector<const char*>& names) {
    std::vector<Field> fields = {a_field(FieldKind::object, "task"), a_field(FieldKind::number, "pid", 1),
                                 a_field(FieldKind::number, "flags", flags),
                                 a_field(FieldKind::list, "flag_names")};
    for (const char* name : names) fields.push_back(a_field(FieldKind::text, "", 0, name));
    fields.push_back(a_field(FieldKind::end, ""));
    fields.push_back(a_field(FieldKind::number, "weight", 3));
    fields.push_back(a_field(FieldKind::end, ""));
    return extension_lines(fields, 80);
  };
  EXPECT_EQ(shown(5, {"A_ONE", "A_FOUR"}), "  task: {pid=1, flags=A_ONE|A_FOUR, weight=3}\n\n");
  EXPECT_EQ(shown(0, {}), "  task: {pid=1, flags=0, weight=3}\n\n");
  EXPECT_EQ(shown(7, {"A_ONE", "A_FOUR"}), "  task: {pid=1, flags=A_ONE|A_FOUR (7), weight=3}\n\n")
      << "one has no name";
}

TEST(TextExtension, ATextOfSeveralLinesKeepsThem) {
  const std::string dump = "CPU 0\n\n  curr=busy\033[0m,\twhich is more than forty-eight letters long\n";
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "dump", 0, dump)}, 80),
            "  dump:\n    | CPU 0\n    |\n    |   curr=busy\\x1b[0m,\twhich is more than forty-eight letters "
            "long\n\n");
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "none", 0, "")}, 80), "  none: \n\n");
  EXPECT_EQ(extension_lines({a_field(FieldKind::text, "one", 0, "\n")}, 80), "  one:\n    |\n\n");
}

TEST(TextMap, ATextOfSeveralLinesKeepsThem) {
  const Says dump([](V& v) {
    v.begin_struct(".data");
    v.member("dump"), text_array(std::string("CPU 0\n\tcurr=\033[0m\n\nend") + std::string(1, '\0'), 200,
                                 {{.zero = true}})(v);
    v.member("fmt"), text_array("no more than one\n")(v);
    v.end_struct();
  });
  EXPECT_EQ(text(a_map("array", 1), {{Shape::value, {}, 0, value(dump), {}}}, {}, {.width = 30}),
            "map 7 m  array, key 4 B, value 8 B, max_entries 1\n"
            "  .data:\n"
            "    dump\n"
            "      | CPU 0\n"
            "      | \tcurr=\\x1b[0m\n"
            "      |\n"
            "      | end\n"
            "    fmt \"no more than one\\n\"\n\n");
}

TEST(TextExtension, ListsOfLinesHaveSoMany) {
  Kept kept;
  const auto extension = make_extension_writer(Format::text, {.width = 80, .inside = 2}, "title", kept);
  extension->begin({});
  const std::string longest(60, 'x');
  extension->field(a_field(FieldKind::text, "dump", 0, "one\ntwo\n" + longest + "\n"));
  extension->end({});
  EXPECT_EQ(kept.text, "title\n  dump:\n    | one\n    | two\n    ... 2 of 3 shown (report.inside)\n\n");
}

TEST(TextExtension, EmptyListsAndPlainFacts) {
  EXPECT_EQ(extension_lines({a_field(FieldKind::list, "tasks"), a_field(FieldKind::end, ""),
                             a_field(FieldKind::flag, "all", 1), a_field(FieldKind::address, "at", 16)},
                            80),
            "  tasks: []\n  all=true, at=0x10\n\n");
}

} // namespace
} // namespace mapscope::report
