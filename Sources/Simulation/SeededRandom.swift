/// Deterministic randomness: one seed, one sequence (SplitMix64), the same in every process.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 up to but not including `limit`; 0 when there is nothing to choose from.
  mutating func below(_ limit: Int) -> Int {
    limit > 1 ? Int(truncatingIfNeeded: next() >> 33) % limit : 0
  }

  /// True in `percent` of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { percent > 0 && below(100) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
