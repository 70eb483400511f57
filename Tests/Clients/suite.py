"""Foreign SQLite clients at work in one office of a federation: nothing of what they write is lost, hidden or invented.

python suite.py --birlik PROGRAM [WORDS]...   only the scenarios whose client or name holds one of the words

Each scenario begins with the same federation: headquarters, an office A and an office B, real processes. Office B and
headquarters edit records that office A has not seen yet. Then the client works in A's file, everybody syncs, and the rows
of all three have to be those that the same edits make in plain tables; `verify`, `verify --capture` and `audit` hold.
"""

import argparse
import concurrent.futures
import pathlib
import queue
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import randoms
import statements
import tools
from federation import NODES, Failed, Federation
from scenario import Scenario, bound, literal
from shadow import Shadow
from specials import SPECIALS

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
ODBC = "/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so"

# How each client runs statements: the command, and how a statement is written for it.
CLIENTS = {
    "Python": ([sys.executable, PROGRAMS / "run.py", "DATABASE", "SCRIPT"], bound),
    "apsw": ([sys.executable, PROGRAMS / "run_apsw.py", "DATABASE", "SCRIPT"], bound),
    "Perl": (["perl", PROGRAMS / "run.pl", "DATABASE", "SCRIPT"], bound),
    "PHP": (["php", PROGRAMS / "run.php", "DATABASE", "SCRIPT"], bound),
    "Ruby": (["ruby", PROGRAMS / "run.rb", "DATABASE", "SCRIPT"], bound),
    "Tcl": (["tclsh", PROGRAMS / "run.tcl", "DATABASE", "SCRIPT"], bound),
    "R": (["Rscript", PROGRAMS / "run.R", "DATABASE", "SCRIPT"], bound),
    "sqlite3": (["sqlite3", "-bail", "DATABASE", ".read SCRIPT"], lambda statement: literal(statement) + ";"),
    "ODBC": (["isql", "-v", "-b", "-k", f"DRIVER={ODBC};Database=DATABASE"], literal),
}
# These two play every scenario, with an old and a new SQLite.
ALL = {"Python", "apsw"}

# What others edit before the client begins, unknown to office A.
ELSEWHERE = {
    "b.db": [
        ("UPDATE org_unit SET remark='typed in B' WHERE code IN ('u-1', 'u-5')",),
        ("UPDATE membership_return SET remark='counted in B' WHERE unit='u-5'",),
        ("UPDATE document SET note='noted in B' WHERE code='d-2'",),
    ],
    "hq.db": [("UPDATE org_unit SET website='https://example.org' WHERE code='u-6'",)],
}


def play(client, scenario, federation):
    """Plays one scenario in a folder of its own."""
    if client == "special":
        return SPECIALS[scenario.name](federation)
    if client == "random":
        return randoms.play_no_text(federation) if scenario.name == "no text" else randoms.play(federation, int(scenario.name))
    shadow = Shadow(federation.path("a.db"))
    federation.serve()
    edit_elsewhere(federation)
    written = work(client, scenario, federation.path(scenario.at))
    if scenario.refused:
        if written.returncode == 0:
            raise Failed(f"was taken, but should have been refused with “{scenario.refused}”")
        if scenario.refused not in written.stderr + written.stdout:
            raise Failed(f"was refused without “{scenario.refused}”: {written.stderr.strip() or written.stdout.strip()}")
    elif written.returncode != 0:
        raise Failed(f"the client itself ended with {written.returncode}:"
                     f" {(written.stderr.strip() or written.stdout.strip())[-600:]}")
    # Nobody edited what another one edited, so the order is all the same but for rows that are replaced whole.
    for statement in [*scenario.meant, *(edit for edits in ELSEWHERE.values() for edit in edits)]:
        shadow.edit(statement[0], statement[1:])
    said = federation.sync_all() + confirm(scenario, federation)
    if scenario.said and not re.search(scenario.said, said):
        raise Failed(f"the sync does not say “{scenario.said}”: {said}")
    wrong = [f"{node}: {difference}" for node in NODES
             for difference in shadow.differences(federation.path(node), node == "a.db")]
    wrong += own_objects(scenario, federation.path(scenario.at))
    for node in NODES:
        status = federation.document("status", "--database", node)
        if any(status[count] for count in ("conflicts", "inbox", "refused", "invalid", "unsealed", "unsent")):
            wrong.append(f"{node}: nobody contradicts, and still: {federation.good('status', '--database', node)}"
                         f" {federation.good('inbox', '--database', node)}"
                         f" {federation.good('conflicts', '--database', node)}"[:1200])
    if wrong:
        raise Failed("\n    ".join(wrong[:12]) + (f"\n    and {len(wrong) - 12} more" if len(wrong) > 12 else ""))
    federation.checked()


