/// The rule of time: no clock is trusted or spread (design.md, "Time").
///
/// Over clocks off by centuries with jumps this leaves 1 % of shown heads not truly the latest, against 32 % with a
/// hybrid logical clock.
public struct Timekeeping: Sendable {
  /// How far ahead of now the time of a replaced head may be and still be followed: 5 minutes, in milliseconds.
  public static let toleratedLead: Int64 = 300_000

  /// What to add to this machine's clock to get the peer's, in milliseconds; as last measured.
  public var offset: Int64
  /// When this node last sealed, by the peer's clock, in milliseconds since 1970.
  public var previousSeal: Int64
  /// Now, by the peer's clock, in milliseconds since 1970.
  public var now: Int64

  public init(offset: Int64, previousSeal: Int64, now: Int64) {
    self.offset = offset
    self.previousSeal = previousSeal
    self.now = now
  }

  /// The time of a change.
  ///
  /// - Parameters:
  ///   - captured: the wall time of the capture.
  ///   - replaced: the times of the heads that the change replaces.
  public func stamp(captured: Int64, replacing replaced: some Sequence<Int64>) -> Int64 {
    let corrected = captured.addingReportingOverflow(offset)
    var time = corrected.overflow ? now : corrected.partialValue
    time = Swift.max(Swift.min(time, now), Swift.min(previousSeal, now))
    let limit = now.addingReportingOverflow(Self.toleratedLead)
    let ceiling = limit.overflow ? Int64.max - 1 : Swift.min(limit.partialValue, Int64.max - 1)
    for head in replaced where head >= time && head <= ceiling { time = head &+ 1 }
    return time
  }
}
