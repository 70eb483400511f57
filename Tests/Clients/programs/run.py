"""python3 run.py DATABASE SCRIPT: runs each statement of the script with its parameters bound, by sqlite3."""

import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in open(sys.argv[2], encoding="utf-8"):
    sql, *parameters = line.rstrip("\n").split("\t")
    values = [{"n": lambda _: None, "i": int}.get(parameter[0], str)(parameter[1:]) for parameter in parameters]
    connection.execute(sql, values)
