"""Scenarios of clients that write by themselves, each with what it means in SQL.

`python tools.py CLIENT SCENARIO DATABASE` plays one, in a process of its own.
"""

import pathlib
import subprocess
import sys

from scenario import Scenario

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = {}

ACT = ("UPDATE document SET title=? WHERE code=?", "Act", "d-1")
NEW = ("INSERT INTO document(code, title) VALUES(?, ?)", "x-1", "New")


def plays(client, name, meaning, **more):
    """Adds the function as a scenario of a client."""

    def add(function):
        CLIENTS.setdefault(client, []).append(Scenario(name, run=function, meaning=meaning, **more))
        return function

    return add


def command(*arguments, stdin=None):
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, input=stdin)
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


# pandas

def frames(path):
    import sqlite3

    import pandas

    return pandas, sqlite3.connect(path)


@plays("pandas", "append", [NEW, ("INSERT INTO membership_return(unit, as_of, axis, members_total)"
                                  " VALUES('x-1', '2026-01-01', 'territorial', 5), ('x-2', '2026-01-01', 'territorial', NULL)",)])
def pandas_append(path):
    pandas, db = frames(path)
    pandas.DataFrame({"code": ["x-1"], "title": ["New"]}).to_sql("document", db, if_exists="append", index=False)
    # A missing number makes pandas write the others as 5.0.
    pandas.DataFrame({"unit": ["x-1", "x-2"], "as_of": "2026-01-01", "axis": "territorial",
                      "members_total": [5, None]}).to_sql("membership_return", db, if_exists="append", index=False)
    db.commit()


@plays("pandas", "replace", [ACT, NEW], is_rebuilt=True)
def pandas_replace(path):
    pandas, db = frames(path)
    frame = pandas.read_sql("SELECT * FROM document", db)
    frame.loc[frame.code == "d-1", "title"] = "Act"
    frame = pandas.concat([frame, pandas.DataFrame({"code": ["x-1"], "title": ["New"]})])
    frame.to_sql("document", db, if_exists="replace", index=False)
    db.commit()


@plays("pandas", "replace with its index and numbers", [
    ("UPDATE membership_return SET members_total=222 WHERE unit='u-2'",)], is_rebuilt=True)
def pandas_replace_numbers(path):
    pandas, db = frames(path)
    frame = pandas.read_sql("SELECT * FROM membership_return", db)
    frame.loc[frame.unit == "u-2", "members_total"] = 222
    frame["members_total"] = frame["members_total"].astype(float)
    frame.to_sql("membership_return", db, if_exists="replace", index=True)
    db.commit()


@plays("pandas", "delete_rows", [ACT])
def pandas_delete_rows(path):
    pandas, db = frames(path)
    frame = pandas.read_sql("SELECT * FROM document", db)
    frame.loc[frame.code == "d-1", "title"] = "Act"
    frame.to_sql("document", db, if_exists="delete_rows", index=False)
    db.commit()


@plays("pandas", "replace with other headers", [ACT], is_rebuilt=True)
def pandas_headers(path):
    pandas, db = frames(path)
    frame = pandas.read_sql("SELECT * FROM document", db)
    frame.loc[frame.code == "d-1", "title"] = "Act"
    frame.columns = [name.title() for name in frame.columns]
    frame.to_sql("document", db, if_exists="replace", index=False)
    db.commit()


@plays("pandas", "dates", [("UPDATE document SET published_on='2026-03-04' WHERE code='d-1'",)], is_rebuilt=True)
def pandas_dates(path):
    pandas, db = frames(path)
    frame = pandas.read_sql("SELECT * FROM document", db)
    frame["published_on"] = pandas.to_datetime(["2026-03-04", None, None])
    frame.to_sql("document", db, if_exists="replace", index=False)
    db.commit()


# SQLAlchemy

def alchemy(path):
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    metadata = sqlalchemy.MetaData()
    metadata.reflect(engine, only=["document", "membership_return", "org_unit"])
    return sqlalchemy, engine, metadata.tables


@plays("SQLAlchemy", "core", [ACT, NEW, ("DELETE FROM document WHERE code='d-3'",)])
def alchemy_core(path):
    sqlalchemy, engine, tables = alchemy(path)
    document = tables["document"]
    with engine.begin() as connection:
        connection.execute(document.update().where(document.c.code == "d-1").values(title="Act"))
        connection.execute(document.insert(), [{"code": "x-1", "title": "New"}])
        connection.execute(document.delete().where(document.c.code == "d-3"))


