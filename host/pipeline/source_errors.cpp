// SPDX-License-Identifier: Apache-2.0
#include "host/pipeline/source_errors.hpp"

#include "host/base/clause.hpp"
#include "host/memory/raw_image.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace mapscope::pipeline {

namespace {

/// A warning as a clause that goes on: nothing is shown, so that is not said.
std::string without_end(std::string_view warning) {
  constexpr std::string_view end = "; what it holds is shown";
  return std::string(warning.ends_with(end) ? warning.substr(0, warning.size() - end.size()) : warning);
}

/// Why not all of the file could be taken for memory, as the source itself says; "" where all was. Of several
/// files each is named.
std::string damage_of(const memory::Source& source, const SourceInput& input) {
  const std::string prefix = input.sources.size() == 1 ? input.source() + ": " : "";
  std::string damage;
  for (const std::string& warning : source.warnings())
    damage = with_clause(damage,
                         without_end(warning.starts_with(prefix) ? warning.substr(prefix.size()) : warning));
  return damage;
}

/// What was looked for in a memory of which not all is there: that is said first, as the rest follows from
/// it.
std::string behind_damage(const memory::Source& source, const SourceInput& input,
                          const std::string& problem) {
  const std::uint64_t cut = input.sources.size() == 1 ? source.cut_off_bytes() : 0;
  const std::string damage = damage_of(source, input);
  if (cut == 0 && damage.empty()) return problem;
  const std::string text =
      cut != 0 ? fmt::format("the file ends {} bytes early, so this was not found in it: {}", cut, problem)
               : with_clause(damage, "so this was not found in it: " + problem);
  return with_clause(text, "take or copy the dump again as a whole");
}

/// What was in the dump and could not be kept (a full TMPDIR) was not found for that.
std::string behind_troubles(const memory::Source& source, const std::string& problem) {
  std::string text = problem;
  for (const std::string& trouble : source.troubles()) text = with_clause(text, trouble);
  return text;
}

/// With bytes in front of the memory, or a hole that nobody told, whatever is read is of another place.
std::string behind_assumption(const memory::Source& source, const std::string& problem) {
  const memory::RawImage* const image = source.raw_image();
  if (image == nullptr || !image->is_laid_out_by_assumption()) return problem;
  return with_clause(problem, "in this raw image each byte's offset was assumed to be its address, which the "
                              "kernel in it did not confirm: tell holes with --layout, and cut off what "
                              "stands in front of the memory");
}

} // namespace

std::unexpected<Error> about(const std::string& source, Error error) {
  if (error.text.starts_with(source + ":")) return std::unexpected(std::move(error));
  return std::unexpected(std::move(error).within(source));
}

std::string behind_layout(const SourceInput& input, const std::string& problem) {
  if (input.opening.layout.empty()) return problem;
  return with_clause(fmt::format("with --layout {}: {}", input.opening.layout, problem),
                     "without --layout the kernel in the image says where its bytes lie");
}

std::unexpected<Error> about(const memory::Source& source, const SourceInput& input, Error error) {
  const auto& given = input.overrides;
  const bool is_of_a_file = error.code == Errc::usage || error.code == Errc::io ||
                            std::ranges::any_of(std::array{&given.vmlinux, &given.btf, &given.symbols},
                                                [&](const std::string* file) {
                                                  return !file->empty() && error.text.starts_with(*file);
                                                });
  const std::uint64_t left_out = source.left_out_bytes();
  if (left_out != 0 && !is_of_a_file) {
    std::uint64_t described = 0;
    for (const auto& segment : source.segments()) described += segment.size;
    error.text = with_clause(
        error.text, fmt::format("the dump leaves out {} of {} bytes of memory", left_out, described));
  }
  if (!is_of_a_file) error.text = behind_troubles(source, error.text);
  if (!is_of_a_file) error.text = behind_damage(source, input, error.text);
  if (!is_of_a_file) error.text = behind_assumption(source, error.text);
  if (!is_of_a_file) error.text = behind_layout(input, error.text);
  for (const std::string& part : input.sources)
    if (error.text.starts_with(part + ":")) return std::unexpected(std::move(error));
  return about(input.source(), std::move(error));
}

} // namespace mapscope::pipeline
