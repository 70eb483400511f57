"""Every command that writes: what comes before it, how it is run, and what has to be true in the end."""

import os
import re
import sqlite3
import subprocess
import time

from federation import CATALOG, Failed


def rows(federation, node, query):
    connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def write(federation, node, *statements):
    """Edits as a clerk's program makes them."""
    connection = sqlite3.connect(federation.path(node), timeout=30, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def many(count, prefix):
    return (f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{count})"
            f" INSERT INTO document(code, title) SELECT '{prefix}-' || i, hex(randomblob(40)) FROM n")


class Command:
    """One command. `node` is where it runs."""

    name = ""
    arguments = ()
    node = "a.db"
    # Whether headquarters' server runs, and whether it is the one that meets the fault.
    serves = False
    at_headquarters = False
    tls = False
    # The nodes that have to be in order in the end, besides headquarters.
    offices = ("a.db",)
    # Whether the command is run again although it ended well: it has to do no harm.
    repeats = True
    # In the end these queries give these rows, at the command's node and at headquarters.
    holds = ()

    def before(self, federation):
        """The clerk's last edits before the command: acknowledged, so never lost."""
        write(federation, "a.db", "INSERT INTO document(code, title) VALUES('typed', 'before')")

    def run(self, federation, environment):
        return federation.run(*self.arguments, "--database", self.node, environment=environment)

    def remedy(self, federation, said):
        """Does what the command said when it was run again; true when that leads to the end."""
        return False

    def check(self, federation):
        for node in {self.node, "hq.db"}:
            for query, meant in (("SELECT title FROM document WHERE code='typed'", [("before",)]), *self.holds):
                if (found := rows(federation, node, query)) != meant:
                    raise Failed(f"{node}: {query} gives {found} instead of {meant}")


class Set(Command):
    name, arguments = "set", ("set", "org_unit", "u-1", "name=New", "remark=r")
    holds = [("SELECT name, remark FROM org_unit WHERE code='u-1'", [("New", "r")])]


class Remove(Command):
    name, arguments = "remove", ("remove", "org_unit", "u-2")
    holds = [("SELECT count(*) FROM org_unit WHERE code='u-2'", [(0,)])]

    def remedy(self, federation, said):
        return "there is no org_unit u-2" in said


class Import(Command):
    name, arguments = "import", ("import", "membership_return", "returns.csv")
    holds = [("SELECT count(*), sum(members_total) FROM membership_return WHERE as_of='2026-02-28'", [(40, 820)])]

    def before(self, federation):
        super().before(federation)
        lines = [f"i-{index},2026-02-28,territorial,{index}" for index in range(1, 41)]
        federation.path("returns.csv").write_text("\n".join(["unit,as_of,axis,members_total", *lines]) + "\n")


class Sync(Command):
    name, arguments, serves = "sync", ("sync",), True
    holds = [("SELECT count(*) FROM document WHERE code LIKE 'a-%'", [(150,)]),
             ("SELECT count(*) FROM document WHERE code LIKE 'b-%'", [(150,)])]

    def before(self, federation):
        super().before(federation)
        federation.serve()
        write(federation, "b.db", many(150, "b"))
        federation.good("sync", "--database", "b.db")
        federation.stop()
        write(federation, "a.db", many(150, "a"))


class SyncAtHeadquarters(Sync):
    name, at_headquarters = "sync, headquarters", True


class Serve(Sync):
    """A member's daemon. It ends by itself only where it was killed, and what failed once is made good later."""

    name, holds = "serve, member", [("SELECT count(*) FROM document WHERE code LIKE 'a-%'", [(150,)])]

    def run(self, federation, environment):
        if environment is None:
            return super().run(federation, None)
        daemon = subprocess.Popen(
            [federation.program, "serve", "--database", "a.db", "--interval", "1"], cwd=federation.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment})
        lasting = "BIRLIK_FAULT_LASTING" in environment
        deadline = time.monotonic() + (3 if lasting else 60)
        while daemon.poll() is None and time.monotonic() < deadline:
            if rows(federation, "hq.db", "SELECT count(*) FROM document WHERE code LIKE 'a-%'") == [(150,)]:
                break
            time.sleep(0.05)
        else:
            if daemon.poll() is None and not lasting:
                daemon.kill()
                raise Failed(f"the daemon did not send what was typed: {daemon.communicate()[1][-800:]}")
        daemon.terminate()
        try:
            errors = daemon.communicate(timeout=30)[1]
        except subprocess.TimeoutExpired:
            daemon.kill()
            raise Failed(f"the daemon did not end within 30 s of SIGTERM: {daemon.communicate()[1][-800:]}") from None
        return subprocess.CompletedProcess(daemon.args, daemon.returncode, "", errors)


