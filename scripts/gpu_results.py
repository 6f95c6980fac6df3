"""What scripts/gpu_check leaves behind: checks.json and checks.md, complete after each row, and one
archive of what the rows wrote. The folder holds few files because a lent GPU machine returns
few."""

import datetime
import io
import json
import os
import pathlib
import tarfile

RESULTS = ("pass", "FAIL", "not run")
LARGEST_ARCHIVE = 15_000_000  # bytes


class Results:
    def __init__(self, folder, work, names):
        self.folder, self.work = pathlib.Path(folder), pathlib.Path(work)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started, self.archived = now(), None
        self.rows = {name: row(name, "not run", "not reached") for name in names}
        self.write()

    def begin(self, name):
        self.rows[name] = row(name, "not run", "the check was ended during this row")
        self.write()

    def add(self, name, result, detail, seconds):
        self.rows[name] = row(name, result, detail, seconds)
        self.write()
        self.archive()

    def count(self, result):
        return sum(found["result"] == result for found in self.rows.values())

    def text(self):
        width = max(map(len, self.rows), default=0)
        return "\n".join(
            f"{one['check']:<{width}}  {one['result']:<7}  {one['seconds']:>6.1f} s  "
            + one["detail"]
            for one in self.rows.values()
        )

    def write(self):
        rows = list(self.rows.values())
        document = {"started": self.started, "written": now(), "checks": rows}
        replace(self.folder / "checks.json", (json.dumps(document, indent=1) + "\n").encode())
        page = f"# GPU check, {self.started}\n\n"
        page += "| check | result | seconds | detail |\n|---|---|---|---|\n"
        for one in rows:
            detail = one["detail"].replace("|", "\\|")
            page += f"| {one['check']} | {one['result']} | {one['seconds']} | {detail} |\n"
        replace(self.folder / "checks.md", page.encode())

    def archive(self):
        """work.tar.gz, rewritten where a row changed a file; without the largest files where it
        would grow too large."""
        files = {path: path.stat() for path in self.work.rglob("*") if path.is_file()}
        state = {path: (stat.st_size, stat.st_mtime_ns) for path, stat in files.items()}
        if not files or state == self.archived:
            return
        self.archived = state
        kept, left_out = sorted(files, key=lambda path: files[path].st_size), []
        while len(packed := self.packed(kept, left_out)) > LARGEST_ARCHIVE:
            left_out.append(kept.pop())
        replace(self.folder / "work.tar.gz", packed)

    def packed(self, paths, left_out):
        output = io.BytesIO()
        with tarfile.open(fileobj=output, mode="w:gz", compresslevel=3) as archive:
            for path in paths:
                archive.add(path, arcname=str(path.relative_to(self.work)))
            if left_out:
                text = "".join(f"{path.relative_to(self.work)}\n" for path in left_out).encode()
                entry = tarfile.TarInfo("left_out_because_of_their_size.txt")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
        return output.getvalue()


def row(name, result, detail, seconds=0.0):
    return {"check": name, "result": result, "detail": detail, "seconds": round(seconds, 1)}


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def replace(path, data):
    """A reader, or a kill in the middle, finds the old file or the new one."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(data)
    os.replace(temporary, path)
