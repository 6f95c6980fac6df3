"""Logs and output that cannot be written. argv: the program, then unittest's own arguments."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

from program import PROGRAM, InFolder, records_of, run, write_png


class Logs(InFolder):
    """A log that cannot be written never stops a measurement."""

    def arguments(self, count=8):
        return [
            *("profile", "--no_warm_up", "--output_lengths", "fixed:3"),
            *("--results_dir", self.out, "--manifest", self.questions(count)),
        ]

    def command(self, redirections, *arguments):
        """Through the shell, as people redirect."""
        return subprocess.run(
            ["sh", "-c", f'"$0" "$@" {redirections}', PROGRAM, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
        )

    def measured(self):
        return sorted(record["sample_id"] for record in records_of(self.out))

    def test_a_full_log_loses_no_record(self):
        answer = self.command("2>/dev/full", *self.arguments())
        self.assertEqual(answer.returncode, 0)
        self.assertEqual(self.measured(), list(range(8)))

    def test_a_full_log_of_training_data(self):
        answer = self.command(
            "2>/dev/full", "simulate", "--requests", "40", "--output_dir", self.out
        )
        self.assertEqual(answer.returncode, 0)

    def test_closed_streams_never_become_a_record_file(self):
        for number, redirections in enumerate((">&- 2>&-", "<&- >&- 2>&-", "2>&-")):
            self.out = self.folder / str(number)
            answer = self.command(redirections, *self.arguments(2))
            self.assertEqual(answer.returncode, 0, redirections)
            text = (self.out / "sums" / "records.jsonl").read_text()
            self.assertEqual(len(text.splitlines()), 2, redirections)
            self.assertEqual(self.measured(), [0, 1])

    def test_a_log_pipe_that_was_closed(self):
        answer = subprocess.run(
            ["bash", "-c", '"$0" "$@" 2> >(true)', PROGRAM, *map(str, self.arguments())],
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(answer.returncode, 0)
        self.assertEqual(self.measured(), list(range(8)))

    def test_a_log_pipe_that_nobody_reads(self):
        reader, writer = os.pipe()
        try:
            os.set_blocking(writer, False)
            with self.assertRaises(BlockingIOError):
                while True:
                    os.write(writer, b"x" * 4096)
            os.set_blocking(writer, True)
            answer = subprocess.run(
                [PROGRAM, *map(str, self.arguments())],
                stdout=subprocess.DEVNULL,
                stderr=writer,
                timeout=60,
            )
            self.assertEqual(answer.returncode, 0)
            self.assertEqual(self.measured(), list(range(8)))
        finally:
            os.close(reader)
            os.close(writer)


class Output(InFolder):
    """Output that was lost is an error, whatever the command."""

    def lost(self, *arguments):
        with open("/dev/full", "w") as full:
            answer = subprocess.run(
                [PROGRAM, *map(str, arguments)],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=300,
            )
        self.assertEqual(answer.returncode, 3, arguments)
        self.assertRegex(answer.stderr, "writ", arguments)

    def test_every_kind_of_command(self):
        written = run("simulate", "--requests", "60", "--output_dir", self.out)
        self.assertEqual(written.returncode, 0, written.stderr)
        self.lost("--help")
        self.lost("--version")
        self.lost("info")
        self.lost("info", "--schema")
        self.lost("audit", self.out)
        self.lost("compare", self.out, self.out)
        self.lost("generate", "--prompt", "hello", "--max_new_tokens", "2")

    def test_a_measurement(self):
        self.lost(
            *("profile", "--no_warm_up", "--output_lengths", "fixed:2"),
            *("--results_dir", self.out, "--manifest", self.questions(1)),
        )
        self.assertEqual(len(list(records_of(self.out))), 1)


class Terminal(InFolder):
    """What a terminal of some width gets to see."""

    def on_terminal(self, columns, stream, *arguments):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: slave}
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], **streams)
        os.close(slave)
        shown = b""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                shown += os.read(master, 65536)
            except OSError:  # the program has closed its end
                break
        os.close(master)
        self.assertIn(process.wait(timeout=60), (0, 1))  # 1: the audit finds something
        return shown.decode()

    def test_tables_are_folded(self):
        written = run("simulate", "--requests", "300", "--output_dir", self.out)
        self.assertEqual(written.returncode, 0, written.stderr)
        for command in (
            ("audit", self.out),
            ("compare", self.out, self.out, "--same_within_percent", "1"),
        ):
            shown = self.on_terminal(60, "stdout", *command)
            tables = [line for line in re.split("[\r\n]+", shown) if re.match("  -+ ", line)]
            self.assertTrue(tables, shown)
            self.assertLessEqual(max(map(len, tables)), 60, shown)

    def test_no_line_is_wider_than_the_terminal(self):
        write_png(self.folder / "picture.png", 300, 200)
        for columns in (60, 80):
            shown = self.on_terminal(
                columns,
                "stderr",
                *("profile", "--no_warm_up", "--output_lengths", "fixed:3", "--repeats", "4"),
                *("--results_dir", self.folder / str(columns), "--top_k", "4,8"),
                *("--images", self.folder / "picture.png"),
            )
            lines = [re.sub(r"\x1b\[[0-9;]*[mK]", "", line) for line in re.split("[\r\n]+", shown)]
            self.assertTrue(any("100 % 8/8" in line for line in lines), shown)
            self.assertLessEqual(max(map(len, lines)), columns - 1, shown)


unittest.main()
