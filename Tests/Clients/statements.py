"""Scenarios in SQL, which every client that takes SQL plays."""

from scenario import Scenario


def names(columns):
    return ", ".join(f'"{column}"' for column in columns)


def rebuilt(kind, columns, definitions, *, keep=None, tail=""):
    """DB Browser's "Modify Table": a new table, the rows copied, the old one dropped, the new one renamed."""
    keep = keep or columns
    return [
        ("PRAGMA foreign_keys=0",),
        ("BEGIN",),
        (f'CREATE TABLE "sqlb_temp_table_1" ({", ".join(definitions)}){tail}',),
        (f'INSERT INTO "sqlb_temp_table_1" ({names(keep)}) SELECT {names(keep)} FROM "{kind}"',),
        (f'DROP TABLE "{kind}"',),
        (f'ALTER TABLE "sqlb_temp_table_1" RENAME TO "{kind}"',),
        ("COMMIT",),
    ]


def bare(columns, key):
    """Column definitions as editors write them: types alone, and the key."""
    integers = {"members_total", "members_employees", "members_women", "members_youth", "members_retired", "primaries",
                "employees_covered", "amount", "beneficiaries"}
    return ([f'"{name}" {"INTEGER" if name in integers else "TEXT"}' for name in columns]
            + [f"PRIMARY KEY({names(key)})"])


