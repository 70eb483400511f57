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

  /// Whether the unit was closed before it was opened. It was opened again, then, and counts from that day.
  public var isReopened: Bool {
    guard let opened, let closed else { return false }
    return closed.last <= opened.first
  }
}

/// One return of a unit, as far as totals ask.
public struct UnitReturn: Sendable, Equatable {
  /// The owner of the return.
  public var federation: String
  public var axis: String
  /// The date as written, such as `2025-10`.
  public var date: String
  /// What the return is as of; it counts from the last day of that.
  public var asOf: DayRange
  /// The figure; nil means that it was not collected, which is not zero.
  public var value: Int64?
  /// Whether there is a figure that is withheld, because it counts too few people: the unit reported, and adds
  /// nothing.
  public var isWithheld: Bool

  public init(
    federation: String, axis: String, date: String, asOf: DayRange, value: Int64?, isWithheld: Bool = false
  ) {
    self.federation = federation
    self.axis = axis
    self.date = date
    self.asOf = asOf
    self.value = value
    self.isWithheld = isWithheld && value == nil
  }

  /// What the return adds; nil where nothing was collected.
  public var amount: Int64? { value ?? (isWithheld ? 0 : nil) }

  var day: Int32 { asOf.last.number }

  func says(otherThan other: Self) -> Bool { value != other.value }
}

/// Where an amount is counted.
public struct TotalKey: Hashable, Comparable, Sendable {
  public var federation: String
  /// The axis of a stock, the sort of a count of units, or empty for what belongs to no axis.
  public var slot: String
  /// The day as of which the return is that adds the amount; `Int32.min` for what stems from no return.
  public var vintage: Int32
  /// From which day, as `CalendarDay.number`; `Int32.min` means always.
  public var day: Int32

  public init(federation: String, slot: String, vintage: Int32 = Contributions.always, day: Int32) {
    self.federation = federation
    self.slot = slot
    self.vintage = vintage
    self.day = day
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.federation, a.slot, a.vintage, a.day) < (b.federation, b.slot, b.vintage, b.day)
  }
}

/// By how much a total changes on a day.
public struct TotalDelta: Hashable, Sendable {
  /// Wide enough for the sum of more figures than a file can hold, so no sum is ever wrong.
  public var amount: Int128
  /// Units that reported.
  public var reported: Int64
  /// Units expected to report.
  public var expected: Int64
  /// Of those that reported the ones whose figure is withheld.
  public var withheld: Int64
  /// Of those that reported the ones of which another return says something else.
  public var contradicted: Int64
  /// Of those that reported the ones that nobody registered, or that belong to another federation.
  public var astray: Int64

  public init(
    amount: Int128 = 0, reported: Int64 = 0, expected: Int64 = 0, withheld: Int64 = 0, contradicted: Int64 = 0,
    astray: Int64 = 0
  ) {
    self.amount = amount
    self.reported = reported
    self.expected = expected
    self.withheld = withheld
    self.contradicted = contradicted
    self.astray = astray
  }

  public var isZero: Bool { self == Self() }

  public static func += (a: inout Self, b: Self) {
    a.amount &+= b.amount
    a.reported &+= b.reported
    a.expected &+= b.expected
    a.withheld &+= b.withheld
    a.contradicted &+= b.contradicted
    a.astray &+= b.astray
  }

  public static prefix func - (a: Self) -> Self {
    Self(
      amount: 0 &- a.amount, reported: 0 &- a.reported, expected: 0 &- a.expected, withheld: 0 &- a.withheld,
      contradicted: 0 &- a.contradicted, astray: 0 &- a.astray)
  }
}
