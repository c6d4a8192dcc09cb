// SPDX-License-Identifier: Apache-2.0
// What the formats made of JSON have in common: the records of maps, programs, findings, plugins and the
// source, each as one object or as members of the one that is open.
//
// Thread rule: as JsonText.
#pragma once

#include "host/report/json_text.hpp"

#include <utility>

namespace mapscope::report {

/// Members of an open object: what the map was declared with, and who uses it.
void write_header(JsonText& out, const catalog::Map& map);
void write_allocator_header(JsonText& out, std::string_view name, const catalog::Map& section);
/// The same of how its rendering ended.
void write_outcome(JsonText& out, const Outcome& outcome);

/// Each an object.
void write_source(JsonText& out, const Meta& meta);
/// As "machine", where anything is known of it: whose it was, and what its kernel died of.
void write_machine(JsonText& out, const Meta& meta);
void write_plugin(JsonText& out, const PluginUse& plugin);
void write_program(JsonText& out, const catalog::Program& program);
void write_finding(JsonText& out, const Finding& finding);
void write_finding(JsonText& out, const Finding& finding, std::string_view extension); ///< that found it

/// An object's text without its opening brace: its first members are already there.
class WithoutBrace final : public Stream {
public:
  explicit WithoutBrace(Stream& stream) : stream_(stream) {}
  void append(std::string_view text) override {
    if (!std::exchange(begun_, true)) text.remove_prefix(1);
    stream_.append(text);
  }

private:
  Stream& stream_;
  bool begun_ = false;
};

} // namespace mapscope::report
