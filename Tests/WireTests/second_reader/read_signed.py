#!/usr/bin/env python3
"""Reads what headquarters signed: a node card, a receipt, or evidence, written from the page "Wire format" alone.

    python3 read_signed.py card|receipt|evidence FILE PUBLIC_KEY_HEX

Prints one line of JSON. Exit code 1 when it is not whole, altered or not signed by the key.
"""

import hashlib
import json
import sys

from read_segment import Reader, Refused, check_signature


class SignedReader(Reader):
    def text(self, limit):
        return self.sized(limit).decode("utf-8")

    def tip(self):
        origin, number, digest = self.raw(24).hex(), self.count((1 << 63) - 1), self.raw(32).hex()
        if number < 1:
            raise Refused("a tip has no number")
        return {"origin": origin, "sequence": number, "hash": digest}

    def frontier(self):
        """The tips with their channels, and the bytes that they took."""
        start, entries = self.place, []
        for _ in range(self.count(65_536)):
            channel = self.text(37)
            entries += [{"channel": channel, **self.tip()} for _ in range(self.count(65_536 - len(entries)))]
        return entries, self.data[start : self.place]

    def signature(self, domain, public_key):
        """The 64 bytes at the end, over the domain and everything before."""
        signed = self.data[: self.place]
        check_signature(public_key, self.raw(64), domain + b"\0" + signed)
        self.finish()


def read_card(data, public_key):
    reader = SignedReader(data)
    if reader.byte() != 1:
        raise Refused("unknown form")
    key = reader.raw(32)
    role = reader.byte()
    if role > 1:
        raise Refused("unknown role")
    card = {
        "node": hashlib.sha256(key).digest()[:16].hex(),
        "key": key.hex(),
        "headquarters": role == 1,
        "federation": reader.text(32),
        "name": reader.text(256),
        "issued_at": reader.signed(),
    }
    reader.signature(b"birlik.card.v1", public_key)
    return card


def read_receipt(data, public_key):
    if len(data) > 65_536:
        raise Refused("it is too large")
    reader = SignedReader(data)
    receipt = {"node": reader.raw(16).hex(), "at": reader.signed()}
    receipt["tips"], _ = reader.frontier()
    receipt["open"] = reader.raw(32).hex()
    reader.signature(b"birlik.receipt.v2", public_key)
    return receipt


def read_evidence(data, public_key):
    reader = SignedReader(data)
    if reader.raw(4) != b"BRE1":
        raise Refused("it does not begin with BRE1")
    card = read_card(reader.sized(1024), public_key)
    entries, frontier_bytes = reader.frontier()
    receipts = [read_receipt(reader.sized(65_536), public_key) for _ in range(reader.count(4096))]
    reader.finish()
    if any(receipt["node"] != card["node"] for receipt in receipts):
        raise Refused("a receipt is of another node")
    digest = hashlib.sha256(b"birlik.frontier.v1\0" + frontier_bytes).hexdigest()
    bound = [receipt["at"] for receipt in receipts if receipt["open"] == digest]
    return {"card": card, "open": entries, "receipts": receipts, "bound_at": bound[-1] if bound else None}


READERS = {"card": read_card, "receipt": read_receipt, "evidence": read_evidence}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in READERS:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        with open(sys.argv[2], "rb") as file:
            found = READERS[sys.argv[1]](file.read(), bytes.fromhex(sys.argv[3]))
    except (Refused, UnicodeDecodeError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
