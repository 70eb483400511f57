"""What a client does in office A, and what it means."""

import dataclasses
import re


@dataclasses.dataclass
class Scenario:
    """One piece of a clerk's work with one program.

    `statements` are run by clients that take SQL, each (SQL, parameter...). `run` is called with the path of the
    database instead, for clients that write by themselves.
    """

    name: str
    statements: list = dataclasses.field(default_factory=list)
    run: object = None
    # What the same work is in plain tables; the statements themselves when None.
    meaning: list | None = None
    # Queries of office A's file after the sync, with the rows that they have to give.
    holds: list = dataclasses.field(default_factory=list)
    # The client must fail with these words, and nothing may have changed.
    refused: str | None = None
    # What the sync must say.
    said: str | None = None
    # Whether the client builds the table anew.
    is_rebuilt: bool = False
    # Where the client works.
    at: str = "a.db"
    # Played by few clients, as they all run SQL alike.
    extended: bool = False

    @property
    def is_unseen(self):
        """Whether a trigger may miss edits: the table was built anew, or triggers were dropped."""
        return self.is_rebuilt or any(re.search(r"\b(DROP|RENAME)\b", sql) for sql, *_ in self.statements)

    @property
    def meant(self):
        return self.statements if self.meaning is None else self.meaning


def literal(statement):
    """The statement with its parameters written into it, for clients that bind none."""
    sql, *parameters = statement
    parts = sql.split("?")
    text = parts[0]
    for parameter, part in zip(parameters, parts[1:], strict=True):
        if parameter is None:
            text += "NULL"
        elif isinstance(parameter, int):
            text += str(parameter)
        else:
            text += "'" + parameter.replace("'", "''") + "'"
        text += part
    return text


def bound(statement):
    """One line: the statement and its parameters, separated by tabs, each with a letter for its type before it."""
    sql, *parameters = statement
    cells = [sql]
    for parameter in parameters:
        letter = "n" if parameter is None else "i" if isinstance(parameter, int) else "t"
        cells.append(letter + ("" if parameter is None else str(parameter)))
    line = "\t".join(cells)
    assert "\n" not in line and line.count("\t") == len(parameters)
    return line
