"""Scenarios that take more than a client's work and a sync: a program that stays open, a newer SQLite, a new catalog."""

import contextlib
import re
import sqlite3
import subprocess
import sys

from federation import NODES, Failed

SPECIALS = {}


def special(name):
    def add(function):
        SPECIALS[name] = function
        return function

    return add


@contextlib.contextmanager
def staying_open(path, *statements):
    """Another program that ran these statements and keeps the file open, idle."""
    text = ("import sqlite3, sys\n"
            f"connection = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
            + "".join(f"connection.execute({statement!r}).fetchall()\n" for statement in statements)
            + "print('open', flush=True)\nsys.stdin.read()\n")
    client = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if client.stdout.readline().strip() != "open":
            raise Failed("the client did not open the file")
        yield client
    finally:
        client.stdin.close()
        client.wait(30)
        client.stdout.close()


def edit(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    for statement in statements:
        connection.execute(statement).fetchall()
    connection.close()


def titles(federation, code):
    """The title of a document on every node."""
    found = []
    for node in NODES:
        connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True, timeout=30)
        found += connection.execute("SELECT title FROM document WHERE code=?", (code,)).fetchall() or [None]
        connection.close()
    return found


def expect_everywhere(federation, code, title):
    if (found := titles(federation, code)) != [(title,)] * len(NODES):
        raise Failed(f"document {code} is {found} on {NODES} instead of {title!r}")


@special("WAL, and the program stays open")
def wal_held(federation):
    """`litestream`, `sqlite-utils enable-wal`, one PRAGMA: reading always works, writing or a sentence about who holds it."""
    federation.serve()
    path = federation.path("a.db")
    with staying_open(path, "PRAGMA journal_mode=WAL", "UPDATE document SET title='typed in WAL' WHERE code='d-1'",
                      "SELECT * FROM document") as client:
        for command in (["status"], ["show", "document", "d-1"], ["list", "document"], ["conflicts"], ["inbox"],
                        ["history", "document", "d-2"]):
            done = federation.run(*command, "--database", "a.db")
            if done.returncode != 0:
                raise Failed(f"{command[0]} ended with {done.returncode} while another program was idle: {done.stderr}")
        if "typed in WAL" not in federation.good("show", "document", "d-1", "--database", "a.db"):
            raise Failed("what was typed in WAL is not shown")
        done = federation.run("sync", "--database", "a.db")
        if done.returncode not in (0, 75):
            raise Failed(f"sync ended with {done.returncode}: {done.stderr}")
        if done.returncode == 75 and not re.search(rf"\b{client.pid}\b|python", done.stderr):
            raise Failed(f"sync does not say who holds the file: {done.stderr}")
    federation.sync_all()
    expect_everywhere(federation, "d-1", "typed in WAL")
    federation.checked()


@special("a read transaction stays open")
def read_held(federation):
    """Whoever reads without an end holds up a sync, which says so and loses nothing."""
    federation.serve()
    path = federation.path("a.db")
    edit(path, "UPDATE document SET title='typed' WHERE code='d-1'")
    with staying_open(path, "BEGIN", "SELECT count(*) FROM document") as client:
        done = federation.run("sync", "--database", "a.db")
        if done.returncode != 75 or not re.search(rf"\b{client.pid}\b|python|another program|hold", done.stderr):
            raise Failed(f"sync ended with {done.returncode}: {done.stderr}")
    federation.sync_all()
    expect_everywhere(federation, "d-1", "typed")
    federation.checked()


@special("a view of a newer SQLite")
def newer_view(federation):
    """Debian's SQLite cannot read the schema then. The view is named, and nobody restores a backup over unsent edits."""
    import apsw

    federation.serve()
    path = federation.path("a.db")
    edit(path, "UPDATE document SET title='unsent' WHERE code='d-1'")
    newer = apsw.Connection(str(path))
    newer.execute("CREATE VIEW all_titles AS SELECT group_concat(title, ', ' ORDER BY title DESC) FROM document").fetchall()
    for command in (["status"], ["sync"], ["set", "document", "d-2", "title=x"], ["verify"]):
        done = federation.run(*command, "--database", "a.db")
        said = done.stdout + done.stderr
        if done.returncode == 0:
            continue
        if "all_titles" not in said or "newer SQLite" not in said or re.search("damaged|restore|backup|malformed", said):
            raise Failed(f"{command[0]} ended with {done.returncode}: {said}")
    newer.execute("DROP VIEW all_titles").fetchall()
    newer.close()
    federation.good("set", "document", "d-2", "title=after", "--database", "a.db")
    federation.sync_all()
    expect_everywhere(federation, "d-1", "unsent")
    expect_everywhere(federation, "d-2", "after")
    federation.checked()


