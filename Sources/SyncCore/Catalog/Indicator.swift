/// A consolidated figure that the catalog defines.
public struct Indicator: Sendable, Equatable {
  /// The name that users type, such as `members`.
  public var id: String
  /// What the indicator is called in messages to people.
  public var title: String
  public var definition: Definition

  public init(id: String, title: String, definition: Definition) {
    self.id = id
    self.title = title
    self.definition = definition
  }

  public enum Definition: Sendable, Equatable {
    case stock(Stock)
    case openUnits(OpenUnits)
    case ratio(Ratio)
  }

  /// Which kind holds the units (the tree's nodes), and its columns.
  public struct Units: Sendable, Equatable {
    /// The kind with one record a unit, such as `org_unit`; its only key column is the unit's code.
    public var kind: String
    /// The code field with the sort of unit.
    public var sortField: String
    /// The date field from which the unit is open; empty means always.
    public var openedField: String
    /// The date field from which it is closed; empty means never.
    public var closedField: String
    /// The code field that makes a unit a row of the consolidated table, such as `membership_status`.
    public var statusField: String
    /// The values of `statusField` that do, such as `member` and `observer`.
    public var statuses: [String]
    /// The kind of parent links: key `child, axis, valid_from`.
    public var linkKind: String
    /// Its field with the parent's code.
    public var parentField: String
    /// Its field with the date at which the link ends.
    public var linkEndField: String

    public init(
      kind: String, sortField: String, openedField: String, closedField: String, statusField: String,
      statuses: [String], linkKind: String, parentField: String, linkEndField: String
    ) {
      self.kind = kind
      self.sortField = sortField
      self.openedField = openedField
      self.closedField = closedField
      self.statusField = statusField
      self.statuses = statuses
      self.linkKind = linkKind
      self.parentField = parentField
      self.linkEndField = linkEndField
    }
  }

  /// Where published figures are: an append-only kind with the key `unit, measure, as_of, source`.
  public struct Published: Sendable, Equatable {
    public var kind: String
    /// The value of its `measure` column.
    public var measure: String
    public var valueField: String
    /// By its name, the code field that says how exact a figure is, such as `at_least`, where the kind has one.
    public static let precisionField = "precision"

    public init(kind: String, measure: String, valueField: String) {
      self.kind = kind
      self.measure = measure
      self.valueField = valueField
    }
  }

  /// The last value at or before the date per unit, summed along one axis (a stock: last in time).
  public struct Stock: Sendable, Equatable {
    /// The kind of returns.
    public var kind: String
    /// Its key columns, in the key's order: unit, date, axis.
    public var unitColumn: String
    public var dateColumn: String
    public var axisColumn: String
    /// The axis along which totals are summed unless another is named.
    public var axis: String
    /// The integer field that is summed.
    public var valueField: String
    /// The sorts of unit whose returns are not summed, because those of the units below them are.
    public var excludedSorts: [String]
    /// The sorts of unit that are expected to report.
    public var expectedSorts: [String]
    public var units: Units
    public var published: Published

    public init(
      kind: String, unitColumn: String, dateColumn: String, axisColumn: String, axis: String, valueField: String,
      excludedSorts: [String], expectedSorts: [String], units: Units, published: Published
    ) {
      self.kind = kind
      self.unitColumn = unitColumn
      self.dateColumn = dateColumn
      self.axisColumn = axisColumn
      self.axis = axis
      self.valueField = valueField
      self.excludedSorts = excludedSorts
      self.expectedSorts = expectedSorts
      self.units = units
      self.published = published
    }
  }

  /// How many units of one sort are open at the date.
  public struct OpenUnits: Sendable, Equatable {
    public var sort: String
    public var units: Units
    public var published: Published

    public init(sort: String, units: Units, published: Published) {
      self.sort = sort
      self.units = units
      self.published = published
    }
  }

  /// One indicator divided by another; never summed.
  public struct Ratio: Sendable, Equatable {
    public var numerator: String
    public var denominator: String
    /// 1 for a plain ratio, 100 for percent.
    public var factor: Int64

    public init(numerator: String, denominator: String, factor: Int64) {
      self.numerator = numerator
      self.denominator = denominator
      self.factor = factor
    }
  }
}
