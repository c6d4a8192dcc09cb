// SPDX-License-Identifier: Apache-2.0
#include "host/cli/usage.hpp"

#include "host/base/clause.hpp"
#include "host/base/nearest.hpp"
#include "host/cli/message.hpp"
#include "host/cli/options.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mapscope::cli {

namespace {

bool is_hidden(const CLI::App& command) { return command.get_group().empty(); }

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !is_hidden(*sub); });
}

/// "mapscope plugins new"
std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent != nullptr ? path_of(*parent) + " " : "") + command.get_name();
}

const CLI::App& deepest_given(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// Every command with its options, `first` before the others.
std::vector<const CLI::App*> all_commands(const CLI::App& app, const CLI::App& first) {
  std::vector<const CLI::App*> all = {&first}, waiting = {&app};
  while (!waiting.empty()) {
    const CLI::App* command = waiting.back();
    waiting.pop_back();
    if (command != &first) all.push_back(command);
    const auto subs = commands_of(*command);
    waiting.insert(waiting.end(), subs.rbegin(), subs.rend());
  }
  return all;
}

bool is_among(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

bool has_option(const CLI::App& command, const std::string& name) {
  return is_among(options_of(command), name);
}

/// What is wrong, and the command whose help says how it is right.
struct Problem {
  std::string text; ///< "" = nothing
  const CLI::App* helps = nullptr;
};

/// Of another command, or a slip of the pen.
Problem unknown_option(const CLI::App& app, const CLI::App& command, const std::string& option) {
  const std::string problem = fmt::format("{} has no option {}", path_of(command), option);
  if (!option.starts_with("--")) return {problem, &command};
  const auto commands = all_commands(app, command);
  std::vector<std::string> names;
  for (const CLI::App* other : commands) {
    if (has_option(*other, option)) return {fmt::format("{}; {} has", problem, path_of(*other)), other};
    std::ranges::copy(options_of(*other), std::back_inserter(names));
  }
  const std::string near = nearest(option, names);
  if (near.empty()) return {problem, &command};
  const auto owner =
      std::ranges::find_if(commands, [&](const CLI::App* other) { return has_option(*other, near); });
  return {fmt::format("{}; did you mean {}{}?", problem, near,
                      *owner == &command ? "" : " of " + path_of(**owner)),
          *owner};
}

/// The first option that no command knows where it stands; "" when all are known.
Problem option_problem(const CLI::App& app) {
  const CLI::App& command = deepest_given(app);
  const auto words = command.remaining();
  const auto wrong = std::ranges::find_if(
      words, [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); });
  if (wrong == words.end() || *wrong == "--") return {};
  const std::string option = wrong->substr(0, wrong->find('='));
  return unknown_option(app, command, option);
}

/// The first word behind the commands that are known; "" when there is none.
std::string first_word(const CLI::App& command) {
  const auto words = command.remaining();
  const auto word =
      std::ranges::find_if(words, [](const std::string& text) { return !text.starts_with('-'); });
  return word != words.end() ? *word : "";
}

/// Who names a file where a command is expected wants to see what is in it.
bool is_file(const std::string& word) {
  std::error_code error;
  return std::filesystem::exists(word, error);
}

/// The command that is missing or not known, in the words of the deepest command that is; "" when it is
/// neither.
Problem command_problem(const CLI::App& app) {
  const CLI::App& command = deepest_given(app);
  std::vector<std::string> names;
  for (const CLI::App* sub : commands_of(command)) names.push_back(sub->get_name());
  if (names.empty()) return {};
  const std::string wrong = first_word(command);
  if (wrong.empty())
    return {fmt::format("{} needs a command: {}", path_of(command), fmt::join(names, ", ")), &command};
  std::string meant = nearest(wrong, names);
  if (&command == &app && is_file(wrong)) meant = "mapscope dump " + wrong;
  return {fmt::format("there is no command {} {}{}", path_of(command), wrong,
                      meant.empty() ? "" : fmt::format("; did you mean {}?", meant)),
          &command};
}

/// In our words where they are better than CLI11's; "" = they are not.
Problem problem_of(const CLI::ParseError& error, const CLI::App& app) {
  const bool is_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!is_missing && dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return {};
  Problem option = option_problem(app);
  return is_missing && (option.text.empty() || !first_word(deepest_given(app)).empty()) ? command_problem(app)
                                                                                        : option;
}

} // namespace

std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  const std::string list = fmt::format("{{{}}}", fmt::join(words, ","));
  const auto check = [=](const std::string& word) -> std::string {
    if (is_among(words, word)) return "";
    const std::string near = nearest(word, words);
    return fmt::format("{} not in {}{}", word, list,
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
  };
  return CLI::Validator(check, list);
}

int usage_error(const CLI::ParseError& error, const CLI::App& app) {
  Problem problem = problem_of(error, app);
  if (problem.text.empty()) problem = {error.what(), &deepest_given(app)};
  std::ranges::replace(problem.text, '\n', ' '); // CLI11's own sentences may run over lines
  const std::string help = fmt::format("see {} --help", path_of(*problem.helps));
  return complain({Errc::usage, with_clause(problem.text, help), {}});
}

} // namespace mapscope::cli
