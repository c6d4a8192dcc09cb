// SPDX-License-Identifier: Apache-2.0
// What is said of words that mapscope does not know, or not yet.
//
// What is not there yet stands in no help: whoever asks for it gets a sentence that says so, and what there
// is instead.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mapscope::cli {

/// Says it and returns the exit code.
int not_there_yet(std::string_view what, std::string_view instead);

/// Commands that only say that they are not there yet. To be called behind all that adds commands.
void add_later_commands(CLI::App& app, std::function<int()>& run);

/// The command line as it is parsed, without the program's name: `mapscope help dump` is asked for so as
/// well.
std::vector<std::string> words_of(int argc, char** argv);

/// One of `words`, which help lists, or of `later`, which it does not.
CLI::Validator one_of(const std::vector<std::string>& words, const std::vector<std::string>& later = {});

/// Says what is wrong with the command line, in one sentence, and returns the exit code.
int usage_error(const CLI::ParseError& error, const CLI::App& app);

} // namespace mapscope::cli
