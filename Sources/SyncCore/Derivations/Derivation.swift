/// How shared totals are made of personal data on the machine where the data is: which rows of a local kind are counted
/// into which records of a shared one, and below which number of people a figure is withheld.
///
/// ```swift
/// let derivation = catalog.derivation(named: "membership")
/// derivation?.source       // "member", a local kind
/// derivation?.target       // "membership_return", which travels
/// derivation?.threshold    // 10
/// ```
public struct Derivation: Sendable, Equatable {
  /// A figure of fewer people than this is always withheld, whatever a catalog sets: no catalog opens the register.
  public static let smallestThreshold: Int64 = 5
  public static let usualThreshold: Int64 = 10
  public static let largestThreshold: Int64 = 1_000_000

  /// The name that users type, such as `membership`.
  public var id: String
  /// What the derivation is called in messages to people.
  public var title: String
  /// The local kind whose rows are counted.
  public var source: String
  /// The shared kind that the figures are written to.
  public var target: String
  /// What a run is asked for.
  public var span: Span
  /// Where each column of the target's key comes from, in the key's order.
  public var key: [KeyPart]
  /// Which rows are counted: those for which all of this certainly holds.
  public var conditions: [Condition]
  public var measures: [Measure]
  /// Fields of the target that mark a derived record. One with other values was typed by a person and is left alone.
  public var marks: [Mark]
  /// The set of the target that names the fields whose figures are withheld; an empty field alone does not show it.
  public var withheldField: String
  /// A count of 1 up to one less than this is withheld.
  public var threshold: Int64
  /// Sums that others may know, against which withheld figures have to hold.
  public var sums: [KnownSum]

  public init(
    id: String, title: String, source: String, target: String, span: Span, key: [KeyPart], conditions: [Condition],
    measures: [Measure], marks: [Mark], withheldField: String, threshold: Int64, sums: [KnownSum]
  ) {
    self.id = id
    self.title = title
    self.source = source
    self.target = target
    self.span = span
    self.key = key
    self.conditions = conditions
    self.measures = measures
    self.marks = marks
    self.withheldField = withheldField
    self.threshold = threshold
    self.sums = sums
  }

  public enum Span: String, Sendable, CaseIterable {
    /// How it is on one day, such as `2026-09-30`.
    case day
    /// What came in one month, such as `2026-10`. No other length: a year less eleven months would be a month.
    case month
  }

  public enum KeyPart: Sendable, Equatable {
    /// The value of a field of the source.
    case field(String)
    /// Every element of a set of the source: one row counts once for each.
    case each(String)
    /// The day or the month that the run is asked for.
    case span
    /// The code of the federation whose machine it is.
    case federation
    /// Always the same text.
    case text(String)

    /// The source's field that the part comes from, if any.
    public var field: String? {
      switch self {
      case .field(let name), .each(let name): name
      case .span, .federation, .text: nil
      }
    }
  }

  public struct Condition: Sendable, Equatable {
    public var field: String
    public var test: Test
    /// Whether an empty field passes; else it leaves the row undecided, and such a row is not counted.
    public var allowsEmpty: Bool

    public init(field: String, test: Test, allowsEmpty: Bool = false) {
      self.field = field
      self.test = test
      self.allowsEmpty = allowsEmpty
    }
  }

  public enum Test: Sendable, Equatable {
    /// The date lies at or before the last day of the span.
    case reached
    /// The date lies after the last day of the span.
    case notReached
    /// The date lies in the span.
    case within
    /// So many years have not passed since the date on the last day of the span: the age of somebody born then.
    case younger(than: Int)
    /// The text is one of these.
    case oneOf([String])
  }

  public struct Measure: Sendable, Equatable {
    /// The whole number of the target that holds the figure.
    public var field: String
    /// Nil counts rows; a field of the source counts how many different texts are in it.
    public var distinct: String?
    /// Which of the counted rows are counted here; empty for all.
    public var conditions: [Condition]

    public init(field: String, distinct: String? = nil, conditions: [Condition] = []) {
      self.field = field
      self.distinct = distinct
      self.conditions = conditions
    }

    /// True for how many rows there are at all.
    public var isTotal: Bool { distinct == nil && conditions.isEmpty }
  }

  public struct Mark: Sendable, Equatable {
    public var field: String
    public var value: String

    public init(field: String, value: String) {
      self.field = field
      self.value = value
    }
  }

  /// Which records of a run have a sum that somebody may know.
  public enum KnownSum: Sendable, Equatable {
    /// All that differ in one column of the key alone.
    case over(String)
    /// All whose unit in that column is below one parent, by the links of a kind with the key child, axis, date.
    case under(column: String, linkKind: String, parentField: String, endField: String)

    public var column: String {
      switch self {
      case .over(let column), .under(let column, _, _, _): column
      }
    }
  }

  /// Every field of the source that a run reads, in ascending order.
  public var sourceFields: [String] {
    let conditions = conditions + measures.flatMap(\.conditions)
    let names = key.compactMap(\.field) + conditions.map(\.field) + measures.compactMap(\.distinct)
    return Set(names).sorted()
  }

  /// The measures that share out the total between them, as indexes of `measures`: what one of them does not count, and
  /// the others of its family do not either, is the rest. Codes of one field that exclude each other are one family.
  public var families: [[Int]] {
    var families: [[Int]] = []
    for (index, measure) in measures.enumerated() where !measure.conditions.isEmpty {
      let own = Self.codes(of: measure)
      let place = families.firstIndex { family in
        family.allSatisfy { other in
          guard let own, let theirs = Self.codes(of: measures[other]) else { return false }
          return own.field.sameBytes(as: theirs.field)
            && !own.codes.contains { code in theirs.codes.contains { $0.sameBytes(as: code) } }
        }
      }
      if let place { families[place].append(index) } else { families.append([index]) }
    }
    return families
  }

  private static func codes(of measure: Measure) -> (field: String, codes: [String])? {
    guard measure.conditions.count == 1, let condition = measure.conditions.first, !condition.allowsEmpty,
      case .oneOf(let codes) = condition.test
    else { return nil }
    return (condition.field, codes)
  }
}
