"""Kills `birlik`, tears its writes and fails them, one after the other, in every command that writes.

python sweep.py --birlik PROGRAM                     every change of a file, in every way: hours
python sweep.py --birlik PROGRAM --trials 200        so many of them, others for every --seed
python sweep.py --birlik PROGRAM --only set:EIO:7    one, and what was said

A library that is loaded before all others counts the writes, syncs, renames and deletions below the test's folder, and
makes the n-th fail: `kill` before it, `torn` in the middle of it, `EIO` or `ENOSPC`, once or (`EIO+`, `ENOSPC+`) from then
on. After that, without the library: the same command run again succeeds, or says in a sentence what to do and that works;
the files open; what was acknowledged is there, also at headquarters after a sync; `verify` and `audit` hold.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Clients"))

from commands import COMMANDS  # noqa: E402
from federation import Failed, Federation  # noqa: E402

KINDS = ["kill", "torn", "EIO", "ENOSPC", "EIO+", "ENOSPC+"]
# How a command may end that met a fault: well, or with a code that scripts know.
CODES = {0, 64, 65, 69, 74, 75, 77, 78}
# What a sentence for a person does not hold.
RAW = re.compile(r"Fatal error|Error Domain|NSPOSIX|Optional\(|SQLiteError|DatabaseError\(|error: the operation"
                 r"|couldn.t be completed|Stack dump|rawValue|SIG[A-Z]{3}|\(code[: ]", re.IGNORECASE)


class Injection:
    """One fault, as the environment of the process that it is to meet."""

    def __init__(self, folder, library, kind="kill", at=0):
        self.counter = pathlib.Path(f"{folder}.counter")
        self.counter.write_bytes(struct.pack("Q", 0))
        self.at = at
        self.environment = {
            "LD_PRELOAD": str(library), "BIRLIK_FAULT_FOLDER": str(folder), "BIRLIK_FAULT_AT": str(at),
            "BIRLIK_FAULT_COUNTER": str(self.counter), "BIRLIK_FAULT_KIND": kind.rstrip("+"),
        } | ({"BIRLIK_FAULT_LASTING": "1"} if kind.endswith("+") else {})

    @property
    def count(self):
        return struct.unpack("Q", self.counter.read_bytes())[0]


def trial(command, template, folder, library, kind, at, said):
    """One fault in one command, in a copy of the federation. Gives how many changes of files there were."""
    federation = template.copy(folder)
    injection = Injection(folder, library, kind, at)
    try:
        command.before(federation)
        if command.serves:
            federation.serve(injection.environment if command.at_headquarters else None)
        environment = None if command.at_headquarters else injection.environment
        first = command.run(federation, environment)
        said.append(("first", first))
        judge(first, kind, command)
        judge_words(first, kind, command, injection)
        if at == 0:
            if first.returncode != 0:
                raise Failed(f"without a fault it ended with {first.returncode}: {first.stderr}")
            # Headquarters' server writes when it ends as well.
            if command.at_headquarters:
                federation.stop()
            return injection.count
        if command.at_headquarters:
            end_server(federation, kind)
        if command.serves and not federation.server:
            federation.serve()
        again(command, federation, first.returncode == 0, said)
        if not federation.server:
            federation.serve()
        for node in command.offices:
            federation.good("sync", "--database", node)
            federation.good("sync", "--database", node)
        command.check(federation)
        federation.checked([*command.offices, "hq.db"])
        return injection.count
    finally:
        if federation.server:
            federation.server.kill()
            federation.server.wait()


def judge(done, kind, command):
    """A process ends as it should, and says so in words for people."""
    killed = kind in ("kill", "torn") and not command.at_headquarters and done.returncode == -signal.SIGKILL
    if done.returncode not in CODES and not killed:
        raise Failed(f"ended with {done.returncode}: {done.stderr[-800:]}")
    if RAW.search(done.stderr) or (done.returncode > 0 and not done.stderr.strip()):
        raise Failed(f"said with {done.returncode}: {done.stderr[-800:]!r}")


def judge_words(done, kind, command, injection):
    """Whoever meets a full disk is told so, also by headquarters."""
    if done.returncode <= 0 or injection.at == 0 or injection.count < injection.at:
        return
    if kind == "ENOSPC+" or (kind.startswith("E") and not command.at_headquarters):
        words = r"full|space|disk" if command.at_headquarters or kind.startswith("ENOSPC") else r"disk|cannot be|written"
        if not re.search(words, done.stderr):
            raise Failed(f"does not say what is wrong with the disk: {done.stderr}")


def end_server(federation, kind):
    """Ends headquarters' server, which may have met its fault or be on its way to it."""
    server, federation.server = federation.server, None
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        raise Failed("headquarters' server did not end within 30 s of SIGTERM") from None
    log = federation.log.read_text()
    allowed = CODES | ({-signal.SIGKILL} if kind in ("kill", "torn") else set())
    if server.returncode not in allowed:
        raise Failed(f"headquarters' server ended with {server.returncode}: {log[-800:]}")
    if RAW.search(log):
        raise Failed(f"headquarters' server logged: {RAW.search(log).group()} in {log[-800:]}")


