import SyncCore

/// What totals need of a unit's own record.
public struct UnitRecord: Sendable, Equatable {
  /// The owner of the record.
  public var federation: String
  /// What sort of unit it is, such as `primary_organization`; empty when not valid or not given.
  public var sort: String
  /// From when it is open; nil means always.
  public var opened: DayRange?
  /// From when it is closed; nil means never.
  public var closed: DayRange?

  public init(federation: String, sort: String, opened: DayRange?, closed: DayRange?) {
    self.federation = federation
    self.sort = sort
    self.opened = opened
    self.closed = closed
  }
}

/// One return of a unit, as far as totals ask.
public struct UnitReturn: Sendable, Equatable {
  /// The owner of the return.
  public var federation: String
  public var axis: String
  /// What the return is as of; it counts from the last day of that.
  public var asOf: DayRange
  /// The figure; nil means that it was not collected, which is not zero.
  public var value: Int64?
  /// Whether there is a figure that is withheld, because it counts too few people: the unit reported, and adds
  /// nothing.
  public var isWithheld: Bool

  public init(federation: String, axis: String, asOf: DayRange, value: Int64?, isWithheld: Bool = false) {
    self.federation = federation
    self.axis = axis
    self.asOf = asOf
    self.value = value
    self.isWithheld = isWithheld && value == nil
  }

  /// What the return adds; nil where nothing was collected.
  var amount: Int64? { value ?? (isWithheld ? 0 : nil) }
}

/// Where an amount is counted.
public struct TotalKey: Hashable, Comparable, Sendable {
  public var federation: String
  /// The axis of a stock, the sort of a count of units, or empty for what belongs to no axis.
  public var slot: String
  /// From which day, as `CalendarDay.number`; `Int32.min` means always.
  public var day: Int32

  public init(federation: String, slot: String, day: Int32) {
    self.federation = federation
    self.slot = slot
    self.day = day
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.federation, a.slot, a.day) < (b.federation, b.slot, b.day)
  }
}

/// By how much a total changes on a day.
public struct TotalDelta: Hashable, Sendable {
  public var amount: Int64
  /// Units that reported.
  public var reported: Int64
  /// Units expected to report.
  public var expected: Int64

  public init(amount: Int64 = 0, reported: Int64 = 0, expected: Int64 = 0) {
    self.amount = amount
    self.reported = reported
    self.expected = expected
  }

  public var isZero: Bool { amount == 0 && reported == 0 && expected == 0 }

  /// Adds without trapping: sums of hostile figures wrap and are caught by `verify`.
  public static func += (a: inout Self, b: Self) {
    a.amount &+= b.amount
    a.reported &+= b.reported
    a.expected &+= b.expected
  }

  public static prefix func - (a: Self) -> Self {
    Self(amount: 0 &- a.amount, reported: 0 &- a.reported, expected: 0 &- a.expected)
  }
}
