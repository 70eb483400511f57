"""python3 run_apsw.py DATABASE SCRIPT: runs each statement of the script by apsw, with its own newer SQLite."""

import sys

import apsw

connection = apsw.Connection(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    sql, *parameters = line.rstrip("\n").split("\t")
    values = [{"n": lambda _: None, "i": int}.get(parameter[0], str)(parameter[1:]) for parameter in parameters]
    connection.execute(sql, values).fetchall()