def again(command, federation, was_done, said):
    """Runs the same command again, and what it says is to be done."""
    if was_done and not command.repeats:
        return
    second = command.run(federation, None)
    said.append(("again", second))
    judge(second, "none", command)
    if second.returncode == 0:
        return
    if not command.remedy(federation, second.stderr):
        raise Failed(f"run again ended with {second.returncode}: {second.stderr.strip()}")


def arguments():
    options = argparse.ArgumentParser()
    options.add_argument("--birlik", required=True)
    options.add_argument("--trials", type=int)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--only", help="COMMAND[:KIND[:NUMBER]]")
    return options.parse_args()


def chosen(counts, options):
    """Which trials to make: (command, kind, number)."""
    trials = [(name, kind, at) for name, count in counts.items() for kind in KINDS for at in range(1, count + 1)]
    if options.only:
        parts = options.only.split(":")
        trials = [trial for trial in trials
                  if all(not part or part == str(value) for part, value in zip(parts, trial))]
    if options.trials and len(trials) > options.trials:
        # The same number for each command and kind, whatever they write.
        dice = random.Random(options.seed)
        groups = {}
        for name, kind, at in trials:
            groups.setdefault((name, kind), []).append((name, kind, at))
        for group in groups.values():
            dice.shuffle(group)
        order = list(groups.values())
        dice.shuffle(order)
        trials = [group[turn] for turn in range(max(map(len, order))) for group in order if turn < len(group)]
        trials = trials[:options.trials]
    return trials


def main():
    options = arguments()
    began = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="birlik-faults-"))
    library = folder / "faults.so"
    subprocess.run(["gcc", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, HERE / "faults.c", "-ldl"],
                   check=True)
    commands = {command.name: command for command in COMMANDS
                if not options.only or command.name == options.only.split(":")[0] or options.only.startswith(":")}
    # Each job has a federation of its own: two of one would use one port.
    templates = queue.Queue()
    for job in range(options.jobs):
        templates.put({tls: Federation.make(options.birlik, folder / f"template-{job}-{tls}", tls)
                       for tls in {command.tls for command in commands.values()}})
    number = iter(range(10 ** 9))

    def one(name, kind, at):
        command, template, said = commands[name], templates.get(), []
        place = folder / str(next(number))
        try:
            return trial(command, template[command.tls], place, library, kind, at, said), None, said
        except Exception as error:
            return 0, f"{error}" if isinstance(error, Failed) else f"{type(error).__name__}: {error}", said
        finally:
            templates.put(template)
            shutil.rmtree(place, ignore_errors=True)
            place.with_suffix(".counter").unlink(missing_ok=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        counts = {}
        for name, (count, problem, _) in zip(commands, pool.map(lambda name: one(name, "kill", 0), commands)):
            if problem or not count:
                failed += 1
                print(f"FAILED: {name} without a fault: {problem or 'it changes no file'}", flush=True)
            counts[name] = count
        trials = chosen(counts, options)
        print(f"{len(commands)} commands with {sum(counts.values())} changes of files: {counts}", flush=True)
        missed = 0
        for (name, kind, at), (count, problem, said) in zip(trials, pool.map(lambda each: one(*each), trials)):
            missed += not problem and count < at
            if problem or options.only:
                print(f"{'FAILED' if problem else 'right'}: {name}:{kind}:{at} {problem or ''}", flush=True)
                for title, done in said:
                    print(f"    {title}: {done.returncode} {(done.stderr or done.stdout).strip()[-400:]}")
            failed += bool(problem)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(trials)} faults in {time.monotonic() - began:.0f} s, {missed} of them past the last change;"
          f" {failed} failed")
    sys.exit(1 if failed or not trials else 0)


if __name__ == "__main__":
    main()
