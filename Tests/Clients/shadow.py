"""What the rows have to be: the same edits in plain tables, without Birlik and without a trigger."""

import sqlite3

# The kinds that the scenarios write; the last one never leaves the file into which it is typed.
KINDS = ("org_unit", "org_name", "org_link", "document", "figure", "membership_return", "dispute", "meeting",
         "aid_operation", "member")
LOCAL_KINDS = {"member"}
LOCAL_COLUMNS = {("dispute", "employer")}


class Shadow:
    """A database in memory with the tables of a node as they were made, and the edits that were meant."""

    def __init__(self, path):
        node = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.memory = sqlite3.connect(":memory:", isolation_level=None)
        self.columns, self.keys = {}, {}
        for kind in KINDS:
            (text,) = node.execute("SELECT sql FROM sqlite_schema WHERE type='table' AND name=?", (kind,)).fetchone()
            self.memory.execute(text)
            information = node.execute(f"PRAGMA table_info({kind})").fetchall()
            self.columns[kind] = [row[1] for row in information]
            self.keys[kind] = [row[1] for row in sorted(information, key=lambda row: row[5]) if row[5]]
            marks = ", ".join("?" * len(information))
            self.memory.executemany(
                f"INSERT INTO {kind} VALUES({marks})", node.execute(f"SELECT * FROM {kind}").fetchall())
        node.close()

    def edit(self, statement, parameters=()):
        self.memory.execute(statement, parameters)

    def rows(self, kind, connection=None, is_home=True):
        """The rows of a kind by key, in the columns of the catalog. What never leaves the file is left out elsewhere."""
        columns = [name for name in self.columns[kind] if is_home or (kind, name) not in LOCAL_COLUMNS]
        names = ", ".join(f'"{name}"' for name in columns)
        order = ", ".join(f'"{name}"' for name in self.keys[kind])
        found = (connection or self.memory).execute(f"SELECT {names} FROM {kind} ORDER BY {order}").fetchall()
        return [dict(zip(columns, row)) for row in found]

    def differences(self, path, is_home):
        """What a node shows other than was meant, as sentences."""
        found = []
        node = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for kind in KINDS:
            if kind in LOCAL_KINDS and not is_home:
                if count := node.execute(f"SELECT count(*) FROM {kind}").fetchone()[0]:
                    found.append(f"{kind}: {count} rows left the file into which they were typed")
                continue
            try:
                shown = self.rows(kind, node, is_home)
            except sqlite3.Error as error:
                found.append(f"{kind}: {error}")
                continue
            found += self.compared(kind, self.rows(kind, None, is_home), shown)
        node.close()
        return found

    def compared(self, kind, meant, shown):
        def by_key(rows):
            return {tuple(row[name] for name in self.keys[kind]): row for row in rows}

        meant, shown, found = by_key(meant), by_key(shown), []
        for key in sorted(meant.keys() | shown.keys(), key=repr):
            if key not in shown:
                found.append(f"{kind} {key} is missing")
            elif key not in meant:
                found.append(f"{kind} {key} should not be there")
            else:
                found += [
                    f"{kind} {key} {name}: {shown[key][name]!r} instead of {value!r}"
                    for name, value in meant[key].items()
                    if not same(value, shown[key][name])
                ]
        return found


def same(meant, shown):
    return type(meant) is type(shown) and meant == shown

