"""Random keys, texts, sets and numbers of every size, as a plain program writes them.

What the tables refuse, they refuse with a sentence that names the column. What they take arrives everywhere as it was
typed, byte for byte.
"""

import json
import random
import re
import sqlite3

from federation import NODES, Failed

SIZES = [0, 1, 2, 3, 20, 63, 255, 1000, 4000, 4095, 4096, 4097, 16_384, 65_000, 65_535, 65_536, 65_537, 140_000]
# What texts are made of: letters of many alphabets, what means something to SQL, JSON, CSV, paths and shells, controls.
PIECES = ["a", "Z", "ß", "İ", "ı", "ў", "葱", "😀", "e\u0301", "\u202e", "\ufeff", "\u00a0", "\u2028", " ", "  ", "/", "//", "\\",
          "'", '"', ";", ",", "\t", "\n", "\r\n", "\x01", "\x1f", "\x7f", "%", "_", "*", "?", "--", "NULL", "0", "-1", "1e5",
          "[", "]", "{", "\x85"]
# What is no UTF-8. No plain SQL can tell that from a text, so it passes the door, and has to be found in the inbox.
NO_TEXT = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"]
NUMBERS = [0, 1, -1, 2**31, -2**31, 2**53 + 1, 2**63 - 1, -2**63]
# "CHECK constraint failed: " and a sentence; a key that is missing or there; a trigger's own words.
SENTENCES = re.compile(r"CHECK constraint failed: \S+ \S+ \S+|NOT NULL constraint failed|UNIQUE constraint failed|set once"
                       r"|written once")