@plays("SQLAlchemy", "upsert", [ACT, NEW])
def alchemy_upsert(path):
    from sqlalchemy.dialects.sqlite import insert

    _, engine, tables = alchemy(path)
    document = tables["document"]
    statement = insert(document).values([{"code": "d-1", "title": "Act"}, {"code": "x-1", "title": "New"}])
    statement = statement.on_conflict_do_update(index_elements=["code"], set_={"title": statement.excluded.title})
    with engine.begin() as connection:
        connection.execute(statement)


@plays("SQLAlchemy", "objects", [
    ACT, NEW, ("UPDATE membership_return SET members_total=9 WHERE unit='u-9'",),
    ("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u-1', '2026-06-30', 'territorial', 3)",)])
def alchemy_objects(path):
    from sqlalchemy.ext.automap import automap_base
    from sqlalchemy.orm import Session

    _, engine, _ = alchemy(path)
    base = automap_base()
    base.prepare(autoload_with=engine)
    document, membership = base.classes.document, base.classes.membership_return
    with Session(engine) as session:
        session.get(document, "d-1").title = "Act"
        session.add(document(code="x-1", title="New", federation="ftuu"))
        session.merge(membership(unit="u-9", as_of="2025-12-31", axis="territorial", members_total=9))
        session.merge(membership(unit="u-1", as_of="2026-06-30", axis="territorial", members_total=3, federation="ftuu"))
        session.commit()


# peewee

def peewee_models(path):
    import peewee

    db = peewee.SqliteDatabase(path)

    class Document(peewee.Model):
        code = peewee.TextField(primary_key=True)
        title = peewee.TextField(null=True)

        class Meta:
            database = db
            table_name = "document"

    class MembershipReturn(peewee.Model):
        unit = peewee.TextField()
        as_of = peewee.DateField()
        axis = peewee.TextField()
        members_total = peewee.IntegerField(null=True)

        class Meta:
            database = db
            table_name = "membership_return"
            primary_key = peewee.CompositeKey("unit", "as_of", "axis")

    return Document, MembershipReturn


@plays("peewee", "models", [
    ACT, NEW, ("UPDATE membership_return SET members_total=9 WHERE unit='u-9'",),
    ("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u-1', '2026-06-30', 'territorial', 3)",)])
def peewee_save(path):
    import datetime

    document, membership = peewee_models(path)
    row = document.get_by_id("d-1")
    row.title = "Act"
    row.save()
    document.create(code="x-1", title="New")
    membership.update(members_total=9).where(membership.unit == "u-9").execute()
    membership.create(unit="u-1", as_of=datetime.date(2026, 6, 30), axis="territorial", members_total=3)


@plays("peewee", "upsert", [ACT, NEW])
def peewee_upsert(path):
    document, _ = peewee_models(path)
    rows = [{"code": "d-1", "title": "Act"}, {"code": "x-1", "title": "New"}]
    document.insert_many(rows).on_conflict(
        conflict_target=[document.code], preserve=[document.title]).execute()


# Django

def django_models(path):
    import django
    from django.conf import settings
    from django.db import models

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path}}, USE_TZ=False)
    django.setup()

    class Document(models.Model):
        code = models.TextField(primary_key=True)
        title = models.TextField(null=True)
        published_on = models.DateField(null=True)

        class Meta:
            managed = False
            app_label = "birlik"
            db_table = "document"

    class MembershipReturn(models.Model):
        pk = models.CompositePrimaryKey("unit", "as_of", "axis")
        unit = models.TextField()
        as_of = models.DateField()
        axis = models.TextField()
        members_total = models.IntegerField(null=True)

        class Meta:
            managed = False
            app_label = "birlik"
            db_table = "membership_return"

    return Document, MembershipReturn


@plays("Django", "models", [
    ACT, NEW, ("UPDATE document SET published_on='2026-03-04' WHERE code='d-1'",),
    ("UPDATE membership_return SET members_total=9 WHERE unit='u-9'",),
    ("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('u-1', '2026-06-30', 'territorial', 3)",)])
def django_save(path):
    import datetime

    document, membership = django_models(path)
    row = document.objects.get(code="d-1")
    row.title, row.published_on = "Act", datetime.date(2026, 3, 4)
    row.save()
    document.objects.create(code="x-1", title="New")
    membership.objects.filter(unit="u-9").update(members_total=9)
    membership.objects.create(unit="u-1", as_of=datetime.date(2026, 6, 30), axis="territorial", members_total=3)


@plays("Django", "update_or_create and bulk_create", [ACT, NEW])
def django_upsert(path):
    document, _ = django_models(path)
    document.objects.update_or_create(code="d-1", defaults={"title": "Act"})
    document.objects.bulk_create(
        [document(code="x-1", title="New")], update_conflicts=True, unique_fields=["code"], update_fields=["title"])