@special("many deleted at once")
def many_deleted(federation):
    """Emptying a table waits for a person, who is told, and puts it back or confirms it. The rest goes on."""
    waits_for_a_person(federation, "DELETE FROM document", lambda rows: rows == [])


@special("a column emptied at once")
def many_emptied(federation):
    waits_for_a_person(federation, "UPDATE document SET title=NULL", lambda rows: rows == [(None,)])


def waits_for_a_person(federation, statement, is_done):
    federation.serve()
    path = federation.path("a.db")
    edit(path, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)"
               " INSERT INTO document(code, title) SELECT 'x-' || i, 'T' || i FROM n")
    federation.sync_all()
    everything = everywhere(federation, "SELECT code, title FROM document ORDER BY code")[0]

    def expect(meant, what):
        for node, rows in zip(NODES, everywhere(federation, "SELECT code, title FROM document ORDER BY code")):
            if rows != meant and (node != "a.db" or what != "waits"):
                raise Failed(f"{what}: {node} shows {len(rows)} documents, {str(rows)[:200]}")

    edit(path, statement, "UPDATE org_unit SET name='goes on' WHERE code='u-1'")
    said = federation.sync_all() + federation.good("status", "--database", "a.db")
    if said.count("birlik held") < 2:
        raise Failed(f"sync and status do not say that a person has to confirm: {said}")
    expect(everything, "waits")
    if everywhere(federation, "SELECT name FROM org_unit WHERE code='u-1'") != [[("goes on",)]] * 3:
        raise Failed("another record's edit did not go on")
    if len(federation.held("a.db")) != 303:
        raise Failed(f"{len(federation.held('a.db'))} of 303 edits are listed")
    federation.good("held", "--put-back", "--database", "a.db")
    federation.sync_all()
    expect(everything, "put back")
    federation.checked()
    edit(path, statement)
    federation.sync_all()
    federation.good("held", "--confirm", "--database", "a.db")
    said = federation.sync_all()
    if "DELETE" in statement and not re.search(r"303|delet", said):
        raise Failed(f"sync does not say how many records it deleted: {said}")
    for node, rows in zip(NODES, everywhere(federation, "SELECT DISTINCT title FROM document")):
        if not is_done(rows):
            raise Failed(f"confirmed: {node} still shows {str(rows)[:200]}")
    federation.checked()


def everywhere(federation, query):
    found = []
    for node in NODES:
        connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True, timeout=30)
        found.append(connection.execute(query).fetchall())
        connection.close()
    return found


def kept_somewhere(path, *values):
    """Every value is still in some table of the file."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = [name for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'birlik\\_%' ESCAPE '\\'")]
    found = {cell for name in names for row in connection.execute(f'SELECT * FROM "{name}"') for cell in row}
    connection.close()
    if lost := [value for value in values if value not in found]:
        raise Failed(f"the clerk's {lost} are gone")


def own_objects(path):
    """Names, sorts and texts of what is in the file, and the columns of the documents."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = set(connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE name<>'document'"))
    # In the next catalog the column is its own: the clerk's cannot be called so any more.
    if not connection.execute("SELECT 1 FROM birlik_meta WHERE name='catalog' AND instr(value, x'7368656C66')").fetchall():
        found |= {("column", "document", column[1]) for column in connection.execute("PRAGMA table_xinfo(document)")}
    connection.close()
    return found


