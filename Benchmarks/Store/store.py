# SPDX-License-Identifier: Apache-2.0
"""Runs all subjects side by side and prints ratios: each operation on one after the other, in an order that turns.

usage: store.py PROGRAM EXTENSION FOLDER [--quick]       (run.sh calls it)
"""
import os
import statistics
import subprocess
import sys

program, extension, folder = sys.argv[1:4]
quick = "--quick" in sys.argv
rounds, base = (4, 500) if quick else (12, 3000)
here = os.path.dirname(os.path.abspath(__file__))
operations = [
    ("deliver", 100, "deliver, 1 writer"), ("deliver10", 300, "deliver, 10 writers"),
    ("index", 400, "index what was delivered"), ("headers", 400, "fetch headers"),
    ("bodies", 300, "fetch bodies at random"), ("flags", 100, "change flags"), ("search", 10, "search"),
    ("copy", 100, "copy"), ("expunge", 100, "expunge"), ("open", 10, "open and SELECT"),
]


class Subject:
    def __init__(self, name, *command):
        self.name, self.results = name, {}
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.process = subprocess.Popen(
            [part.replace("FOLDER", self.folder) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, operation, count):
        self.process.stdin.write(f"{operation} {count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended in {operation}")
        return line.strip()

    def measure(self, operation, count):
        wall, cpu = map(float, self.ask(operation, count).split())
        self.results.setdefault(operation, []).append((wall / count * 1e6, cpu / count * 1e6))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def median(subject, operation, column):
    return statistics.median(result[column] for result in subject.results[operation])


def ratio(subject, other, operation, column):
    """The median of the rounds' ratios: what disturbs the machine disturbs neighbours alike."""
    pairs = zip(subject.results[operation], other.results[operation])
    return statistics.median(ours[column] / max(theirs[column], 1e-3) for ours, theirs in pairs)


def run(subjects):
    for subject in subjects:
        for _ in range(0, base, 500):
            subject.ask("deliver10", 500)
            subject.ask("index", 500)
    for turn in range(rounds):
        for operation, count, _ in operations:
            first = turn % len(subjects)
            for subject in subjects[first:] + subjects[:first]:
                subject.measure(operation, count)
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    for subject in subjects:
        subject.end()


def table(title, subject, others, columns=(0, 1)):
    print(f"\n{title}")
    heads = [f"{subject.name}, µs: wall"] + ["CPU"] + [
        f"{'wall' if column == 0 else 'CPU'} / {other.name}" for other in others for column in columns]
    print("| | " + " | ".join(heads) + " |\n| --- |" + " ---: |" * len(heads))
    for operation, _, label in operations:
        cells = [f"{median(subject, operation, column):,.0f}" for column in (0, 1)]
        cells += [f"{ratio(subject, other, operation, column):.2f}" for other in others for column in columns]
        print(f"| {label} | " + " | ".join(cells) + " |")


source = Subject("source", program, "serve", "plain", "FOLDER")
source.ask("deliver10", 400)
source.ask("index", 400)
path = source.ask("path", 0)
source.end()

sealed, plain, maildir = (Subject(kind, program, "serve", kind, "FOLDER") for kind in ("sealed", "plain", "maildir"))
replay = [sys.executable, os.path.join(here, "replay.py")]
ours = Subject("ours", *replay, "ours", extension, "FOLDER", path)
theirs = Subject("theirs", *replay, "theirs", "FOLDER", path)
unencrypted = Subject("none", *replay, "plain", "FOLDER", path)
run([sealed, plain, maildir, ours, theirs, unencrypted])

table("The store (`MailStore`), encrypted, beside the same code on plain SQLite and beside Maildir", sealed, [plain, maildir])
table("Its statements from Python, on one and the same SQLite: our cipher, beside SQLite3 Multiple Ciphers and beside none",
      ours, [theirs, unencrypted])
print("\nWhat the cipher adds, µs of CPU for one: with ours / with SQLite3 Multiple Ciphers")
for operation, _, label in operations:
    added = [median(one, operation, 1) - median(unencrypted, operation, 1) for one in (ours, theirs)]
    print(f"  {label:24} {added[0]:8.1f} {added[1]:8.1f}")
