import SyncCore

/// A figure opened to what it is made of: the units directly below, the unit's own returns, and what has no place.
///
/// ```text
/// the figure = what the unit itself adds + the figures of the units below + what has no place under it
/// ```
public struct TotalsExplanation: Sendable, Equatable {
  /// One unit with everything under it.
  public struct Child: Sendable, Equatable {
    public var unit: String
    public var name: String
    public var sort: String
    /// Over everything under the child, itself included.
    public var tally: Tally
    /// What the child itself adds.
    public var own: Item?

    public init(unit: String, name: String, sort: String, tally: Tally, own: Item?) {
      self.unit = unit
      self.name = name
      self.sort = sort
      self.tally = tally
      self.own = own
    }

    public var counted: Int64? { tally.counted }
  }

  /// A return with what becomes of it.
  public struct Item: Sendable, Equatable {
    public enum Verdict: String, Sendable {
      case counts
      /// Counts, and is older than the period asked for.
      case carried
      /// Another return counts, and says something else for its day or a later one.
      case contradicts
      /// A later one counts.
      case earlier
      /// It is as of a day after the one asked for.
      case later
      /// It holds no figure.
      case notCollected = "not_collected"
      /// The unit is not open.
      case closed
      /// The units below report the same people.
      case notAdded = "not_added"
    }

    public var asOf: String
    /// The federation that reported it.
    public var federation: String
    /// The figure; nil where none was collected, or it is withheld.
    public var value: Int64?
    public var isWithheld: Bool
    public var verdict: Verdict

    public init(asOf: String, federation: String, value: Int64?, isWithheld: Bool, verdict: Verdict) {
      self.asOf = asOf
      self.federation = federation
      self.value = value
      self.isWithheld = isWithheld
      self.verdict = verdict
    }
  }

  /// What has no place under a federation, for one cause.
  public struct Loose: Sendable, Equatable {
    public var cause: NotPlaced
    public var units: [Child]

    public init(cause: NotPlaced, units: [Child]) {
      self.cause = cause
      self.units = units
    }

    public var tally: Tally { units.reduce(into: Tally()) { $0 += $1.tally } }
  }

  public var indicator: String
  public var measure: TotalsReport.Measure
  public var unit: String
  public var name: String
  public var sort: String
  public var asOf: String
  public var axis: String
  /// The figure that is opened.
  public var total: Tally
  /// What the unit itself adds.
  public var own: Tally
  /// The unit's returns along the axis, by date.
  public var returns: [Item]
  public var children: [Child]
  public var notPlaced: [Loose]
  /// Published figures of the unit, all of them: two published totals are two facts.
  public var published: [PublishedFigure]

  public init(
    indicator: String, measure: TotalsReport.Measure, unit: String, name: String, sort: String, asOf: String,
    axis: String, total: Tally, own: Tally,
    returns: [Item], children: [Child], notPlaced: [Loose], published: [PublishedFigure]
  ) {
    self.indicator = indicator
    self.measure = measure
    self.unit = unit
    self.name = name
    self.sort = sort
    self.asOf = asOf
    self.axis = axis
    self.total = total
    self.own = own
    self.returns = returns
    self.children = children
    self.notPlaced = notPlaced
    self.published = published
  }

  /// What the parts add up to: the total, or the explanation is wrong.
  public var sum: Tally {
    var sum = own
    for child in children { sum += child.tally }
    for loose in notPlaced { sum += loose.tally }
    return sum
  }
}
