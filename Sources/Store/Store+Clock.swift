import Limits
import SyncCore

/// How far this machine's clock is from headquarters'.
public struct ClockReading: Sendable, Equatable {
  /// A clock that is off by more than this is told to the person: one minute, in milliseconds.
  public static let tolerance: Int64 = 60_000

  /// What to add to this machine's clock to get headquarters', in milliseconds.
  public var offset: Int64
  /// When it was last measured by headquarters' clock, in milliseconds since 1970; nil where it never was. An hour may
  /// pass before an equal measurement is noted.
  public var measuredAt: Int64?
  /// When it was first found to be off, by headquarters' clock; nil while it is not.
  public var wrongSince: Int64?

  public init(offset: Int64, measuredAt: Int64?, wrongSince: Int64?) {
    self.offset = offset
    self.measuredAt = measuredAt
    self.wrongSince = wrongSince
  }

  public var isWrong: Bool { offset.magnitude > Self.tolerance.magnitude }

  /// What is wrong, since when, and what to do; nil for a clock that is right.
  public var warning: String? {
    guard isWrong else { return nil }
    let side = offset > 0 ? "behind" : "ahead of"
    let since = wrongSince.map { ", since \(Moment($0).words) or earlier" } ?? ""
    return "this machine's clock is \(Moment.duration(milliseconds: offset)) \(side) headquarters'\(since): look at it "
      + "with `timedatectl`, and have it set with `timedatectl set-ntp true`; edits are stamped by headquarters' clock "
      + "meanwhile"
  }

  /// The offset, or what leads to a possible time where the measured one does not.
  ///
  /// - Parameter wall: this machine's clock.
  func usableOffset(wall: Int64) -> Int64 {
    let now = Timekeeping.now(wall: wall, offset: offset, measuredAt: measuredAt, within: WireLimits.clock)
    let (usable, overflow) = now.subtractingReportingOverflow(wall)
    return overflow ? 0 : usable
  }

  /// True when a person should hear of it anew: it went wrong, or to the other side, or by a minute more or less.
  public func isNews(after other: ClockReading?) -> Bool {
    guard isWrong else { return other?.isWrong ?? false }
    guard let other, other.isWrong else { return true }
    return (offset &- other.offset).magnitude > Self.tolerance.magnitude
  }
}

extension Store {
  /// How far this machine's clock is off, as last measured.
  public func clockReading() throws -> ClockReading { try read { try ClockReading(in: $0.meta) } }

  /// What to add to this machine's clock to get headquarters', in milliseconds: as last measured, unless that leads to an
  /// impossible time.
  public func clockOffset(wall: Int64 = SystemClock.now()) throws -> Int64 {
    try read { try ClockReading(in: $0.meta).usableOffset(wall: wall) }
  }

  /// Remembers how far this machine's clock is off, in milliseconds.
  ///
  /// - Parameter now: this machine's clock.
  public func setClockOffset(_ offset: Int64, now: Int64 = SystemClock.now()) throws {
    let known = try clockReading()
    // Small differences are the network's; writing each would cost a durable commit at every sync.
    let isSmall = (known.offset &- offset).magnitude <= 250
    var reading = ClockReading(offset: isSmall ? known.offset : offset, measuredAt: nil, wrongSince: nil)
    let (time, overflow) = now.addingReportingOverflow(reading.offset)
    reading.measuredAt = overflow ? now : time
    reading.wrongSince = reading.isWrong ? known.wrongSince ?? reading.measuredAt : nil
    let age = (reading.measuredAt ?? now).subtractingReportingOverflow(known.measuredAt ?? Int64.min)
    let isOld = known.measuredAt == nil || age.overflow || age.partialValue > 3_600_000 || age.partialValue < 0
    guard !isSmall || isOld || (reading.wrongSince == nil) != (known.wrongSince == nil) else { return }
    try write { try reading.save(in: $0.meta) }
  }
}

extension ClockReading {
  /// As last measured.
  init(in meta: MetaTable) throws {
    self.init(
      offset: try meta.integer(.offset) ?? 0, measuredAt: try meta.integer(.clockMeasuredAt),
      wrongSince: try meta.integer(.clockWrongSince))
  }

  fileprivate func save(in meta: MetaTable) throws {
    try meta.set(.offset, .integer(offset))
    try meta.set(.clockMeasuredAt, measuredAt.map { .integer($0) } ?? .null)
    try meta.set(.clockWrongSince, wrongSince.map { .integer($0) } ?? .null)
  }
}
