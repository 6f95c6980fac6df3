// decodemeter <command>. The profiler and the estimator add their commands independently.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "estimator/commands/commands.hpp"
#include "profiler/commands/command_words.hpp"
#include "profiler/commands/commands.hpp"
#include "profiler/commands/standard_streams.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"

namespace {

constexpr int failure = 3;

int run_command(int argc, char** argv) {
    CLI::App app{
        "decodemeter measures what a decode step of the vision-language model Molmo costs, and "
        "predicts it. `decodemeter help COMMAND` explains a command.",
        "decodemeter"};
    app.require_subcommand(1);
    app.set_version_flag("--version", decodemeter::version_text());
    decodemeter::add_profiler_commands(app);
    decodemeter::add_estimator_commands(app);
    try {
        auto arguments = decodemeter::normalized_arguments(argc, argv);
        decodemeter::resolve_command(app, arguments);
        app.parse(std::move(arguments));
        return 0;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        spdlog::error("{}; --help lists the options", decodemeter::explain(app, error));
        return 2;
    } catch (const decodemeter::ExitCode& code) {
        return code.value;
    } catch (const decodemeter::InvalidArgument& error) {
        spdlog::error("{}", decodemeter::explain(error));
        return 2;
    } catch (const decodemeter::InputError& error) {
        spdlog::error("{}", error.what());
        return 2;
    } catch (const std::filesystem::filesystem_error& error) {
        spdlog::error("{}: {}; check the path and its permissions", error.path1().string(),
                      error.code().message());
        return 2;
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        return failure;
    }
}

}  // namespace

int main(int argc, char** argv) {
    decodemeter::open_standard_streams();
    decodemeter::log_to_standard_error();
    const int code = run_command(argc, argv);
    try {
        decodemeter::flush_standard_output();
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        return code < 2 ? failure : code;
    }
    return code;
}
