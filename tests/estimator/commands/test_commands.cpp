#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "estimator/commands/commands.hpp"
#include "estimator/predictor/latency_model.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using Json = nlohmann::json;
using test::TemporaryDirectory;

namespace {

// The exit code that the program would end with.
int run(std::vector<std::string> arguments) {
    CLI::App app;
    app.require_subcommand(1);
    add_estimator_commands(app);
    std::reverse(arguments.begin(), arguments.end());
    try {
        app.parse(arguments);
        return 0;
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? 0 : 2;
    } catch (const ExitCode& code) {
        return code.value;
    } catch (const InputError& error) {
        UNSCOPED_INFO(error.what());
        return 2;
    }
}

std::string message_of(std::vector<std::string> arguments) {
    CLI::App app;
    app.require_subcommand(1);
    add_estimator_commands(app);
    std::reverse(arguments.begin(), arguments.end());
    try {
        app.parse(arguments);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

// The same, of errors that the option parser finds too.
std::string parser_message_of(std::vector<std::string> arguments) {
    try {
        return message_of(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        return error.what();
    }
}

Json json_of(const std::filesystem::path& file) { return Json::parse(test::read_text(file)); }

// Records and an estimator, made once for all tests.
struct Trained {
    TemporaryDirectory directory;
    std::string records = (directory / "records").string();
    std::string estimator = (directory / "estimator").string();

    Trained() {
        REQUIRE(run({"simulate", "--requests", "300", "--output_dir", records,
                     "--single_token_share", "0.05"}) == 0);
        REQUIRE(run({"train", "--results_dir", records, "--output_dir", estimator, "--num_epochs",
                     "4", "--hidden", "32", "--no_plots"}) == 0);
    }
};

const Trained& trained() {
    static const Trained value;
    return value;
}

}  // namespace

TEST_CASE(
    "train writes the checkpoint, the model file and metrics of held-out rows of all four models") {
    const std::filesystem::path folder = trained().estimator;
    CHECK(std::filesystem::exists(folder / checkpoint_file));
    const LatencyModel model = read_latency_model(folder / latency_model_file);
    CHECK(model.provenance.synthetic);
    CHECK_FALSE(model.provenance.held_out_keys.empty());
    const Json metrics = json_of(folder / "metrics.json");
    CHECK(metrics["split"] == "leave_configuration_out");
    CHECK(metrics["records"] == 300);
    CHECK(metrics["records_hash"] == model.provenance.records_hash);
    for (const char* name : {"average", "constant_per_config", "positioned", "physics"}) {
        for (const char* target : {"prefill", "decode_total", "decode_step", "decode_per_token"}) {
            const Json& errors = metrics["models"][name][target];
            CHECK(errors["mape_percent"].is_number());
            CHECK(errors["count"].get<int>() > 0);
        }
    }
    // Answers of one token have a prefill and no decode.
    CHECK(metrics["models"]["physics"]["prefill"]["count"] == 300);
    CHECK(metrics["models"]["physics"]["decode_total"]["count"].get<int>() < 300);
    CHECK(metrics["models"]["physics"]["coverage"]["p95"]["overall"].is_number());
}

TEST_CASE("evaluate repeats the training's held-out figures on the training's records") {
    const TemporaryDirectory out;
    const std::string file = (out / "metrics.json").string();
    REQUIRE(run({"evaluate", "--results_dir", trained().records, "--checkpoint_path",
                 trained().estimator, "--output_file", file}) == 0);
    const Json there = json_of(std::filesystem::path(trained().estimator) / "metrics.json");
    const Json here = json_of(file);
    for (const char* name : {"average", "constant_per_config", "positioned", "physics"}) {
        CHECK(here["models"][name]["decode_total"]["mape_percent"].get<double>() ==
              Approx(there["models"][name]["decode_total"]["mape_percent"].get<double>())
                  .epsilon(1e-4));
    }
}

TEST_CASE("evaluate tests the estimator as it stands on records that it did not come from") {
    const TemporaryDirectory out;
    const std::string records = (out / "records").string();
    const std::string file = (out / "metrics.json").string();
    REQUIRE(run({"simulate", "--requests", "150", "--seed", "5", "--output_dir", records}) == 0);
    REQUIRE(run({"evaluate", "--records", records, "--checkpoint_path",
                 trained().estimator + "/best_latency_estimator.pt", "--json", file}) == 0);
    const Json metrics = json_of(file);
    CHECK(metrics["split"] == "unseen_records");
    CHECK(metrics["models"]["positioned"]["decode_total"]["count"].get<int>() > 100);
}

TEST_CASE("predict answers for every model, and says where a feature was never measured") {
    const TemporaryDirectory out;
    const std::string file = (out / "answer.json").string();
    const auto ask = [&](const std::string& top_k) {
        REQUIRE(run({"predict", "--checkpoint_path", trained().estimator, "--top_k", top_k,
                     "--output_tokens", "10", "--json", file}) == 0);
        return json_of(file);
    };
    const Json answer = ask("8");
    CHECK(answer["coverage"] == "OK");
    CHECK(answer["models"].size() == 4);
    CHECK(answer["total"]["p95_ms"].get<double>() > answer["total"]["expected_ms"].get<double>());
    const Json outside = ask("64");
    CHECK(outside["coverage"] == "EXTRAPOLATED");
    CHECK(outside["feature"] == "top_k");
    CHECK(outside["total"]["p95_ms"].is_null());
    CHECK(outside["features"] == Json::array({"top_k"}));
    REQUIRE(run({"predict", "--checkpoint_path", trained().estimator, "--top_k", "64",
                 "--text_tokens", "4000", "--output_tokens", "900", "--json", file}) == 0);
    CHECK(json_of(file)["features"] == Json::array({"text_tokens", "top_k", "output_tokens"}));
    CHECK(message_of({"predict", "--checkpoint_path", trained().estimator, "--blocks", "0",
                      "--vision_tokens", "-1"}) ==
          "invalid request: out of range: vision_tokens, num_active_blocks");
    CHECK(message_of({"predict", "--checkpoint_path", trained().estimator, "--blocks", "0"}) ==
          "invalid request: out of range: num_active_blocks");
}

TEST_CASE("A damaged checkpoint, or one of another training, is refused with both names") {
    const TemporaryDirectory out;
    const std::string folder = (out / "estimator").string();
    std::filesystem::copy(trained().estimator, folder, std::filesystem::copy_options::recursive);
    const std::filesystem::path file = out / "estimator/best_latency_estimator.pt";
    std::string bytes = test::read_text(file);
    bytes[bytes.size() / 3] ^= 1;
    test::write_text(file, bytes);
    const std::string message = message_of({"predict", "--checkpoint_path", folder});
    CHECK(message.find("best_latency_estimator.pt and ") != std::string::npos);
    CHECK(message.find("latency_estimator.json: one is damaged") != std::string::npos);

    bytes[bytes.size() / 3] ^= 1;
    test::write_text(file, bytes);
    CHECK(run({"predict", "--checkpoint_path", folder}) == 0);
    std::string model = test::read_text(out / "estimator/latency_estimator.json");
    const std::size_t bound = model.find("\"p95\":1.");
    REQUIRE(bound != std::string::npos);
    model[bound + 6] = '2';
    test::write_text(out / "estimator/latency_estimator.json", model);
    CHECK(message_of({"predict", "--checkpoint_path", folder}).find("one is damaged") !=
          std::string::npos);
}

TEST_CASE("Nothing is written over what is read") {
    CHECK(run({"transfer", "--checkpoint_path", trained().estimator, "--results_dir",
               trained().records, "--output_dir", trained().estimator}) == 2);
    CHECK(run({"export", "--results_dir", trained().records, "--output_dir", trained().records}) ==
          2);
    CHECK(run({"export", "--results_dir", trained().records, "--output_dir",
               std::filesystem::path(trained().records).parent_path().string()}) == 2);
    CHECK(run({"predict", "--checkpoint_path", trained().estimator}) == 0);
}

TEST_CASE("Records that differ are mixed only when asked, and the estimator records it") {
    const TemporaryDirectory out;
    const std::string published = (out / "published").string();
    const std::string model = (out / "model").string();
    REQUIRE(run({"export", "--results_dir", trained().records, "--output_dir", published}) == 0);
    std::vector<std::string> train = {"train",      "--results_dir", trained().records,
                                      published,    "--model",       "physics",
                                      "--no_plots", "--output_dir",  model};
    CHECK(message_of(train).starts_with("the records differ in format: native ("));
    train.push_back("--allow_mixed");
    REQUIRE(run(train) == 0);
    CHECK(json_of(out / "model/latency_estimator.json")["provenance"]["mixed"].size() == 1);
    CHECK(run({"train", "--results_dir", trained().records, trained().records, "--model", "physics",
               "--no_plots", "--output_dir", model}) == 2);
}

TEST_CASE(
    "Accuracy tables are read as spreadsheets write them, and refused where they say nothing") {
    const TemporaryDirectory out;
    const std::string table = (out / "table.csv").string();
    const std::vector<std::string> ask = {"budget",
                                          "--checkpoint_path",
                                          trained().estimator + "/latency_estimator.json",
                                          "--best",
                                          "--budget_ms",
                                          "100000",
                                          "--accuracy_table",
                                          table};
    const std::string header = "tier,top_k,num_active_blocks,accuracy\n";
    test::write_text(table, "\xEF\xBB\xBF" + header + "low,8,16,0.5\n");
    CHECK(run(ask) == 0);
    test::write_text(table, header + "low,8,16,nan\n");
    CHECK(message_of(ask).find("accuracy \"nan\" is not a finite number") != std::string::npos);
    test::write_text(table, header + "low,99,16,0.5\n");
    CHECK(message_of(ask).find("names none of the measured configurations") != std::string::npos);
    CHECK(message_of({"budget", "--checkpoint_path", trained().estimator, "--budget_ms", "5",
                      "--accuracy_table", table})
              .starts_with("--accuracy_table: only --best"));
    CHECK(message_of({"budget", "--checkpoint_path", trained().estimator, "--budget_ms", "nan"}) ==
          "--budget_ms: give a number of milliseconds above 0");
}

TEST_CASE("budget lists what fits, and ends with 1 where nothing does") {
    const TemporaryDirectory out;
    const std::string file = (out / "answer.json").string();
    const std::string model = trained().estimator + "/latency_estimator.json";
    REQUIRE(run({"budget", "--checkpoint_path", model, "--budget_ms", "900", "--task", "captioning",
                 "--best", "--json", file}) == 0);
    const Json answer = json_of(file);
    CHECK(answer["feasible"].size() > 0);
    for (const Json& choice : answer["feasible"]) {
        CHECK(choice["total_ms"].get<double>() <= 900);
        if (choice["total_p95_ms"].is_number()) {
            CHECK(choice["total_p95_ms"].get<double>() <= 900);
            CHECK(choice["fit_probability"].get<double>() >= 0.95);
        }
    }
    CHECK(run({"budget", "--checkpoint_path", model, "--budget_ms", "1", "--best"}) == 1);
    CHECK(run({"budget", "--checkpoint_path", model, "--budget_ms", "1"}) == 1);
    CHECK(run({"budget", "--checkpoint_path", model, "--budget_ms", "100000"}) == 0);
}

TEST_CASE("Text tokens that were not given lie in the records' range") {
    const TemporaryDirectory out;
    const std::string model = (out / "latency_estimator.json").string();
    const std::string file = (out / "answer.json").string();
    Json edited = json_of(trained().estimator + "/latency_estimator.json");
    edited["ranges"]["text_tokens"] = {12.0, 39.0};
    test::write_text(model, edited.dump());
    std::vector<std::string> ask = {
        "budget", "--checkpoint_path", model, "--budget_ms", "10000000", "--json", file};
    CHECK(run(ask) == 0);
    CHECK(json_of(file)["answer"]["request"]["text_tokens"] == 39);
    ask.push_back("--best");
    CHECK(run(ask) == 0);
    CHECK(json_of(file)["feasible"][0]["request"]["text_tokens"] == 39);
    ask.insert(ask.end(), {"--text_tokens", "60"});
    CHECK(run(ask) == 0);
    CHECK(json_of(file)["feasible"][0]["request"]["text_tokens"] == 60);
}

TEST_CASE("test shows the curves of the three published configurations") {
    const TemporaryDirectory out;
    const std::string file = (out / "curves.json").string();
    REQUIRE(
        run({"test", "--latency_estimator_path", trained().estimator + "/best_latency_estimator.pt",
             "--positions", "1,2,3", "--output_tokens", "4", "--json", file}) == 0);
    const Json json = json_of(file);
    CHECK(json["model"] == "positioned");
    REQUIRE(json["predicted"].size() == 3);
    for (const Json& curve : json["predicted"]) {
        double sum = 0;
        for (const Json& step : curve["T_decode_at_positions"]) sum += step.get<double>();
        CHECK(curve["T_decode_total"].get<double>() == Approx(sum).epsilon(1e-4));
    }
    CHECK(json["predicted"][0]["configuration"] == "low_4_8");
}

TEST_CASE("export and transfer go from records to files") {
    const TemporaryDirectory out;
    const std::string published = (out / "published").string();
    const std::string moved = (out / "moved").string();
    REQUIRE(run({"export", "--results_dir", trained().records, "--output_dir", published, "--json",
                 (out / "files.json").string()}) == 0);
    CHECK(json_of(out / "files.json")["records"] == 300);
    for (const SampleRecord& record : read_results(published).records) REQUIRE(record.synthetic);
    CHECK(run({"train", "--results_dir", published, "--output_dir", (out / "again").string(),
               "--model", "physics", "--no_plots"}) == 0);
    const std::string file = (out / "transfer.json").string();
    REQUIRE(run({"transfer", "--checkpoint_path", trained().estimator, "--results_dir", published,
                 "--requests", "20", "--output_dir", moved, "--json", file}) == 0);
    const Json report = json_of(file);
    CHECK(report["models"]["after"]["prefill"]["count"] == 280);
    CHECK(std::filesystem::exists(std::filesystem::path(moved) / latency_model_file));
    CHECK(run({"budget", "--checkpoint_path", moved, "--budget_ms", "100000"}) == 0);
}

TEST_CASE("Records of one configuration are split by sample") {
    const TemporaryDirectory out;
    test::write_text(out / "one.json",
                     R"({"tier":["low"],"top_k":[8],"blocks":[16],"requests":60})");
    const std::string records = (out / "records").string();
    const std::string estimator = (out / "estimator").string();
    REQUIRE(run({"simulate", "--parameters", (out / "one.json").string(), "--output_dir",
                 records}) == 0);
    REQUIRE(run({"train", "--results_dir", records, "--output_dir", estimator, "--num_epochs", "2",
                 "--hidden", "16", "--no_plots"}) == 0);
    CHECK(json_of(out / "estimator/metrics.json")["split"] == "by_sample");
}

TEST_CASE("Records that cannot support an estimate are refused, or their bounds are dashes") {
    const TemporaryDirectory out;
    const std::string single = (out / "single").string();
    const std::string two = (out / "two").string();
    const std::string estimator = (out / "estimator").string();
    const std::string file = (out / "answer.json").string();
    REQUIRE(run({"simulate", "--requests", "40", "--single_token_share", "1", "--output_dir",
                 single}) == 0);
    const std::string refusal = "none of 40 records has a decode step";
    CHECK(message_of(
              {"train", "--results_dir", single, "--model", "physics", "--output_dir", estimator})
              .starts_with(refusal));
    CHECK(message_of({"transfer", "--checkpoint_path", trained().estimator, "--results_dir", single,
                      "--output_dir", estimator})
              .starts_with(refusal));

    test::write_text(out / "two.json",
                     R"({"tier":["low"],"top_k":[8],"blocks":[16],"requests":2})");
    REQUIRE(run({"simulate", "--parameters", (out / "two.json").string(), "--output_dir", two}) ==
            0);
    REQUIRE(run({"train", "--results_dir", two, "--model", "physics", "--no_plots", "--output_dir",
                 estimator}) == 0);
    REQUIRE(run({"predict", "--checkpoint_path", estimator, "--tier", "low", "--vision_tokens",
                 "384", "--output_tokens", "2", "--json", file}) == 0);
    CHECK(json_of(file)["total"]["p95_ms"].is_null());
    CHECK(json_of(file)["total"]["expected_ms"].is_number());
}

TEST_CASE("A data set that no records have is refused with the nearest one") {
    const TemporaryDirectory out;
    const std::string estimator = (out / "estimator").string();
    const std::string other = (out / "other").string();
    const auto train = [&](const std::string& names, std::vector<std::string> folders) {
        std::vector<std::string> arguments = {"train",      "--model",      "physics",
                                              "--no_plots", "--output_dir", estimator,
                                              "--datasets", names,          "--results_dir"};
        arguments.insert(arguments.end(), folders.begin(), folders.end());
        return arguments;
    };
    CHECK(message_of(train("coco_capton", {trained().records})) ==
          "datasets coco_capton: the records have no such data set (did you mean "
          "coco_caption?); they hold coco_2014_vqa, coco_caption, doc_qa, text_vqa");
    CHECK(message_of(train("doc_qa,typo", {trained().records})).starts_with("datasets typo:"));
    CHECK(message_of({"export", "--results_dir", trained().records, "--datasets", "docqa",
                      "--output_dir", estimator})
              .find("did you mean doc_qa?") != std::string::npos);
    // Each directory may hold some of the wanted data sets.
    test::write_text(out / "photos.json", R"({"datasets":["photos_vqa"],"requests":60})");
    REQUIRE(run({"simulate", "--parameters", (out / "photos.json").string(), "--output_dir",
                 other}) == 0);
    CHECK(run(train("doc-qa,photos_vqa", {trained().records, other})) == 0);
    CHECK(message_of(train("doc_qa,foto_vqa", {trained().records, other}))
              .starts_with("datasets foto_vqa:"));
}

TEST_CASE("Numbers that an option cannot take are refused in one short line") {
    const std::string model = trained().estimator + "/latency_estimator.json";
    const auto refusal = [&](std::vector<std::string> arguments) {
        const std::string message = parser_message_of(std::move(arguments));
        CHECK(message.size() < 110);
        return message;
    };
    const auto train = [&](const char* option, const char* value) {
        return std::vector<std::string>{"train", "--results_dir", trained().records, option, value};
    };
    CHECK(refusal({"transfer", "--results_dir", trained().records, "--requests", "0"}) ==
          "--requests: 0: give a whole number from 1 to 2147483647");
    CHECK(refusal(train("--seed", "18446744073709551616")).starts_with("--seed: 18446744073709"));
    CHECK(refusal(train("--seed", "-1")).starts_with("--seed: -1: give a whole number"));
    CHECK(refusal(train("--max_samples", "99999999999999999999")).starts_with("--max_samples:"));
    CHECK(refusal(train("--outlier_threshold", "nan")) ==
          "--outlier_threshold: give a number of milliseconds above 0");
    CHECK(refusal(train("--outlier_threshold", "-1")) ==
          "--outlier_threshold: give a number of milliseconds above 0");
    CHECK(refusal({"budget", "--checkpoint_path", model, "--budget_ms", "9", "--prefill_share",
                   "nan"}) == "--prefill_share: give a number from 0 to 1");
    CHECK(
        refusal({"budget", "--checkpoint_path", model, "--budget_ms", "9", "--output_tokens", "-4"})
            .starts_with("--output_tokens: -4: give a whole number"));
}

TEST_CASE("simulate writes a named truth, natively or as published with the divisor asked for") {
    const TemporaryDirectory out;
    const auto folder = [&](const char* name) { return (out / name).string(); };
    CHECK(run({"simulate", "--list_truths"}) == 0);
    REQUIRE(run({"simulate", "--truth", "first15", "--requests", "20", "--output_dir",
                 folder("native"), "--json", folder("used.json")}) == 0);
    const Json used = json_of(out / "used.json");
    CHECK(used["effects"]["first_step_factor"] == 1.5);
    CHECK(used["requests"] == 20);
    REQUIRE(run({"simulate", "--truth", "first15", "--requests", "20", "--format", "published",
                 "--per_token", "N-1", "--output_dir", folder("published")}) == 0);
    const RecordSet set = read_results(out / "published");
    CHECK(set.report.published == 20);
    for (const SampleRecord& record : set.records) {
        if (record.decode_steps() > 0)
            CHECK(*record.stored_per_token_ms == Approx(*decode_per_step_mean_ms(record)));
    }
    CHECK(message_of({"simulate", "--truth", "none"}).starts_with("truth none: unknown"));
    CHECK(message_of({"simulate", "--per_token", "N"}).starts_with("--per_token: only published"));
    CHECK(message_of({"simulate", "--run_level", "nan"}) == "--run_level: nan is not a number");
    CHECK(message_of({"simulate", "--blocks", "8,,"}) == "--blocks: an item of \"8,,\" is empty");
    CHECK(message_of({"simulate", "--requests", "5.5"}) ==
          "options: requests: give a whole number");
}

TEST_CASE("Bad input is refused with what was looked for") {
    const TemporaryDirectory out;
    const auto holds = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    CHECK(holds(message_of({"evaluate", "--results_dir", trained().records, "--checkpoint_path",
                            "nowhere"}),
                "nowhere: no such file"));
    CHECK(run({"train", "--results_dir", out.path().string()}) == 2);
    CHECK(run({"train", "--results_dir", trained().records, "--split", "unknown"}) == 2);
    CHECK(
        holds(message_of({"simulate", "--output_dir", trained().records}), "holds a run already"));
    test::write_text(out / "best_latency_estimator.pt", "no checkpoint");
    test::write_text(out / "latency_estimator.json",
                     "{\"format\":\"decodemeter latency estimator\",\"version\":99}");
    CHECK(
        holds(message_of({"budget", "--checkpoint_path", out.path().string(), "--budget_ms", "5"}),
              "has version 99"));
}