OWN_OBJECTS = {
    "own column": ["ALTER TABLE document ADD COLUMN shelf TEXT", "UPDATE document SET shelf='own value' WHERE code='d-1'"],
    "own column in other letters": [
        "ALTER TABLE document ADD COLUMN Shelf TEXT", "UPDATE document SET Shelf='own value' WHERE code='d-1'"],
    "own generated column": [
        "ALTER TABLE document ADD COLUMN shelf TEXT GENERATED ALWAYS AS ('own value') VIRTUAL"],
    "own table": ["CREATE TABLE loan(a)", "INSERT INTO loan VALUES('own value')"],
    "own table in other letters": ["CREATE TABLE LOAN(a)", "INSERT INTO LOAN VALUES('own value')"],
    "own view": ["CREATE VIEW loan AS SELECT 'own value' AS a"],
    "own view in other letters": ["CREATE VIEW Loan AS SELECT 'own value' AS a"],
    "own index": ["CREATE TABLE mine(a)", "INSERT INTO mine VALUES('own value')", "CREATE INDEX loan ON mine(a)"],
    "own index in other letters": [
        "CREATE TABLE mine(a)", "INSERT INTO mine VALUES('own value')", "CREATE INDEX Loan ON mine(a)"],
    "own trigger": ["CREATE TABLE mine(a)", "INSERT INTO mine VALUES('own value')",
                    "CREATE TRIGGER loan AFTER INSERT ON mine BEGIN SELECT 1; END"],
    "own trigger with a name of ours": [
        "CREATE TABLE mine(a)", "INSERT INTO mine VALUES('own value')",
        "CREATE TRIGGER birlik_loan_insert AFTER INSERT ON mine BEGIN SELECT 1; END"],
    "own index with a name of ours": [
        "CREATE TABLE mine(a)", "INSERT INTO mine VALUES('own value')", "CREATE INDEX birlik_loan_insert ON mine(a)"],
    "own view over the table": ["CREATE VIEW shelves AS SELECT *, 'own value' AS mark FROM document"],
}


def next_catalog_meets(statements):
    def play(federation):
        federation.serve()
        path = federation.path("a.db")
        before = own_objects(path)
        edit(path, *statements, "UPDATE document SET title='typed' WHERE code='d-2'")
        own = own_objects(path) - before
        federation.next_catalog()
        federation.good("catalog", "publish", "catalog", "--database", "hq.db")
        said = federation.sync_all()
        kept_somewhere(path, "own value")
        federation.good("set", "document", "d-1", "shelf=A3", "--database", "b.db")
        edit(path, "INSERT INTO loan(id, title) VALUES('l-1', 'lent')")
        said += federation.sync_all()
        kept_somewhere(path, "own value")
        for node in NODES:
            connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True)
            shown = connection.execute(
                "SELECT (SELECT shelf FROM document WHERE code='d-1'), (SELECT title FROM loan WHERE id='l-1'),"
                " (SELECT title FROM document WHERE code='d-2')").fetchall()
            connection.close()
            if shown != [("A3", "lent", "typed")]:
                raise Failed(f"{node} shows {shown}")
        said += federation.good("status", "--database", "a.db")
        if own - own_objects(path) and not re.search("renamed|now called|is called|other name", said):
            raise Failed(f"nobody said that the clerk's object has another name: {said[-600:]}")
        federation.checked()

    return play


for title, statements in OWN_OBJECTS.items():
    SPECIALS[f"next catalog meets {title}"] = next_catalog_meets(statements)


# What a clerk adds to a table must not stop what others send.
IN_THE_WAY = {
    "own unique index": ["CREATE UNIQUE INDEX one_title ON document(title)"],
    "own foreign key": ["CREATE TABLE copies(document TEXT REFERENCES document(code) ON DELETE RESTRICT)",
                        "INSERT INTO copies VALUES('d-3')"],
    "own trigger that refuses": [
        "CREATE TRIGGER mine BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'never delete'); END",
        "CREATE TRIGGER mine2 BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'never insert'); END"],
    "own trigger that is broken": [
        "CREATE TABLE log(text)", "CREATE TRIGGER mine AFTER UPDATE ON document BEGIN INSERT INTO log VALUES(NEW.title); END",
        "PRAGMA legacy_alter_table=ON", "DROP TABLE log"],
    "own view that is broken": ["CREATE TABLE log(text)", "CREATE VIEW mine AS SELECT * FROM log", "DROP TABLE log"],
    "own NOT NULL column": ["ALTER TABLE document ADD COLUMN shelf TEXT NOT NULL DEFAULT 'none'"],
    "own CHECK": ["ALTER TABLE document ADD COLUMN shelf TEXT CHECK(shelf IS NULL OR title <> 'from B')"],
    "own collation": ["CREATE INDEX by_title ON document(title COLLATE turkish)"],
    "own column with a collation": ["ALTER TABLE document ADD COLUMN shelf TEXT COLLATE turkish",
                                    "CREATE INDEX by_shelf ON document(shelf)"],
    "own function in an index": ["CREATE INDEX by_title ON document(fold(title))"],
    "own function in a generated column": ["ALTER TABLE document ADD COLUMN folded TEXT AS (fold(title)) VIRTUAL"],
    "own function in a trigger": [
        "CREATE TRIGGER mine AFTER UPDATE ON document BEGIN SELECT fold(NEW.title); END"],
    "own full-text table": ["CREATE VIRTUAL TABLE search USING fts5(title)", "INSERT INTO search SELECT title FROM document"],
    "larger pages": ["PRAGMA page_size=65536", "VACUUM"],
    "auto_vacuum": ["PRAGMA auto_vacuum=FULL", "VACUUM"],
    "own table with a stored generated column": [
        "CREATE TABLE mine(a, b AS (fold(a)) STORED)", "INSERT INTO mine(a) VALUES('x')"],
}