class Dice(random.Random):
    def size(self):
        return self.choice(SIZES) if self.random() < 0.3 else self.randrange(40)

    def text(self, size=None):
        """Bytes of a text of about so many bytes."""
        size = self.size() if size is None else size
        pieces = [piece.encode() for piece in self.sample(PIECES, self.randrange(1, 6))]
        if self.random() < 0.1:
            pieces.append(b"\0")
        text = b""
        while len(text) < size:
            fill = self.choice(pieces)
            # A text of exactly this size where it can be had.
            text += fill if len(text) + len(fill) <= size else b"x" * (size - len(text))
        return text

    def random_text(self, size):
        """What no packing makes smaller."""
        return "".join(self.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-", k=size)).encode()

    def set(self):
        """A set, in JSON."""
        count = self.choice([0, 1, 2, 5, 50, 500])
        elements = {self.text(self.randrange(1, 60)).decode("utf-8", "ignore").replace("\0", "") for _ in range(count)}
        elements = sorted(elements - {""}, key=str.encode)
        return json.dumps(elements, ensure_ascii=False, separators=(",", ":")).encode()


def rows(dice):
    """(kind, columns, values): values as bytes of text, numbers, blobs or None."""
    def key():
        return dice.choice([lambda: dice.text(), lambda: dice.text(dice.randrange(1, 30)), lambda: dice.random_text(12),
                            lambda: dice.random_text(12), lambda: None, lambda: 5])()

    def word():
        return dice.choice([None, dice.text(), dice.text(), dice.random_text(dice.size())])

    kind = dice.randrange(6)
    if kind == 0:
        return "org_unit", ("code", "name", "area", "activity", "remark"), (key(), word(), word(), dice.set(), word())
    if kind == 1:
        return "org_name", ("unit", "lang", "name_role", "name"), (key(), key(), b"official", word())
    if kind == 2:
        day = f"2{dice.randrange(10**3):03}-{dice.randrange(14):02}-{dice.randrange(33):02}".encode()
        return ("membership_return", ("unit", "as_of", "axis", "members_total", "remark"),
                (key(), day, b"territorial", dice.choice(NUMBERS), word()))
    if kind == 3:
        return "document", ("code", "title", "note", "url"), (key(), word(), word(), dice.random_text(dice.choice([20, 60_000, 65_536])))
    if kind == 4:
        return ("figure", ("unit", "measure", "as_of", "source", "value"),
                (key(), key(), b"2025-01-01", key(), dice.choice(NUMBERS)))
    return "meeting", ("id", "title", "participants"), (key(), word(), dice.set())


def typed(connection, kind, columns, values):
    """Inserts a row, and gives the refusal."""
    marks = ", ".join("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in values)
    names = ", ".join(f'"{column}"' for column in columns)
    try:
        connection.execute(f"INSERT INTO {kind}({names}) VALUES({marks})", values)
    except sqlite3.Error as error:
        return str(error)
    return None


def play(federation, seed, count=150):
    dice = Dice(seed)
    federation.serve()
    connection = sqlite3.connect(federation.path("a.db"), isolation_level=None)
    taken, refused = [], 0
    for _ in range(count):
        kind, columns, values = rows(dice)
        if refusal := typed(connection, kind, columns, values):
            if not SENTENCES.search(refusal):
                raise Failed(f"seed {seed}: {kind} {str(values)[:200]} was refused with “{refusal}”, which is no sentence")
            refused += 1
        else:
            taken.append((kind, columns, values))
    # What one clerk typed another one changes, to other sizes.
    for kind, columns, values in dice.sample(taken, len(taken) // 4):
        if kind in ("org_unit", "document"):
            column, text = columns[1], dice.text()
            try:
                connection.execute(f"UPDATE {kind} SET {column}=CAST(? AS TEXT) WHERE code=CAST(? AS TEXT)", (text, values[0]))
                taken = [(k, c, (v[0], text, *v[2:]) if (k, v[0]) == (kind, values[0]) else v) for k, c, v in taken]
            except sqlite3.IntegrityError:
                pass
    connection.close()
    federation.sync_all()
    wrong = [f"{node}: {problem}" for node in NODES for problem in missing(federation, node, taken)]
    for node in NODES:
        status = federation.document("status", "--database", node)
        if any(status[name] for name in ("conflicts", "inbox", "refused", "invalid", "unsealed", "unsent")):
            wrong.append(f"{node}: {federation.good('status', '--database', node)[:1500]}")
    if wrong:
        raise Failed(f"seed {seed}: " + "\n    ".join(text[:400] for text in wrong[:8]))
    federation.checked()
    if not taken or not refused:
        raise Failed(f"seed {seed}: {len(taken)} rows were taken and {refused} refused: the dice are loaded")


def play_no_text(federation):
    """What is no UTF-8 shows nowhere, and waits whole where the clerk looks; the valid value before it stays."""
    federation.serve()
    connection = sqlite3.connect(federation.path("a.db"), isolation_level=None)
    waiting = 0
    for index, text in enumerate(NO_TEXT):
        for statement, values in [
            ("UPDATE org_unit SET name=CAST(? AS TEXT) WHERE code=?", (b"bad " + text, f"u-{index + 1}")),
            ("INSERT INTO document(code, title) VALUES(CAST(? AS TEXT), 'kept')", (b"key " + text,)),
        ]:
            # SQLite may read a zero or another control character in it, which the door refuses.
            try:
                connection.execute(statement, values)
                waiting += 1
            except sqlite3.IntegrityError as error:
                if not SENTENCES.search(str(error)):
                    raise Failed(f"{text!r} was refused with “{error}”, which is no sentence") from error
    connection.close()
    federation.sync_all()
    inbox = federation.document("inbox", "--database", "a.db")
    if len(inbox) != waiting or waiting < len(NO_TEXT):
        raise Failed(f"{len(inbox)} of {waiting} edits that are no text are in the inbox: {str(inbox)[:1500]}")
    for node in NODES:
        connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True)
        for index in range(len(NO_TEXT)):
            code, name = f"u-{index + 1}", f"Бірлік № {index + 1}"
            if (shown := connection.execute("SELECT name FROM org_unit WHERE code=?", (code,)).fetchall()) != [(name,)]:
                raise Failed(f"{node}: org_unit {code} shows {shown} instead of the last valid name")
        connection.close()
    federation.checked()


def missing(federation, node, taken):
    connection = sqlite3.connect(f"file:{federation.path(node)}?mode=ro", uri=True)
    connection.text_factory = bytes
    found = []
    for kind, columns, values in taken:
        keys = [name for name in ("code", "unit", "lang", "name_role", "measure", "as_of", "axis", "source", "id")
                if name in columns]
        where = " AND ".join(f'"{name}"=CAST(? AS TEXT)' for name in keys)
        parameters = [values[columns.index(name)] for name in keys]
        names = ", ".join(f'"{name}"' for name in columns)
        shown = connection.execute(f"SELECT {names} FROM {kind} WHERE {where}", parameters).fetchall()
        # A number typed for a text is a text.
        meant = tuple(str(value).encode() if name in keys and isinstance(value, int) else value
                      for name, value in zip(columns, values))
        if len(shown) != 1 or not all(map(same, columns, shown[0], meant)):
            found.append(f"{kind} {str(parameters)[:150]} shows {short(shown)} instead of {short([meant])}")
    connection.close()
    return found


def same(column, shown, meant):
    """A set is the same in whatever order and form it is written."""
    if column not in ("activity", "participants") or shown == meant:
        return shown == meant
    return sorted(json.loads(shown or b"[]")) == sorted(set(json.loads(meant or b"[]")))


def short(shown):
    return [[value if not isinstance(value, bytes) or len(value) < 40 else value[:30] + b"..." + str(len(value)).encode()
             for value in row] for row in shown]
