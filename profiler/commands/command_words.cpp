#include "profiler/commands/command_words.hpp"

#include <algorithm>

#include "profiler/system/error.hpp"
#include "profiler/system/nearest_name.hpp"

namespace decodemeter {

namespace {

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names = {"help"};
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back(name);
    }
    return names;
}

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

std::string_view without_dashes(std::string_view word) {
    return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

std::string suggestion(const std::string& name, std::string_view dashes) {
    return name.empty() ? "" : "; did you mean '" + std::string(dashes) + name + "'?";
}

std::string unknown_option(std::string_view word, const CLI::App& command) {
    const std::string_view option = word.substr(0, word.find('='));
    return "unknown option '" + std::string(option) + "' of " + command.get_name() +
           suggestion(nearest_name(without_dashes(option), option_names(command)), "--");
}

std::string explain_extras(const CLI::App& app, const CLI::App& command) {
    const std::vector<std::string> extras = app.remaining(/*recurse=*/true);
    const auto option = std::find_if(extras.begin(), extras.end(), is_option);
    if (option != extras.end()) return unknown_option(*option, command);
    return extras.empty() ? ""
                          : "unexpected argument '" + extras.front() + "' of " + command.get_name();
}

std::string explain_no_command(const CLI::App& app) {
    const std::vector<std::string> extras = app.remaining();
    if (extras.empty()) return "a command is missing";
    const std::string& option = extras.front();
    const std::string near = nearest_name(without_dashes(option), command_names(app));
    return "unknown option '" + option + "' before a command" + suggestion(near, "");
}

}  // namespace

void resolve_command(const CLI::App& app, std::vector<std::string>& arguments) {
    if (arguments.empty()) return;
    if (arguments.back() == "help") {
        arguments.pop_back();
        arguments.insert(arguments.begin(), "--help");
    }
    const std::string& word = arguments.back();
    const auto names = command_names(app);
    if (is_option(word) || std::find(names.begin(), names.end(), word) != names.end()) return;
    const std::string near = nearest_name(word, names);
    throw InputError(
        "unknown command '" + word + "'" +
        (near.empty() ? "; `decodemeter help` lists the commands" : suggestion(near, "")));
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
    const auto commands = app.get_subcommands();
    if (commands.empty()) return explain_no_command(app);
    // The name of an ExtrasError is the application's.
    const int kind = error.get_exit_code();
    if (kind == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
        kind == static_cast<int>(CLI::ExitCodes::RequiredError)) {
        const std::string extras = explain_extras(app, *commands.front());
        if (!extras.empty()) return extras;
    }
    return error.what();
}

std::string explain(const InvalidArgument& error) {
    const std::string flag = error.field == "learning_rate" ? "lr" : error.field;
    return "--" + flag + std::string(error.what()).substr(error.field.size());
}

}  // namespace decodemeter
