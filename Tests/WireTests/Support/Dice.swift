/// A seeded source of chance (SplitMix64): one seed gives the same case on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  mutating func isLucky(percent: Int) -> Bool { below(100) < percent }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

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
  mutating func time() -> Int64 { isLucky(percent: 90) ? 1_790_000_000_000 + Int64(below(100_000)) : integer() }

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
    isLucky(percent: 50) ? Array("ftuu-\(below(40) + 100_000)".utf8) : text().filter { $0 != 0 }
  }
}
