/// How many bytes a node puts on the line in one message, learned from what became of the messages before.
///
/// Some lines cut every connection after a while, or are so slow that a large message never ends in time. A message that
/// broke there breaks there again, so the next ones are smaller, and what arrived of them is kept.
public struct LineSize: Sendable, Equatable {
  /// The first size after a message broke, and the smallest and the largest that are tried.
  public static let first = 32 << 10
  public static let smallest = 8 << 10
  public static let largest = 256 << 10
  /// How many messages of the smallest size may break one after the other.
  public static let attempts = 5

  /// The size of a message; nil while the line carries whatever is put on it.
  public private(set) var bytes: Int?
  /// Messages that broke since one arrived.
  private var failures = 0
  /// Whether anything broke at all.
  private var hasBroken = false

  /// - Parameter remembered: the size with which the sync before ended, whatever a file says of it.
  public init(remembered: Int64? = nil) {
    guard let remembered, remembered > 0, remembered <= Int64(Self.largest) else { return }
    bytes = max(Int(remembered), Self.smallest)
  }

  /// How many bytes to ask for in one answer. It comes in some parts, and what came is stored.
  ///
  /// The other side fills half of it.
  public var answerLimit: Int { bytes.map { $0 * 4 } ?? Int.max }

  /// A message broke.
  ///
  /// One that breaks where others of its size arrived shows that the connection ended, and not that it was too large.
  ///
  /// - Returns: whether to try again.
  public mutating func messageBroke() -> Bool {
    defer {
      failures += 1
      hasBroken = true
    }
    guard let known = bytes else {
      bytes = Self.first
      return true
    }
    if failures > 0 { bytes = max(Self.smallest, known / 2) }
    return known > Self.smallest || failures < Self.attempts
  }

  /// A message arrived, or a part of one.
  public mutating func messageArrived() { failures = 0 }

  /// The size to remember for the next sync: a larger one where nothing broke in this one.
  ///
  /// - Parameter isTried: whether so much went over the line that it would have shown.
  public func remembered(isTried: Bool) -> Int64? {
    guard let bytes else { return nil }
    guard !hasBroken, isTried else { return Int64(bytes) }
    return bytes >= Self.largest ? nil : Int64(bytes) * 2
  }
}