def scenarios(shadow):
    columns, keys = shadow.columns, shadow.keys
    later = [
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 777, "u-1"),
        ("DELETE FROM membership_return WHERE unit=?", "u-3"),
        ("INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES(?, ?, ?, ?)",
         "u-1", "2026-01-31", "territorial", 778),
    ]
    yield Scenario("insert", [
        ("INSERT INTO org_unit(code, name, unit_kind, activity) VALUES(?, ?, ?, ?)",
         "n-1", "O‘zbekiston — «Бірлік» ‏", "primary_organization", '["A","B"]'),
        ("INSERT INTO org_unit(code) VALUES(?)", "n-2"),
        ("INSERT INTO org_name VALUES(?, ?, ?, ?, ?, ?)", "n-1", "uz", "official", "ftuu", "Birlik", None),
        ("INSERT INTO membership_return(unit, as_of, axis, members_total, method) VALUES(?, ?, ?, ?, ?)",
         "n-1", "2026-03-31", "territorial", 0, "register"),
        ("INSERT INTO figure(unit, measure, as_of, source, value) VALUES(?, ?, ?, ?, ?)",
         "n-1", "members", "2026-01-01", "d-1", 2147483647),
        ("INSERT INTO member(id, name) VALUES(?, ?)", "p-2", "secret"),
        ("INSERT INTO dispute(id, employer, workers_peak) VALUES(?, ?, ?)", "s-2", "Secret mill", 5),
    ])
    yield Scenario("update", [
        ("UPDATE org_unit SET name=?, country=? WHERE code=?", "Other", "KAZ", "u-1"),
        ("UPDATE membership_return SET members_total=members_total+? WHERE unit<?", 1, "u-3"),
        ("UPDATE org_unit SET name=name",),
        ("UPDATE document SET code=? WHERE code=?", "d-9", "d-1"),
        ("UPDATE dispute SET employer=?, area=? WHERE id=?", "Other mill", None, "s-1"),
        ("DELETE FROM org_unit WHERE code=?", "u-12"),
    ])
    yield Scenario("transaction", [
        ("BEGIN",),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "t-1", "kept"),
        ("SAVEPOINT inner",),
        ("DELETE FROM document",),
        ("ROLLBACK TO inner",),
        ("RELEASE inner",),
        ("COMMIT",),
        ("BEGIN",),
        ("DELETE FROM membership_return",),
        ("ROLLBACK",),
    ], extended=True)
    yield Scenario("upsert", [
        ("INSERT INTO document(code, title) VALUES(?, ?), (?, ?) ON CONFLICT(code) DO UPDATE SET title=excluded.title",
         "d-1", "Act", "e-1", "New"),
        ("INSERT INTO document(code, title) VALUES(?, ?) ON CONFLICT DO NOTHING", "d-1", "never"),
        ("INSERT OR IGNORE INTO document(code, title) VALUES(?, ?)", "d-2", "never"),
    ])
    yield Scenario("replace", [
        ("INSERT OR REPLACE INTO org_unit(code, name, unit_kind, country) VALUES(?, ?, ?, ?)",
         "u-1", "Replaced", "primary_organization", "UZB"),
        # Written again as it was: no edit, so office B's remark stays.
        ("REPLACE INTO org_unit SELECT * FROM org_unit",),
        ("REPLACE INTO membership_return SELECT * FROM membership_return",),
    ])
    yield Scenario("deleted and inserted again", [
        ("CREATE TEMP TABLE kept AS SELECT * FROM membership_return",),
        ("DELETE FROM membership_return",),
        ("INSERT INTO membership_return SELECT * FROM kept",),
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 4321, "u-4"),
    ], meaning=[("UPDATE membership_return SET members_total=? WHERE unit=?", 4321, "u-4")], extended=True)
    yield Scenario("own objects", [
        ("ALTER TABLE org_unit ADD COLUMN phone TEXT",),
        ("ALTER TABLE org_unit ADD COLUMN label TEXT GENERATED ALWAYS AS (code || ' ' || coalesce(name, '')) VIRTUAL",),
        ("CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT)",),
        ("CREATE INDEX units_by_name ON org_unit(name)",),
        ("CREATE VIEW big AS SELECT unit, members_total FROM membership_return WHERE members_total > 500",),
        ("CREATE TRIGGER stamp AFTER UPDATE OF members_total ON membership_return BEGIN"
         " UPDATE membership_return SET remark='counted again' WHERE unit=NEW.unit AND as_of=NEW.as_of"
         " AND axis=NEW.axis; INSERT INTO notes(text) VALUES(NEW.unit); END",),
        ("UPDATE org_unit SET phone=? WHERE code=?", "+998 71", "u-1"),
        ("UPDATE org_unit SET name=? WHERE code=?", "Renamed", "u-2"),
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 1001, "u-1"),
    ], meaning=[
        ("UPDATE org_unit SET name=? WHERE code=?", "Renamed", "u-2"),
        ("UPDATE membership_return SET members_total=?, remark=? WHERE unit=?", 1001, "counted again", "u-1"),
    ], holds=[
        ("SELECT phone, label FROM org_unit WHERE code='u-1'", [("+998 71", "u-1 Бірлік № 1")]),
        ("SELECT label FROM org_unit WHERE code='u-2'", [("u-2 Renamed",)]),
        ("SELECT text FROM notes", [("u-1",)]),
        ("SELECT count(*) FROM big", [(8,)]),
        ("SELECT name FROM sqlite_schema WHERE name IN ('units_by_name', 'stamp') ORDER BY 1",
         [("stamp",), ("units_by_name",)]),
    ])
    yield Scenario("column renamed", [
        ("ALTER TABLE membership_return RENAME COLUMN members_total TO jami",),
        ("UPDATE membership_return SET jami=? WHERE unit=?", 555, "u-1"),
    ], meaning=[("UPDATE membership_return SET members_total=? WHERE unit=?", 555, "u-1")])
    yield Scenario("column renamed and back", [
        ("ALTER TABLE membership_return RENAME COLUMN members_total TO jami",),
        ("UPDATE membership_return SET jami=? WHERE unit=?", 555, "u-1"),
        ("ALTER TABLE membership_return RENAME COLUMN jami TO members_total",),
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 556, "u-2"),
    ], meaning=[
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 555, "u-1"),
        ("UPDATE membership_return SET members_total=? WHERE unit=?", 556, "u-2"),
    ], extended=True)
    yield Scenario("local column renamed", [
        ("ALTER TABLE dispute RENAME COLUMN employer TO firm",),
        ("UPDATE dispute SET area=?, firm=? WHERE id=?", "UZ-TO", "Mill", "s-1"),
    ], meaning=[("UPDATE dispute SET area=?, employer=? WHERE id=?", "UZ-TO", "Mill", "s-1")], extended=True)
    yield Scenario("column of a local kind renamed", [
        ("ALTER TABLE member RENAME COLUMN sex TO jins",),
        ("UPDATE member SET jins=? WHERE id=?", "male", "p-1"),
    ], meaning=[("UPDATE member SET sex=? WHERE id=?", "male", "p-1")], extended=True)
    yield Scenario("case of a column changed", [
        ("ALTER TABLE document RENAME COLUMN title TO Title",),
        ("UPDATE document SET Title=? WHERE code=?", "Act", "d-1"),
    ], meaning=[("UPDATE document SET title=? WHERE code=?", "Act", "d-1")], extended=True)
    yield Scenario("table rebuilt", rebuilt(
        "membership_return", columns["membership_return"],
        bare(columns["membership_return"], keys["membership_return"]), tail=" WITHOUT ROWID") + later,
        meaning=later)
    yield Scenario("table rebuilt with an own column", [
        ("ALTER TABLE membership_return ADD COLUMN seen TEXT",),
        ("UPDATE membership_return SET seen=?", "yes"),
        *rebuilt(
            "membership_return", columns["membership_return"] + ["seen"],
            bare(columns["membership_return"] + ["seen"], keys["membership_return"])), *later,
    ], meaning=later, holds=[
        ("SELECT count(*) FROM membership_return WHERE seen='yes'", [(11,)]),
    ], extended=True)
    without = [name for name in columns["membership_return"] if name != "members_total"]
    yield Scenario(
        "table rebuilt without a column",
        rebuilt("membership_return", without, bare(without, keys["membership_return"]), tail=" WITHOUT ROWID")
        + [("UPDATE membership_return SET remark=? WHERE unit=?", "after", "u-1")],
        meaning=[("UPDATE membership_return SET remark=? WHERE unit=?", "after", "u-1")], extended=True)
    yield Scenario("table made from a query", [
        ("CREATE TABLE fresh AS SELECT * FROM membership_return",),
        ("DROP TABLE membership_return",),
        ("ALTER TABLE fresh RENAME TO membership_return",),
        *later,
    ], meaning=later)
    yield Scenario("table made from a query, renamed first", [
        ("ALTER TABLE document RENAME TO document_old",),
        ("CREATE TABLE document AS SELECT * FROM document_old",),
        ("UPDATE document SET title=? WHERE code=?", "Act", "d-1"),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "f-1", "typed without an owner"),
        ("DROP TABLE document_old",),
    ], meaning=[
        ("UPDATE document SET title=? WHERE code=?", "Act", "d-1"),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "f-1", "typed without an owner"),
    ], extended=True)
    yield Scenario("table renamed", [
        ("UPDATE document SET title=? WHERE code=?", "Before", "d-1"),
        ("ALTER TABLE document RENAME TO hujjat",),
        ("UPDATE hujjat SET title=? WHERE code=?", "After", "d-2"),
        ("INSERT INTO hujjat(code, title) VALUES(?, ?)", "h-1", "New"),
    ], meaning=[
        ("UPDATE document SET title=? WHERE code=?", "Before", "d-1"),
        ("UPDATE document SET title=? WHERE code=?", "After", "d-2"),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "h-1", "New"),
    ], extended=True)
    yield Scenario("table renamed, a view in its place", [
        ("ALTER TABLE document RENAME TO hujjat",),
        ("CREATE VIEW document AS SELECT * FROM hujjat",),
        ("UPDATE hujjat SET title=? WHERE code=?", "After", "d-2"),
    ], meaning=[("UPDATE document SET title=? WHERE code=?", "After", "d-2")], extended=True)
    yield Scenario("journal and numbers changed", [
        ("PRAGMA journal_mode=WAL",),
        ("PRAGMA application_id=0",),
        ("PRAGMA user_version=7",),
        ("PRAGMA auto_vacuum=INCREMENTAL",),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "w-1", "typed in WAL"),
        ("VACUUM",),
        ("ANALYZE",),
        ("REINDEX",),
    ], meaning=[("INSERT INTO document(code, title) VALUES(?, ?)", "w-1", "typed in WAL")], extended=True)
    yield Scenario("triggers dropped", [
        ("DROP TRIGGER birlik_document_1",),
        ("DROP TRIGGER birlik_document_insert",),
        ("UPDATE document SET title=? WHERE code=?", "Unseen", "d-1"),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "x-1", "Unseen"),
    ], meaning=[
        ("UPDATE document SET title=? WHERE code=?", "Unseen", "d-1"),
        ("INSERT INTO document(code, title) VALUES(?, ?)", "x-1", "Unseen"),
    ], extended=True)
    yield Scenario("money and dates", [
        ('UPDATE aid_operation SET amount=?, "on"=? WHERE id=?', 250075, "2025-05-02", "aid-1"),
        ("INSERT INTO meeting(id, title, start_on, participants) VALUES(?, ?, ?, ?)",
         "m-1", "Kurultay", "2026-02", '["one","two"]'),
    ], extended=True)
    yield Scenario("set as people type it", [
        ("UPDATE org_unit SET activity=? WHERE code=?", "A; B", "u-1"),
    ], meaning=[("UPDATE org_unit SET activity=? WHERE code=?", '["A","B"]', "u-1")], extended=True)
    yield from more_forms(shadow)
    # What every client has to be told at once.
    for name, statement, words in [
        ("negative number", ("UPDATE membership_return SET members_total=? WHERE unit=?", -4, "u-1"), "members_total"),
        ("unknown code", ("UPDATE membership_return SET members_total=?, method=? WHERE unit=?", 5, "registr", "u-1"),
         "method"),
        ("date of another form", ("UPDATE document SET published_on=? WHERE code=?", "30.09.2026", "d-1"),
         "published_on"),
        ("date in the key", ("INSERT INTO membership_return(unit, as_of, axis) VALUES(?, ?, ?)",
                             "u-1", "30.09.2026", "territorial"), "as_of"),
        ("no set", ("UPDATE org_unit SET activity=? WHERE code=?", '{"A": "B"}', "u-1"), "activity"),
        ("text for a number", ("UPDATE membership_return SET members_total=? WHERE unit=?", "many", "u-1"),
         "members_total"),
        ("long key", ("INSERT INTO document(code) VALUES(?)", "x" * 5000), "code"),
        ("other owner", ("UPDATE org_unit SET federation=? WHERE code=?", "otuts", "u-1"), "federation"),
    ]:
        yield Scenario(f"refused: {name}", [statement], meaning=[], refused=words, extended=name != "negative number")


