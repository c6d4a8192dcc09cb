// SPDX-License-Identifier: Apache-2.0
// What is said of words that mapscope does not know, or not yet.
//
// What is not there yet stands in no help: whoever asks for it gets a sentence that says so, and what there
// is instead.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace mapscope::cli {

/// The command line as it is parsed, without the program's name: `mapscope help dump` is asked for so as
/// well.
std::vector<std::string> words_of(int argc, char** argv);

/// One of `words`.
CLI::Validator one_of(const std::vector<std::string>& words);

/// Says what is wrong with the command line, in one sentence, and returns the exit code.
int usage_error(const CLI::ParseError& error, const CLI::App& app);

} // namespace mapscope::cli