# sqlite-utils, the command

def utils(*arguments, stdin=None):
    return command(pathlib.Path(sys.executable).parent / "sqlite-utils", *arguments, stdin=stdin)


@plays("sqlite-utils", "insert", [NEW])
def utils_insert(path):
    utils("insert", path, "document", "-", stdin='[{"code": "x-1", "title": "New"}]')


@plays("sqlite-utils", "upsert", [ACT, NEW])
def utils_upsert(path):
    utils("upsert", path, "document", "-", "--pk", "code",
          stdin='[{"code": "d-1", "title": "Act"}, {"code": "x-1", "title": "New"}]')


@plays("sqlite-utils", "insert --replace", [
    ("INSERT OR REPLACE INTO document(code, title) VALUES('d-1', 'Act')",), NEW])
def utils_replace(path):
    utils("insert", path, "document", "-", "--pk", "code", "--replace",
          stdin='[{"code": "d-1", "title": "Act"}, {"code": "x-1", "title": "New"}]')


@plays("sqlite-utils", "query", [ACT])
def utils_query(path):
    utils(path, "UPDATE document SET title='Act' WHERE code='d-1'")


@plays("sqlite-utils", "transform: rename", [], refused="datatype mismatch")
def utils_rename(path):
    utils("transform", path, "document", "--rename", "title", "nomi")


@plays("sqlite-utils", "transform: drop", [], refused="datatype mismatch")
def utils_drop(path):
    utils("transform", path, "membership_return", "--drop", "members_total")


@plays("sqlite-utils", "own column and view", [ACT], holds=[
    ("SELECT phone FROM document WHERE code='d-1'", [("1",)]), ("SELECT count(*) FROM titles", [(3,)])])
def utils_column(path):
    utils("add-column", path, "document", "phone", "text")
    utils("create-view", path, "titles", "SELECT title FROM document")
    utils("create-index", path, "document", "title")
    utils(path, "UPDATE document SET title='Act', phone='1' WHERE code='d-1'")


@plays("sqlite-utils", "convert", [("UPDATE document SET title=upper(title)",)])
def utils_convert(path):
    utils("convert", path, "document", "title", "value.upper()")


@plays("sqlite-utils", "enable-wal", [ACT])
def utils_wal(path):
    utils("enable-wal", path)
    utils(path, "UPDATE document SET title='Act' WHERE code='d-1'")


@plays("sqlite-utils", "enable-fts", [], refused="rowid")
def utils_search(path):
    utils("enable-fts", path, "document", "title", "--create-triggers")


# Datasette's API for writing

def datasette(path, address, body):
    import asyncio
    import json

    from datasette.app import Datasette

    async def post():
        rights = {"insert-row": True, "update-row": True, "delete-row": True, "alter-table": True}
        server = Datasette(files=[path], config={"permissions": rights})
        await server.invoke_startup()
        answer = await server.client.post(f"/a/{address}", json=body, headers={"Content-Type": "application/json"},
                                          actor={"id": "clerk"})
        if answer.status_code >= 300:
            sys.exit(f"{answer.status_code} {json.dumps(answer.json())}")

    asyncio.run(post())


@plays("Datasette", "upsert", [ACT, NEW])
def datasette_upsert(path):
    datasette(path, "document/-/upsert", {"rows": [{"code": "d-1", "title": "Act"}, {"code": "x-1", "title": "New"}]})


@plays("Datasette", "update", [ACT])
def datasette_update(path):
    datasette(path, "document/d-1/-/update", {"update": {"title": "Act"}, "return": True})


@plays("Datasette", "delete", [("DELETE FROM document WHERE code='d-3'",)])
def datasette_delete(path):
    datasette(path, "document/d-3/-/delete", {})


@plays("Datasette", "own column", [], holds=[("SELECT count(phone) FROM document", [(0,)])])
def datasette_alter(path):
    datasette(path, "document/-/alter", {"operations": [{"op": "add_column", "args": {"name": "phone", "type": "text"}}]})


@plays("Datasette", "insert", [], refused="rowid")
def datasette_insert(path):
    datasette(path, "document/-/insert", {"row": {"code": "x-1", "title": "New"}})


@plays("Datasette", "rename a column", [], refused="datatype mismatch")
def datasette_rename(path):
    datasette(path, "document/-/alter", {"operations": [{"op": "rename_column", "args": {"name": "title", "to": "nomi"}}]})


# DuckDB