# The same from a newer SQLite than Debian's, by apsw.
NEWER = {
    "newer function in a generated column": ["ALTER TABLE document ADD COLUMN both TEXT AS (concat(code, title)) VIRTUAL"],
    "newer function in an index": ["CREATE INDEX by_both ON document(concat(code, title))"],
    "newer function in a trigger": [
        "CREATE TRIGGER mine AFTER UPDATE ON document BEGIN SELECT concat_ws(',', NEW.code, NEW.title); END"],
    "newer function in a view": ["CREATE VIEW mine AS SELECT concat(code, title) FROM document"],
    "newer function in an own column's CHECK": [
        "ALTER TABLE document ADD COLUMN shelf TEXT CHECK(concat(shelf, '') <> 'no')"],
}


def stands_in_the_way(statements, is_newer):
    def play(federation):
        federation.serve()
        path = federation.path("a.db")
        if is_newer:
            import apsw

            connection = apsw.Connection(str(path))
        else:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.create_collation("turkish", lambda a, b: (a > b) - (a < b))
            connection.create_function("fold", 1, lambda text: text and text.lower(), deterministic=True)
        for statement in [*statements, "UPDATE document SET title='typed in A' WHERE code='d-2'"] if (
                "refuses" not in str(statements)) else statements:
            try:
                connection.execute(statement).fetchall()
            except sqlite3.Error:
                # What is broken may refuse its own clerk; what others send must come all the same.
                if not statement.startswith(("UPDATE", "DROP")):
                    raise
        mine = [row[0] for row in connection.execute("SELECT title FROM document WHERE code='d-2'").fetchall()]
        connection.close()
        edit(federation.path("b.db"), "UPDATE document SET title='from B' WHERE code='d-1'",
             "INSERT INTO document(code, title) VALUES('b-1', 'from B')", "DELETE FROM document WHERE code='d-3'")
        for node in ("b.db", "a.db", "b.db"):
            federation.good("sync", "--database", node)
        # `birlik set` is a clerk, for whom the clerks' triggers and constraints count. What it cannot run it names.
        note = [note for (note,) in everywhere(federation, "SELECT note FROM document WHERE code='d-1'")[0]]
        done = federation.run("set", "document", "d-1", "note=noted", "--database", "a.db")
        if done.returncode == 0:
            note = ["noted"]
        elif "that another program built on the table" not in done.stderr and not (
                re.search(r"the (trigger mine|table document) uses the function \w+", done.stderr) and "Hint: " in done.stderr):
            raise Failed(f"set ended with {done.returncode}: {done.stderr}")
        federation.sync_all()
        for node in NODES:
            connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True)
            shown = connection.execute("SELECT code, title, note FROM document NOT INDEXED ORDER BY code COLLATE BINARY").fetchall()
            connection.close()
            meant = [("b-1", "from B", None), ("d-1", "from B", *note), ("d-2", mine[0], None)]
            if shown != meant:
                raise Failed(f"{node} shows {shown} instead of {meant}")
        federation.checked()

    return play


for title, statements in IN_THE_WAY.items():
    SPECIALS[f"in the way: {title}"] = stands_in_the_way(statements, False)
for title, statements in NEWER.items():
    SPECIALS[f"in the way: {title}"] = stands_in_the_way(statements, True)