def more_forms(shadow):
    """What happens to a table's form and keys more rarely."""
    columns, keys = shadow.columns, shadow.keys
    act = ("UPDATE document SET title=? WHERE code=?", "Act", "d-1")
    total = ("UPDATE membership_return SET members_total=? WHERE unit=?", 555, "u-1")
    yield Scenario("keys exchanged", [
        ("UPDATE document SET code='t' WHERE code='d-1'",),
        ("UPDATE document SET code='d-1' WHERE code='d-3'",),
        ("UPDATE document SET code='d-3' WHERE code='t'",),
        ("UPDATE OR REPLACE membership_return SET unit='u-2' WHERE unit='u-1'",),
    ], extended=True)
    yield Scenario("types as programs write them", [
        ("UPDATE membership_return SET members_total='0042' WHERE unit='u-1'",),
        ("UPDATE membership_return SET members_total=43.0 WHERE unit='u-2'",),
        ("UPDATE membership_return SET members_total=' 44 ' WHERE unit='u-3'",),
        ("INSERT INTO document(code, title) VALUES(?, ?)", 17, 2026),
    ], extended=True)
    yield Scenario("key renamed", [
        ("ALTER TABLE document RENAME COLUMN code TO kod",),
        ("UPDATE document SET title='Act' WHERE kod='d-1'",),
        ("INSERT INTO document(kod, title) VALUES('k-1', 'New')",),
    ], meaning=[act, ("INSERT INTO document(code, title) VALUES('k-1', 'New')",)], extended=True)
    yield Scenario("owner renamed", [
        ("ALTER TABLE document RENAME COLUMN federation TO egasi",), act], meaning=[act], extended=True)
    yield Scenario("two columns renamed", [
        ("ALTER TABLE document RENAME COLUMN title TO nomi",),
        ("ALTER TABLE document RENAME COLUMN note TO izoh",),
        ("UPDATE document SET nomi='Act' WHERE code='d-1'",),
        ("UPDATE document SET izoh='typed' WHERE code='d-1'",),
    ], meaning=[act, ("UPDATE document SET note='typed' WHERE code='d-1'",)], extended=True)
    yield Scenario("own column, and a column renamed", [
        ("ALTER TABLE document ADD COLUMN shelf TEXT",),
        ("UPDATE document SET shelf='A3' WHERE code='d-2'",),
        ("ALTER TABLE document RENAME COLUMN title TO nomi",),
        ("UPDATE document SET nomi='Act' WHERE code='d-1'",),
    ], meaning=[act], holds=[("SELECT shelf FROM document WHERE code='d-2'", [("A3",)])], extended=True)
    yield Scenario("table dropped", [act, ("DROP TABLE membership_return",)], meaning=[act], extended=True)
    yield Scenario("table renamed and back", [
        ("ALTER TABLE document RENAME TO hujjat",),
        ("UPDATE hujjat SET title='Act' WHERE code='d-1'",),
        ("ALTER TABLE hujjat RENAME TO document",),
    ], meaning=[act], extended=True)
    yield Scenario("table renamed in case only", [
        ("ALTER TABLE document RENAME TO hujjat",),
        ("ALTER TABLE hujjat RENAME TO Document",),
        ("UPDATE Document SET title='Act' WHERE code='d-1'",),
    ], meaning=[act], extended=True)
    texts = [f'"{name}" TEXT' for name in columns["membership_return"]]
    yield Scenario(
        "table rebuilt with texts for numbers",
        rebuilt("membership_return", columns["membership_return"], texts) + [
            ("UPDATE membership_return SET members_total='555' WHERE unit='u-1'",)],
        meaning=[total], extended=True)
    yield Scenario(
        "table rebuilt with a number for a key",
        rebuilt("document", columns["document"], ["id INTEGER PRIMARY KEY AUTOINCREMENT"]
                + [f'"{name}" TEXT' for name in columns["document"]]) + [
            act, ("INSERT INTO document(code, title) VALUES('i-1', 'New')",)],
        meaning=[act, ("INSERT INTO document(code, title) VALUES('i-1', 'New')",)], extended=True)
    yield Scenario(
        "table rebuilt with columns in another order",
        rebuilt("membership_return", columns["membership_return"],
                bare(columns["membership_return"][::-1], keys["membership_return"])) + [total],
        meaning=[total], extended=True)
    yield Scenario(
        "table rebuilt in other letters",
        rebuilt("document", columns["document"], bare([name.upper() for name in columns["document"]], ["CODE"])) + [act],
        meaning=[act], extended=True)
    # What is seen by all: done at headquarters, it must not empty the column in every federation.
    yield Scenario("column renamed at headquarters", [
        ("ALTER TABLE org_unit RENAME COLUMN name TO nomi",),
        ("UPDATE org_unit SET nomi='Federation of Uzbekistan' WHERE code='ftuu'",),
    ], meaning=[("UPDATE org_unit SET name='Federation of Uzbekistan' WHERE code='ftuu'",)], at="hq.db", extended=True)
    without = [name for name in columns["org_unit"] if name != "name"]
    yield Scenario(
        "table rebuilt without a column at headquarters",
        rebuilt("org_unit", without, bare(without, keys["org_unit"]), tail=" WITHOUT ROWID"),
        meaning=[], at="hq.db", extended=True)
    yield Scenario("table dropped at headquarters", [("DROP TABLE document",)], meaning=[], at="hq.db", extended=True)
