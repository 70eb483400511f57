#!/usr/bin/env python3
"""Reads a Birlik segment, written from the page "Wire format" and nothing else.

    python3 read_segment.py FILE PUBLIC_KEY_HEX

Prints every change as one line of JSON; texts, elements and keys are bytes and stand there in hexadecimal digits.
Says on standard error which segment it is. Exit code 1 when it is not whole, altered or not signed by the key.
Needs the modules cryptography and zstandard.
"""

import hashlib
import json
import sys

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BODY_BYTES = 16_777_216
STATES = ["absent", "null", "integer", "text", "elements"]
OPERATIONS = ["deletion", "insertion", "edit"]


class Refused(Exception):
    pass


def wrapped(number):
    """A number modulo 2**64 as a signed one."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


class Reader:
    def __init__(self, data):
        self.data = data
        self.place = 0

    def raw(self, count):
        if count > len(self.data) - self.place:
            raise Refused("the bytes end too early")
        self.place += count
        return self.data[self.place - count : self.place]

    def byte(self):
        return self.raw(1)[0]

    def varint(self):
        result = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            result |= (byte & 127) << shift
            if byte < 128:
                if (byte == 0 and shift > 0) or result >= 1 << 64:
                    break
                return result
        raise Refused("a number is too long")

    def count(self, limit):
        value = self.varint()
        if value > limit:
            raise Refused(f"{value} where {limit} are allowed")
        return value

    def signed(self):
        value = self.varint()
        return value >> 1 if value & 1 == 0 else -(value >> 1) - 1

    def sized(self, limit):
        return self.raw(self.count(limit))

    def runs(self, total, limit):
        numbers = []
        while len(numbers) < total:
            run = self.count(total - len(numbers))
            number = self.count(limit)
            if run == 0:
                raise Refused("an empty run")
            numbers += [number] * run
        return numbers

    def finish(self):
        if self.place != len(self.data):
            raise Refused("bytes follow the end")


def read_header(data):
    reader = Reader(data)
    header = {"origin": reader.raw(24).hex(), "channel": reader.sized(37).decode("utf-8")}
    header["first"] = reader.count((1 << 63) - 1)
    header["count"] = reader.count(65_536)
    header["predecessor"] = reader.raw(32).hex()
    header["catalog"] = reader.count((1 << 31) - 1)
    header["sealed_at"] = reader.signed()
    header["context"] = [
        (reader.raw(24).hex(), reader.count((1 << 63) - 1), reader.raw(32).hex())
        for _ in range(reader.count(16_384))
    ]
    header["packing"] = reader.byte()
    header["size"] = reader.count(BODY_BYTES)
    header["body"] = reader.raw(32)
    reader.finish()
    if header["first"] < 1 or header["count"] < 1 or header["packing"] > 1:
        raise Refused("the header is impossible")
    return header


def key_column(reader, count):
    texts = []
    for place in range(count):
        mark = reader.count(4097)
        if mark == 0:
            if place == 0:
                raise Refused("the first key repeats nothing")
            texts.append(texts[-1])
            continue
        before = texts[-1] if texts else b""
        if mark - 1 > len(before):
            raise Refused("a key shares more than there is")
        texts.append(before[: mark - 1] + reader.sized(4096))
    return texts


def integers(reader, count):
    mode = reader.byte()
    if mode > 1:
        raise Refused("unknown integers")
    numbers = []
    for _ in range(count):
        number = reader.signed()
        numbers.append(wrapped(number + numbers[-1]) if mode == 1 and numbers else number)
    return numbers


def texts(reader, count):
    mode = reader.byte()
    if mode == 0:
        return [reader.sized(1_048_576) for _ in range(count)]
    if mode == 1:
        dictionary = [reader.sized(1_048_576) for _ in range(reader.count(count))]
        return [dictionary[reader.count(len(dictionary) - 1)] for _ in range(count)]
    raise Refused("unknown texts")


def field_column(reader, changes):
    """For each change None or (state, value)."""
    field, register = reader.count(65_535), reader.count(65_535)
    states = reader.runs(changes, 4)
    numbers = iter(integers(reader, states.count(2)) if 2 in states else [])
    strings = iter(texts(reader, states.count(3)) if 3 in states else [])
    counts = [reader.count(1_048_576) for state in states if state == 4]
    total = sum(counts)
    elements = iter(list(zip(texts(reader, total), reader.runs(total, 1))) if total else [])
    counts = iter(counts)
    cells = []
    for state in states:
        value = None
        if state == 2:
            value = next(numbers)
        elif state == 3:
            value = next(strings)
        elif state == 4:
            value = [next(elements) for _ in range(next(counts))]
        cells.append((STATES[state], value))
    return field, register, cells


def read_block(reader, left):
    kind = reader.count(65_535)
    count = reader.count(left)
    key_columns = reader.count(4)
    if count == 0 or key_columns == 0:
        raise Refused("a kind without changes or without a key")
    keys = [key_column(reader, count) for _ in range(key_columns)]
    operations = reader.runs(count, 2)
    captured = []
    for _ in range(count):
        captured.append(wrapped(reader.signed() + (captured[-1] if captured else 0)))
    shifts = reader.runs(count, (1 << 64) - 1)
    flags = reader.runs(count, 1)
    columns = [field_column(reader, count) for _ in range(reader.count(128))]
    for place in range(count):
        change = {
            "kind": kind,
            "operation": OPERATIONS[operations[place]],
            "key": [column[place].hex() for column in keys],
            "captured": captured[place],
            "time": wrapped(captured[place] + shifts[place]),
            "flagged": flags[place] == 1,
            "values": [],
            "elements": [],
        }
        for field, register, cells in columns:
            state, value = cells[place]
            name = {"field": field, "register": register}
            if state == "elements":
                change["elements"] += [
                    {**name, "hex": text.hex(), "present": present == 1} for text, present in value
                ]
            elif state == "integer":
                change["values"].append({**name, "state": state, "integer": value})
            elif state == "text":
                change["values"].append({**name, "state": state, "hex": value.hex()})
            elif state == "null":
                change["values"].append({**name, "state": state})
        yield change


def unpacked(body, size):
    try:
        data = zstandard.ZstdDecompressor().decompress(body, max_output_size=size)
    except zstandard.ZstdError as error:
        raise Refused("the body does not unpack") from error
    if len(data) != size:
        raise Refused("the body has another size")
    return data


def check_signature(public_key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Refused("the signature is not that of the key") from error


def read_segment(data, public_key):
    reader = Reader(data)
    if reader.raw(4) != b"BRS1":
        raise Refused("it does not begin with BRS1")
    header_bytes = reader.sized(4_194_304)
    signature = reader.raw(64)
    body = reader.sized(4_194_304)
    reader.finish()
    header = read_header(header_bytes)
    if hashlib.sha256(body).digest() != header["body"]:
        raise Refused("the body is not the one that the header names")
    digest = hashlib.sha256(b"birlik.segment.v1\0" + header_bytes).digest()
    check_signature(public_key, signature, b"birlik.segment.signature.v1\0" + digest)
    print(f"segment {digest.hex()} of {header['channel']}: the signature is right", file=sys.stderr)
    reader = Reader(unpacked(body, header["size"]) if header["packing"] else body)
    if len(reader.data) != header["size"]:
        raise Refused("the body has another size")
    changes = []
    for _ in range(reader.count(header["count"])):
        changes += read_block(reader, header["count"] - len(changes))
    reader.finish()
    if len(changes) != header["count"]:
        raise Refused("it holds fewer changes than it announces")
    return [{"sequence": header["first"] + place, **change} for place, change in enumerate(changes)]


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        with open(sys.argv[1], "rb") as file:
            changes = read_segment(file.read(), bytes.fromhex(sys.argv[2]))
    except (Refused, UnicodeDecodeError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    for change in changes:
        print(json.dumps(change))
    return 0


if __name__ == "__main__":
    sys.exit(main())
