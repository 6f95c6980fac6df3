#include <fmt/format.h>

#include <cstdio>

#include "profiler/commands/capabilities.hpp"
#include "profiler/commands/command_list.hpp"
#include "profiler/commands/commands.hpp"
#include "profiler/record/format/record_json.hpp"

namespace decodemeter {

namespace {

void info(bool schema) {
    if (schema) {
        fmt::print("{}\n", record_schema());
        return;
    }
    fmt::print("{}\n\n", version_text());
    for (const Capability& capability : find_capabilities()) {
        fmt::print("  {:<3} {:<22} {}\n", capability.present ? "yes" : "no", capability.name,
                   capability.detail);
        if (!capability.present) fmt::print("  {:<3} {:<22} -> {}\n", "", "", capability.remedy);
    }
}

}  // namespace

void add_info_command(CLI::App& app) {
    auto schema = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand(
        "info", "Show what this build and this machine can do, and how to add what is missing");
    command->add_flag("--schema", *schema, "Print the JSON Schema of a record instead");
    command->footer(
        "Examples:\n"
        "  decodemeter info\n"
        "  decodemeter info --schema > record.schema.json\n");
    command->callback([schema] { info(*schema); });
}

}  // namespace decodemeter
