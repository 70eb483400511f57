/// An entry that one side showed, and whether the other side holds what it names.
public struct FrontierMark: Sendable, Equatable {
  public let entry: FrontierEntry
  public let isHeld: Bool

  public init(entry: FrontierEntry, isHeld: Bool) {
    self.entry = entry
    self.isHeld = isHeld
  }

  /// Pairs the entries of a frontier with what the other side answered to each, in the same order.
  ///
  /// Entries beyond the answers get no mark: nothing is known of them.
  public static func marks(of frontier: [FrontierEntry], held: [Bool]) -> [FrontierMark] {
    zip(frontier, held).map { FrontierMark(entry: $0, isHeld: $1) }
  }
}