def confirm(scenario, federation):
    """Confirms what no trigger saw, and so waits for a person. Only an edit that a trigger could not see may wait."""
    said = ""
    for node in NODES:
        if not (waiting := federation.held(node)):
            continue
        if not scenario.is_unseen or any(edit["reason"] != "unnoticed" for edit in waiting):
            raise Failed(f"{node}: {len(waiting)} edits wait for a person: {str(waiting)[:600]}")
        said += federation.good("status", "--database", node)
        if "birlik held" not in said:
            raise Failed(f"{node}: status does not say that {len(waiting)} edits wait: {said}")
        federation.good("held", "--confirm", "--database", node)
    return said + federation.sync_all() if said else said


def edit_elsewhere(federation):
    for node, edits in ELSEWHERE.items():
        connection = sqlite3.connect(federation.path(node), isolation_level=None, timeout=30)
        for edit in edits:
            connection.execute(*edit)
        connection.close()
    federation.good("sync", "--database", "b.db")


def work(client, scenario, path):
    if scenario.run:
        command = [sys.executable, HERE / "tools.py", client, scenario.name, path]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    command, write = CLIENTS[client]
    script = pathlib.Path(f"{path}.script")
    script.write_text("".join(write(statement) + "\n" for statement in scenario.statements))
    command = [str(part).replace("DATABASE", str(path)).replace("SCRIPT", str(script)) for part in command]
    with open(script) as lines:
        done = subprocess.run(command, stdin=lines, capture_output=True, text=True, timeout=120)
    # isql goes on after an error and ends with 0.
    if client == "ODBC" and "[ISQL]ERROR" in done.stdout + done.stderr:
        done.returncode = 1
    return done


def own_objects(scenario, path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for query, meant in scenario.holds:
            try:
                found = connection.execute(query).fetchall()
            except sqlite3.Error as error:
                return [f"the clerk's own: {query}: {error}"]
            if found != meant:
                return [f"the clerk's own: {query} gives {found} instead of {meant}"]
    finally:
        connection.close()
    return []


def chosen(shadow, words, seed):
    """All pairs of client and scenario."""
    pairs = [("random", Scenario(str(seed + index))) for index in range(3)] + [("random", Scenario("no text"))]
    pairs += [("special", Scenario(name)) for name in SPECIALS]
    pairs += [(client, scenario) for client in CLIENTS for scenario in statements.scenarios(shadow)
             if client in ALL or not scenario.extended]
    pairs = [(client, scenario) for client, scenario in pairs
             if client != "apsw" or not scenario.extended or not scenario.refused]
    pairs += [(client, scenario) for client, scenarios in tools.CLIENTS.items() for scenario in scenarios]
    return [pair for pair in pairs
            if not words or any(word in f"{pair[0]}: {pair[1].name}" for word in words)]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--birlik", required=True)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--seed", type=int, default=0, help="of the random rows")
    options.add_argument("--keep", action="store_true", help="keep the folders of those that failed")
    options.add_argument("words", nargs="*")
    options = options.parse_args()
    known = {line.split(" # ")[0].strip() for line in (HERE / "known-wrong.txt").read_text().splitlines()
             if line and not line.startswith("#")}
    began = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="birlik-clients-"))
    templates = queue.Queue()
    for job in range(options.jobs):
        templates.put(Federation.make(options.birlik, folder / f"template-{job}"))
    pairs = chosen(Shadow(folder / "template-0/a.db"), options.words, options.seed)

    def one(number):
        client, scenario = pairs[number]
        template = templates.get()
        federation = template.copy(folder / f"{number}")
        try:
            play(client, scenario, federation)
            return None
        except Exception as error:
            return f"{error}" if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
        finally:
            federation.stop()
            templates.put(template)

    failed, wrong = 0, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, problem in enumerate(pool.map(one, range(len(pairs)))):
            title = f"{pairs[number][0]}: {pairs[number][1].name}"
            if problem and title in known:
                wrong += 1
                print(f"known to be wrong: {title}\n    {problem}", flush=True)
            elif problem:
                failed += 1
                print(f"FAILED: {title}\n    {problem}" + (f"\n    {folder / str(number)}" if options.keep else ""),
                      flush=True)
            elif title in known:
                print(f"{title} is right now: take it off known-wrong.txt", flush=True)
            if not (problem and options.keep):
                shutil.rmtree(folder / str(number), ignore_errors=True)
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(pairs)} scenarios of foreign clients in {time.monotonic() - began:.0f} s:"
          f" {len(pairs) - failed - wrong} right, {wrong} known to be wrong, {failed} failed")
    sys.exit(1 if failed or not pairs else 0)


if __name__ == "__main__":
    main()
