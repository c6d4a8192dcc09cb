// SPDX-License-Identifier: Apache-2.0
// C1: what configuration says to plugins is checked against what their manifests declare.
#include "host/plugin/select/options.hpp"
#include "tests/unit/plugin_select/plugin_directory.hpp"

#include <gmock/gmock.h>

namespace mapscope::plugin {
namespace {

using testing::ElementsAre;
using testing::Pair;

const std::vector<std::string> lines = {"attach=map-type:hash", "config=payload_type:type",
                                        "config=deep:bool=true", "config=depth:u64=3", "config=title:string"};

Registry registry() {
  return PluginDirectory().add("x", "org.example.x", lines).add("y", "org.example.y").registry();
}

template <class Value> config::PluginOption option(Value value) { return {std::move(value), "site.toml:7"}; }

std::string check(const config::Config& config) {
  const auto checked = registry().check_options(config);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Errc::usage);
  return checked.error().text;
}

std::string check(const std::string& id, const config::PluginOptions& options) {
  config::Config config;
  config.options[id] = options;
  return check(config);
}

TEST(CheckOptions, DeclaredOnesOfTheirType) {
  EXPECT_EQ(check("org.example.x", {{"payload_type", option(std::string("struct x"))},
                                    {"deep", option(false)},
                                    {"depth", option(std::int64_t{0})},
                                    {"title", option(std::string())}}),
            "");
  EXPECT_EQ(check("org.example.y", {}), "");
}

TEST(CheckOptions, UnknownPlugin) {
  EXPECT_EQ(check("org.example.z", {{"deep", option(true)}}),
            "site.toml:7: no plugin has the id org.example.z; did you mean org.example.x?");
  EXPECT_EQ(check("something-else-altogether", {}),
            "[plugin.\"something-else-altogether\"]: no plugin has the id something-else-altogether");
}

TEST(CheckOptions, UnknownKey) {
  EXPECT_EQ(check("org.example.x", {{"payload_typ", option(std::string())}}),
            "site.toml:7: org.example.x has no option payload_typ; did you mean payload_type?");
  EXPECT_EQ(check("org.example.y", {{"deep", option(true)}}),
            "site.toml:7: org.example.y has no option deep");
}

TEST(CheckOptions, WrongType) {
  EXPECT_EQ(check("org.example.x", {{"deep", option(std::int64_t{1})}}),
            "site.toml:7: option deep of org.example.x takes true or false");
  EXPECT_EQ(check("org.example.x", {{"depth", option(std::int64_t{-1})}}),
            "site.toml:7: option depth of org.example.x takes a number from 0");
  EXPECT_EQ(check("org.example.x", {{"depth", option(std::string("1"))}}),
            "site.toml:7: option depth of org.example.x takes a number from 0");
  EXPECT_EQ(check("org.example.x", {{"title", option(true)}}),
            "site.toml:7: option title of org.example.x takes a string");
  EXPECT_EQ(check("org.example.x", {{"payload_type", option(true)}}),
            "site.toml:7: option payload_type of org.example.x takes a type's name as a string");
}

config::MapRule rule(std::optional<std::string> use, const config::PluginOptions& options) {
  config::MapRule rule;
  rule.glob = "m*";
  rule.use = std::move(use);
  rule.options = options;
  rule.origin = "site.toml:5";
  return rule;
}

std::string check_rule(std::optional<std::string> use, const config::PluginOptions& options) {
  config::Config config;
  config.maps = {rule(std::move(use), options)};
  return check(config);
}

TEST(CheckOptions, OfMapRules) {
  EXPECT_EQ(check_rule("org.example.x", {{"depth", option(std::int64_t{2})}}), "");
  EXPECT_EQ(check_rule("org.example.w", {}),
            "site.toml:5: no plugin has the id org.example.w; did you mean org.example.x?");
  EXPECT_EQ(check_rule("org.example.y", {{"depth", option(std::int64_t{2})}}),
            "site.toml:7: org.example.y has no option depth");
}

TEST(CheckOptions, OfMapRulesForWhoeverRenders) {
  EXPECT_EQ(check_rule(std::nullopt, {{"depth", option(std::int64_t{2})}}), "");
  EXPECT_EQ(check_rule(std::nullopt, {{"dept", option(std::int64_t{2})}}),
            "site.toml:7: no plugin has an option dept; did you mean depth?");
}

TEST(OptionValues, TheClosestWordWins) {
  const auto plugins = registry();
  const Manifest manifest = by_name(plugins, "x.so").manifest();
  catalog::Map map;
  map.name = "m1";
  config::Config config;
  EXPECT_THAT(
      option_values(manifest, map.names(), config),
      ElementsAre(Pair("deep", "true"), Pair("depth", "3"), Pair("payload_type", ""), Pair("title", "")));
  config.options["org.example.x"] = {{"deep", option(false)}, {"title", option(std::string("t"))}};
  config.maps = {
      rule(std::nullopt, {{"depth", option(std::int64_t{9})}}),
      rule(std::nullopt, {{"depth", option(std::int64_t{8})}, {"title", option(std::string("u"))}}),
      rule("org.example.y", {{"payload_type", option(std::string("not for x"))}})};
  EXPECT_THAT(
      option_values(manifest, map.names(), config),
      ElementsAre(Pair("deep", "false"), Pair("depth", "9"), Pair("payload_type", ""), Pair("title", "u")));
  map.name = "other";
  EXPECT_THAT(
      option_values(manifest, map.names(), config),
      ElementsAre(Pair("deep", "false"), Pair("depth", "3"), Pair("payload_type", ""), Pair("title", "t")));
}

} // namespace
} // namespace mapscope::plugin