class Join(Command):
    name, node, serves = "join", "c.db", True
    offices = ("a.db", "c.db")

    def before(self, federation):
        super().before(federation)
        self.invite(federation)

    def invite(self, federation):
        federation.path("invitation").write_text(
            federation.good("invite", "ftuu", "--unregistered", "--office", "C", "--database", "hq.db"))

    def run(self, federation, environment):
        line = federation.path("invitation").read_text()
        return federation.run("join", "-", "--database", "c.db", stdin=line, environment=environment)

    def remedy(self, federation, said):
        for _ in range(3):
            if "exists already" in said:
                if federation.run("sync", "--database", "c.db").returncode == 0:
                    return True
                federation.path("c.db").rename(federation.path("c.db.away"))
            elif "new one" in said:
                self.invite(federation)
            else:
                return False
            done = self.run(federation, None)
            if done.returncode == 0:
                return True
            said = done.stderr
        return False

    def check(self, federation):
        federation.good("sync", "--database", "c.db")
        super().check(federation)


class JoinAtHeadquarters(Join):
    name, at_headquarters = "join, headquarters", True


class Resolve(Command):
    name, arguments = "resolve", ("resolve", "org_unit", "u-1", "name", "--take", "C")
    holds = [("SELECT name FROM org_unit WHERE code='u-1'", [("C",)])]

    def before(self, federation):
        super().before(federation)
        federation.serve()
        write(federation, "b.db", "UPDATE org_unit SET name='B' WHERE code='u-1'")
        federation.good("sync", "--database", "b.db")
        write(federation, "a.db", "UPDATE org_unit SET name='A' WHERE code='u-1'")
        federation.good("sync", "--database", "a.db")
        federation.stop()
        if len(federation.document("conflicts", "--database", "a.db")) != 1:
            raise Failed("there should be a conflict to resolve")

    def remedy(self, federation, said):
        return "conflict" in said

    def check(self, federation):
        super().check(federation)
        for node in ("a.db", "hq.db"):
            if federation.document("conflicts", "--database", node):
                raise Failed(f"the conflict is still open at {node}")


class RotateKey(Command):
    name, arguments, serves = "rotate-key", ("rotate-key",), True
    repeats = False


class RotateKeyAtHeadquarters(RotateKey):
    name, at_headquarters = "rotate-key, headquarters", True


class Invite(Command):
    name, arguments, node = "invite", ("invite", "ftuu", "--unregistered", "--office", "C"), "hq.db"

    def check(self, federation):
        super().check(federation)
        line = federation.good("invite", "ftuu", "--unregistered", "--office", "C", "--database", "hq.db")
        federation.good("join", "-", "--database", "c.db", stdin=line)


class Revoke(Command):
    name, arguments, node = "revoke", ("revoke", "ftuu/b.db", "--reason", "stolen"), "hq.db"

    def check(self, federation):
        super().check(federation)
        if federation.run("sync", "--database", "b.db").returncode != 77:
            raise Failed("the revoked node may still sync")


class Derive(Command):
    name, arguments = "derive", ("derive", "membership", "--as-of", "2026-01-31")
    holds = [("SELECT members_total FROM membership_return WHERE unit='u-1' AND as_of='2026-01-31'", [(20,)])]

    def before(self, federation):
        super().before(federation)
        write(federation, "a.db",
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20)"
              " INSERT INTO member(id, primary_unit, joined_on, sex, employment)"
              " SELECT 'm-' || i, 'u-1', '2020-01-01', 'female', 'employee' FROM n")


class Publish(Command):
    name, arguments, node = "catalog publish", ("catalog", "publish", "catalog"), "hq.db"
    holds = [("SELECT count(*) FROM pragma_table_info('document') WHERE name='shelf'", [(1,)])]

    def before(self, federation):
        super().before(federation)
        federation.next_catalog()

    def remedy(self, federation, said):
        return "in use already" in said


class Adopt(Publish):
    """A sync that brings the next catalog."""

    name, arguments, node, serves = "catalog adoption", ("sync",), "a.db", True

    def before(self, federation):
        super().before(federation)
        federation.good("catalog", "publish", "catalog", "--database", "hq.db")


class Take(Command):
    name, arguments = "verify --capture --take", ("verify", "--capture", "--take")
    holds = [("SELECT count(*) FROM document WHERE title='unseen'", [(3,)])]

    def before(self, federation):
        super().before(federation)
        (text,) = rows(federation, "a.db", "SELECT sql FROM sqlite_schema WHERE name='birlik_document_1'")[0]
        write(federation, "a.db", "BEGIN", "DROP TRIGGER birlik_document_1",
              "UPDATE document SET title='unseen' WHERE code LIKE 'd-%'", text, "COMMIT")


