import TestSupport

/// Random values of the kinds that the wire carries.
extension SeededRandom {
  /// Small and extreme numbers, with both signs.
  mutating func integer() -> Int64 {
    switch below(6) {
    case 0: Int64(below(3)) - 1
    case 1: pick([.min, .min + 1, .max, .max - 1])
    case 2: Int64(below(200)) - 100
    case 3: Int64(1) << below(63)
    case 4: -(Int64(1) << below(63))
    default: Int64(bitPattern: next())
    }
  }

  /// Milliseconds since 1970, mostly of our days.
  mutating func time() -> Int64 { chance(90) ? 1_790_000_000_000 + Int64(below(100_000)) : integer() }

  /// Bytes of a text: often one of a few, sometimes empty, long, multibyte or no UTF-8 at all.
  mutating func text() -> [UInt8] {
    switch below(8) {
    case 0: []
    case 1, 2, 3: Array(pick(["estimate", "register", "dues", "İstanbul", "Қазақстан", "O‘zbekiston", "🙂"]).utf8)
    case 4: bytes(below(6))
    case 5: Array(repeating: UInt8(ascii: "x"), count: below(400))
    default: Array("unit-\(below(50))".utf8)
    }
  }

  /// A key column's text: no zero byte.
  mutating func keyText() -> [UInt8] {
    chance(50) ? Array("ftuu-\(below(40) + 100_000)".utf8) : text().filter { $0 != 0 }
  }
}
