import Foundation

/// Deterministic randomness: one seed, one sequence (SplitMix64), the same on every machine.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// The first seed of a run: 0, or `BIRLIK_SEED` to look further or to replay one.
  public static let firstSeed = UInt64(ProcessInfo.processInfo.environment["BIRLIK_SEED"] ?? "") ?? 0

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 up to but not including `limit`.
  public mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % limit }

  /// True in `percent` of a hundred cases.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// One of `elements`, which may not be empty.
  public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// As many bytes as `count`, each below `limit`.
  public mutating func bytes(_ count: Int, below limit: Int = 256) -> [UInt8] {
    (0..<count).map { _ in UInt8(below(limit)) }
  }
}