class Accept(Command):
    """Headquarters accepts a proposal: office A may not write another owner's record."""

    name, node = "inbox accept", "hq.db"
    holds = [("SELECT name FROM org_unit WHERE code='ftuu'", [("Proposed",)])]

    def before(self, federation):
        super().before(federation)
        federation.serve()
        write(federation, "a.db", "UPDATE org_unit SET name='Proposed' WHERE code='ftuu'")
        federation.good("sync", "--database", "a.db")
        federation.stop()

    def run(self, federation, environment):
        said = federation.good("inbox", "--all", "--database", "hq.db")
        found = re.search(r"birlik inbox accept ([0-9a-f]+)", said) or re.search(r"\b([0-9a-f]{32})\b", said)
        if not found:
            raise Failed(f"there should be a proposal in headquarters' inbox: {said}")
        return federation.run("inbox", "accept", found.group(1), "--database", "hq.db", environment=environment)

    def remedy(self, federation, said):
        return "already" in said


class RotateTLS(Command):
    name, arguments, node, tls = "rotate-tls", ("rotate-tls",), "hq.db", True

    def remedy(self, federation, said):
        return "announced already" in said


class SwitchTLS(Command):
    name, arguments, node, tls = "rotate-tls --switch", ("rotate-tls", "--switch", "--now"), "hq.db", True

    def before(self, federation):
        super().before(federation)
        federation.good("rotate-tls", "--database", "hq.db")
        federation.serve()
        for office in ("a.db", "b.db"):
            federation.good("sync", "--database", office)
        federation.stop()

    def remedy(self, federation, said):
        return "no next key is announced" in said


class Init(Command):
    """Made in a folder inside the federation's, of which nothing else is touched."""

    name, offices = "init", ("a.db",)
    arguments = ("init", "--role", "headquarters", "--name", "OTUTS", "--catalog", str(CATALOG))

    def run(self, federation, environment):
        folder = federation.path("new")
        folder.mkdir(exist_ok=True)
        return federation.run(*self.arguments, "--database", "new/hq.db", environment=environment)

    def remedy(self, federation, said):
        for _ in range(5):
            found = re.search(r"(\S+) (?:exists already|cannot be made)", said)
            if not found:
                return False
            path = federation.path(found.group(1))
            if path.name == "hq.db" and federation.run("verify", "--database", path).returncode == 0:
                return True
            path.rename(f"{path}.away")
            done = self.run(federation, None)
            if done.returncode == 0:
                return True
            said = done.stderr
        return False

    def check(self, federation):
        super().check(federation)
        federation.good("verify", "--database", "new/hq.db")
        federation.good("set", "org_unit", "x", "name=y", "--database", "new/hq.db")
        for file in federation.path("new").iterdir():
            if file.name.endswith(".key") and file.stat().st_mode & 0o077:
                raise Failed(f"{file.name} can be read by others")


class Undo(Import):
    name, arguments = "undo", ("undo", "--last-import")
    holds = [("SELECT count(*) FROM membership_return WHERE as_of='2026-02-28'", [(0,)])]

    def before(self, federation):
        super().before(federation)
        federation.good(*Import.arguments, "--database", "a.db")

    def remedy(self, federation, said):
        return "import" in said


class Confirm(Command):
    """Many deletions, which wait for a person."""

    name, arguments = "held --confirm", ("held", "--confirm")
    holds = [("SELECT count(*) FROM document WHERE code LIKE 'x-%'", [(0,)])]

    def before(self, federation):
        super().before(federation)
        federation.serve()
        write(federation, "a.db", many(150, "x"))
        federation.good("sync", "--database", "a.db")
        write(federation, "a.db", "DELETE FROM document WHERE code LIKE 'x-%'")
        federation.good("sync", "--database", "a.db")
        federation.stop()
        if len(federation.held("a.db")) != 150:
            raise Failed("150 deletions should wait for a person")


class PutBack(Confirm):
    name, arguments = "held --put-back", ("held", "--put-back")
    holds = [("SELECT count(*) FROM document WHERE code LIKE 'x-%'", [(150,)])]


class Withdraw(Command):
    name, arguments = "withdraw", ("withdraw", "figure", "u-1/members/2025-01-01/d-1", "--reason", "misprint")
    holds = [("SELECT count(*) FROM figure", [(0,)])]

    def before(self, federation):
        super().before(federation)
        federation.serve()
        write(federation, "a.db", "INSERT INTO figure(unit, measure, as_of, source, value)"
                                  " VALUES('u-1', 'members', '2025-01-01', 'd-1', 5)")
        federation.good("sync", "--database", "a.db")
        federation.stop()

    def remedy(self, federation, said):
        return "no figure" in said or "withdrawn" in said


class Rekey(Command):
    name, arguments = "rekey", ("rekey", "document", "d-1", "d-901")
    holds = [("SELECT code, title FROM document WHERE code LIKE 'd-%1'", [("d-901", "Law")])]

    def remedy(self, federation, said):
        return "no document d-1" in said or "d-901" in said


COMMANDS = [
    kind() for kind in (
        Init, Join, JoinAtHeadquarters, Set, Remove, Import, Sync, SyncAtHeadquarters, Serve, Resolve, RotateKey,
        RotateKeyAtHeadquarters, Invite, Revoke, Derive, Publish, Adopt, Take, Accept, RotateTLS, SwitchTLS,
        Undo, Confirm, PutBack, Withdraw, Rekey)
]