def duck(path):
    import duckdb
    import duckdb_extension_sqlite_scanner

    folder = pathlib.Path(duckdb_extension_sqlite_scanner.__file__).parent
    (extension,) = folder.rglob("*.duckdb_extension")
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute(f"LOAD '{extension}'")
    db.execute(f"ATTACH '{path}' AS office (TYPE sqlite)")
    return db


@plays("DuckDB", "insert", [NEW])
def duck_insert(path):
    duck(path).execute("INSERT INTO office.document(code, title) VALUES('x-1', 'New')")


@plays("DuckDB", "update", [], refused="rowid")
def duck_update(path):
    duck(path).execute("UPDATE office.document SET title='Act' WHERE code='d-1'")


@plays("DuckDB", "delete", [], refused="ROWID")
def duck_delete(path):
    duck(path).execute("DELETE FROM office.document WHERE code='d-1'")


@plays("DuckDB", "table made anew", [ACT], is_rebuilt=True)
def duck_rebuild(path):
    db = duck(path)
    db.execute("CREATE TABLE kept AS SELECT * REPLACE (CASE WHEN code='d-1' THEN 'Act' ELSE title END AS title)"
               " FROM office.document")
    db.execute("DROP TABLE office.document")
    db.execute("CREATE TABLE office.document AS SELECT * FROM kept")


# R

for name, meaning in {
    "append": [("INSERT INTO document(code, title) VALUES('r-1', 'Anayasa'), ('r-2', 'Конституция'), ('r-3', NULL)",)],
    "overwrite": [("UPDATE document SET title='Labour code' WHERE code='d-1'",),
                  ("INSERT INTO document(code, title) VALUES('r-9', 'New')",)],
    "overwrite_numbers": [("UPDATE membership_return SET members_total=222 WHERE unit='u-2'",)],
}.items():
    plays("R's data frames", name, meaning, is_rebuilt=name != "append")(
        lambda path, name=name: command("Rscript", HERE / "programs/tables.R", path, name))


# The sqlite3 shell

@plays("sqlite3 commands", ".import", [
    ("INSERT INTO document(code, federation, title, publisher, published_on, url, note, remark)"
     " VALUES('x-1', 'ftuu', 'New', 'p', '2026-01-01', 'u', 'n', 'r')",)])
def shell_import(path):
    rows = pathlib.Path(f"{path}.csv")
    rows.write_text("x-1,ftuu,New,p,2026-01-01,u,n,r\n")
    command("sqlite3", path, ".mode csv", f".import {rows} document")


@plays("sqlite3 commands", ".import into an own table", [
    ("INSERT INTO document(code, title) VALUES('x-1', 'New')",)])
def shell_import_own(path):
    rows = pathlib.Path(f"{path}.csv")
    rows.write_text("code,title\nx-1,New\n")
    command("sqlite3", path, ".mode csv", f".import {rows} incoming",
            "INSERT INTO document(code, title) SELECT code, title FROM incoming")


def replaced(path, *commands):
    new = pathlib.Path(f"{path}.new")
    for text in commands:
        command("sh", "-c", text, path, new)
    new.replace(path)


@plays("sqlite3 commands", ".dump", [ACT], is_rebuilt=True)
def shell_dump(path):
    command("sqlite3", path, "UPDATE document SET title='Act' WHERE code='d-1'")
    replaced(path, 'sqlite3 "$0" .dump | sqlite3 "$1"')


@plays("sqlite3 commands", ".clone", [ACT, NEW], is_rebuilt=True)
def shell_clone(path):
    command("sqlite3", path, "UPDATE document SET title='Act' WHERE code='d-1'")
    replaced(path, 'sqlite3 "$0" ".clone $1"')
    command("sqlite3", path, "INSERT INTO document(code, title) VALUES('x-1', 'New')")


@plays("sqlite3 commands", "VACUUM INTO", [ACT])
def shell_vacuum(path):
    command("sqlite3", path, "UPDATE document SET title='Act' WHERE code='d-1'")
    replaced(path, 'sqlite3 "$0" "VACUUM INTO \'$1\'"')


# apsw, whose SQLite is newer than Debian's

@plays("apsw's newer SQLite", "RETURNING and STRICT", [ACT, NEW])
def apsw_new(path):
    import apsw

    db = apsw.Connection(path)
    db.execute("CREATE TABLE mine(a INTEGER) STRICT").fetchall()
    db.execute("UPDATE document SET title='Act' WHERE code='d-1' RETURNING code").fetchall()
    db.execute("INSERT INTO document(code, title) VALUES('x-1', 'New') RETURNING *").fetchall()


if __name__ == "__main__":
    _, client, name, path = sys.argv
    (scenario,) = [scenario for scenario in CLIENTS[client] if scenario.name == name]
    scenario.run(path)
