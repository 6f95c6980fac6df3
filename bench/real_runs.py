#!/usr/bin/env python3
"""Audits records of real runs, and puts an independent calculation in SQL beside each sentence.

python3 bench/real_runs.py [--note TEXT] [--output results/real_runs] NAME=RESULTS_DIR ...

For each directory: what `decodemeter audit` finds and its exit code, the tables of
position_effects.sql (DuckDB on the same records; needs `pip install duckdb`), and the median step by
position, against which a reader can check the sentences.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import bench_context

HERE = pathlib.Path(__file__).resolve().parent


def audit(program, folder):
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "audit.json"
        command = [program, "audit", str(folder), "--json", str(report)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not report.exists():
            sys.exit(f"{folder}: {done.stderr.strip()}")
        return json.loads(report.read_text()), done.returncode


def statements(sql):
    """Title and text of each statement; titles are the lines of DuckDB's `.print`."""
    title, lines = "", []
    for line in sql.splitlines():
        if line.startswith(".print "):
            title = line.removeprefix(".print ")
        elif not line.startswith("--"):
            lines.append(line)
        if line.endswith(";"):
            yield title, "\n".join(lines)
            title, lines = "", []


def calculate(folder):
    try:
        import duckdb
    except ImportError:
        sys.exit("real_runs: needs duckdb: pip install duckdb")
    connection = duckdb.connect()
    connection.execute(f"SET VARIABLE records = '{folder}/*/records.jsonl'")
    tables = []
    for title, statement in statements((HERE / "position_effects.sql").read_text()):
        result = connection.execute(statement)
        if title:
            head = [column[0] for column in result.description]
            tables.append({"title": title, "head": head, "rows": result.fetchall()})
    return tables


def describe(folder):
    run = json.loads((folder / "run.json").read_text())
    records = [line for path in folder.glob("*/records.jsonl") for line in path.open()]
    model = run["model"]
    return {
        "model": f"{model['name']}, {model['dtype']}" if model["name"] else "another program's",
        "device": run["device"]["name"],
        "started": run["starts"][0]["time"],
        "command": run["starts"][0]["command_line"],
        "records": len(records),
    }


def markdown_table(head, rows):
    lines = [head, ["---"] * len(head)]
    lines += [["–" if value is None else value for value in row] for row in rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def page_of(run):
    facts = run["facts"]
    lines = [f"## {run['name']}", ""]
    lines += [f"`{facts['command']}`: {facts['records']} records of {facts['model']}, on"]
    lines += [f"{facts['device']}, started {facts['started']}.", ""]
    lines += [f"`decodemeter audit` ends with exit code {run['exit_code']} and says:", ""]
    lines += [f"- {sentence}" for sentence in run["sentences"]] or ["- no effect of position"]
    lines += [f"- finding: {finding}" for finding in run["findings"]]
    for table in run["sql"]:
        lines += ["", f"SQL: {table['title']}.", ""]
        lines += markdown_table(table["head"], table["rows"])
    return lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="NAME=RESULTS_DIR")
    parser.add_argument("--program", default="build/decodemeter")
    parser.add_argument("--output", type=pathlib.Path, default="results/real_runs")
    parser.add_argument("--note", default="", help="about the runs, for the top of the page")
    options = parser.parse_args()
    runs = []
    for name, folder in (text.split("=", 1) for text in options.runs):
        report, code = audit(options.program, folder)
        run = {"name": name, "facts": describe(pathlib.Path(folder)), "exit_code": code}
        run["sentences"] = [effect["sentence"] for effect in report["position_effects"]]
        run["findings"] = [finding["text"] for finding in report["findings"]]
        run["sql"] = calculate(folder)
        runs.append(run)
    facts = bench_context.context("cpu")
    options.output.with_suffix(".json").write_text(
        json.dumps({"context": facts, "runs": runs}, indent=1, ensure_ascii=False) + "\n"
    )
    lines = ["# Real runs: what the audit says, and SQL on the same records", ""]
    lines += [f"`{facts['command']}`, commit {facts['commit']}, {facts['date']}. The SQL is"]
    lines += ["`bench/position_effects.sql`, which shares no code with the audit.", ""]
    lines += [options.note, ""] if options.note else []
    for run in runs:
        lines += [*page_of(run), ""]
    options.output.with_suffix(".md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
