// SPDX-License-Identifier: Apache-2.0
// The keys of the configuration: name, type, range, and the member of the record each one fills. Private to
// this folder.
#pragma once

#include "host/config/config.hpp"

#include <functional>
#include <span>
#include <string>
#include <toml++/toml.h>

namespace mapscope::config {

/// Fills the record from a value; what was expected instead when the value does not fit, "" when it does.
using Setter = std::function<std::string(const toml::node&, Config&)>;
using Getter = std::function<std::string(const Config&)>; ///< as TOML

struct Key {
  std::string name; ///< "budget.ms"; "types" is in no section
  Setter set;
  Getter get;
};

std::span<const Key> keys();

/// Inside [map."GLOB"]: use, limit, key_type, value_type, and budget.*; config.* is free.
std::span<const std::string> map_rule_keys();
std::string set_rule_key(const std::string& key, const toml::node& value, MapRule& rule);

/// true, a number from 0, or a string.
std::string set_option(const toml::node& value, PluginOption& option);

/// `text` as a TOML string.
std::string quoted(const std::string& text);

} // namespace mapscope::config
