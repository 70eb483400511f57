"""Headquarters and two offices of one federation, as processes of the built program on this machine."""

import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOG = ROOT / "Config/catalog"
OFFICES = ("a.db", "b.db")
NODES = OFFICES + ("hq.db",)

# The content with which every scenario begins: records of several kinds, owners and offices.
UNITS = [(f"u-{index}", f"Бірлік № {index}", "primary_organization", "UZB") for index in range(1, 13)]
RETURNS = [(f"u-{index}", "2025-12-31", "territorial", 100 * index) for index in range(1, 13)]


class Failed(Exception):
    """A command or a comparison went another way than it has to."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Federation:
    """A folder with `hq.db`, and the offices `a.db` and `b.db` of the federation `ftuu`."""

    def __init__(self, program, folder):
        self.program, self.folder, self.server = str(program), pathlib.Path(folder), None

    @classmethod
    def make(cls, program, folder, tls=False):
        made = cls(program, folder)
        made.folder.mkdir(parents=True)
        made.good("init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CATALOG,
                  "--tls" if tls else "--no-tls", "--listen", f"127.0.0.1:{free_port()}", "--database", "hq.db")
        made.good("set", "org_unit", "ftuu", "name=Federation", "unit_kind=national_centre",
                  "membership_status=member", "--database", "hq.db")
        made.serve()
        for office in OFFICES:
            invitation = made.good("invite", "ftuu", "--unregistered", "--office", office, "--database", "hq.db")
            made.good("join", "-", "--database", office, stdin=invitation)
        made.fill()
        made.sync_all()
        made.stop()
        return made

    def fill(self):
        """Writes the content with which every scenario begins."""
        with sqlite3.connect(self.path("a.db")) as office:
            office.executemany("INSERT INTO org_unit(code, name, unit_kind, country) VALUES(?, ?, ?, ?)", UNITS)
            office.executemany(
                "INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES(?, ?, ?, ?)", RETURNS)
            office.execute("INSERT INTO document(code, title, note) VALUES('d-1', 'Law', 'first'), ('d-2', 'Code', NULL),"
                           " ('d-3', 'Decree', 'third')")
            office.execute("INSERT INTO dispute(id, employer, area, causes)"
                           " VALUES('s-1', 'Factory', 'UZ-AN', '[\"hours\",\"wages\"]')")
            office.execute("INSERT INTO member(id, name, sex) VALUES('p-1', 'Aziza', 'female')")
            office.execute("INSERT INTO aid_operation(id, cause, \"on\", amount, currency)"
                           " VALUES('aid-1', 'flood', '2025-04-01', 100050, 'KZT')")
        office.close()

    def next_catalog(self):
        """Writes the catalog's next version into the folder `catalog`: documents have a shelf, and there are loans."""
        folder = self.path("catalog")
        shutil.copytree(CATALOG, folder)
        for name, old, new in [
            ("catalog.toml", "version = 1\n", "version = 2\n"),
            ("figures.toml", 'note         = { id = 5, type = "text" }\n',
             'note         = { id = 5, type = "text" }\nshelf        = { id = 7, type = "text" }\n'),
        ]:
            text = (folder / name).read_text()
            if old not in text:
                raise Failed(f"{name} of the catalog has another form")
            (folder / name).write_text(text.replace(old, new))
        (folder / "loans.toml").write_text(
            '[loan]\nid = 900\ntitle = "Loans"\nclass = "everyone"\n\n'
            '[loan.fields]\ntitle = { id = 1, type = "text" }\n')

    @property
    def log(self):
        """What headquarters' server says: beside the folder, for in it the disk may be full."""
        return pathlib.Path(self.folder).with_name(f"log-{pathlib.Path(self.folder).name}")

    def copy(self, folder):
        """The same federation in another folder. Only one of them may run at a time."""
        shutil.copytree(self.folder, folder)
        return Federation(self.program, folder)

    def path(self, name):
        return self.folder / name

    # Commands

    def run(self, *arguments, stdin=None, timeout=120, environment=None):
        return subprocess.run(
            [self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=timeout,
            input=stdin or "", env={**os.environ, **(environment or {})})

    def good(self, *arguments, stdin=None):
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise Failed(f"birlik {' '.join(map(str, arguments))} ended with {done.returncode}:"
                         f" {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def document(self, *arguments):
        return json.loads(self.good(*arguments, "--json"))

    def held(self, node):
        """What waits for a person."""
        if " held " not in self.good("--help"):
            return []
        return self.document("held", "--database", node)

    def serve(self, environment=None):
        """Starts headquarters' server and waits until it listens."""
        log = self.log
        with open(log, "w") as file:
            self.server = subprocess.Popen(
                [self.program, "serve", "--database", "hq.db"], cwd=self.folder, stderr=file, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        deadline = time.monotonic() + 60
        while "listening on" not in log.read_text():
            if self.server.poll() is not None:
                raise Failed(f"headquarters' server ended with {self.server.returncode}: {log.read_text()}")
            if time.monotonic() > deadline:
                raise Failed(f"headquarters' server does not listen: {log.read_text()}")
            time.sleep(0.01)

    def stop(self):
        if self.server:
            self.server.terminate()
            try:
                self.server.wait(30)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
            self.server = None

    def sync_all(self):
        """Syncs until all must hold all, and gives what the syncs of office A said."""
        said = []
        for office in ("a.db", "b.db", "a.db", "b.db"):
            done = self.run("sync", "--database", office)
            if office == "a.db":
                said.append(done.stdout + done.stderr)
            if done.returncode != 0:
                raise Failed(f"sync of {office} ended with {done.returncode}: {(done.stdout + done.stderr).strip()}")
        return "\n".join(said)

    def checked(self, nodes=NODES):
        """`verify`, `verify --capture` and `audit` hold on every node, and all agree."""
        digests = {}
        for node in nodes:
            self.good("verify", "--capture", "--database", node)
            digests[node] = self.document("verify", "--database", node)["digests"]
            self.good("audit", "--database", node)
        for node in nodes:
            for channel, digest in digests[node].items():
                if digests["hq.db"].get(channel) != digest:
                    raise Failed(f"{channel} of {node} and of headquarters have other digests")
