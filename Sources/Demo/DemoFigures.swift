import Node
import ShippedFiles
import Store
import SyncCore

/// The registers that headquarters publishes, and the figures in them.
struct DemoFigures {
  struct Figure {
    var unit: String
    var measure: String
    var asOf: String
    var source: String
    var value: Int64
    var precision: String

    /// `at least 15,000,000`
    var words: String {
      let number = DemoText.grouped(value)
      return switch precision {
      case "at_least": "at least \(number)"
      case "approx": "about \(number)"
      default: number
      }
    }
  }

  private let figures: [Figure]

  // MARK: Loading

  /// Imports every published file into the kind of its name.
  ///
  /// - Returns: how many rows each kind got, by its title.
  static func load(into store: Store) throws -> [(title: String, rows: Int)] {
    let operation = "loading the published figures"
    let catalog = try store.catalog()
    return try ShippedFiles.figures.map { file in
      let kind = String(file.name.dropLast(".csv".count))
      let rows = try CSVRows(bytes: file.bytes, name: file.name)
      let report = try store.importRows(kind: kind, header: rows.header, isDryRun: false) { try rows.next() }
      if let problem = report.problems.first {
        throw NodeError(.data, operation, "line \(problem.line) of \(file.name): \(problem.reason)")
      }
      let title = catalog.kind(named: kind)?.title ?? kind
      return (title.prefix(1).lowercased() + title.dropFirst(), report.rows)
    }
  }

  // MARK: Asking

  init(_ store: Store) throws {
    var figures: [Figure] = []
    try store.eachRecord(kind: "figure") { record in
      let cells = DemoRecord(record)
      if let value = cells.integer("value") {
        figures.append(
          Figure(
            unit: cells.text("unit"), measure: cells.text("measure"), asOf: cells.text("as_of"),
            source: cells.text("source"), value: value, precision: cells.text("precision")))
      }
      return true
    }
    self.figures = figures
  }

  /// All figures of one measure, the latest first.
  func all(_ measure: String, of unit: String) -> [Figure] {
    figures.filter { $0.measure == measure && $0.unit == unit }.sorted { $0.asOf > $1.asOf }
  }

  func latest(_ measure: String, of unit: String) -> Figure? { all(measure, of: unit).first }

  /// The units that publish a measure, in order of code.
  func units(publishing measure: String) -> [String] {
    Set(figures.filter { $0.measure == measure }.map(\.unit)).sorted()
  }
}

/// The cells of a record by name.
struct DemoRecord {
  private let values: [String: Value]

  init(_ record: RecordView) { values = Dictionary(record.columns.map { ($0.name, $0.value) }) { first, _ in first } }

  func text(_ name: String) -> String { values[name]?.display ?? "" }
  func integer(_ name: String) -> Int64? { values[name]?.integer }

  static func all(_ kind: String, _ store: Store, filters: [(column: String, text: String)] = []) throws -> [DemoRecord]
  {
    var found: [DemoRecord] = []
    try store.eachRecord(kind: kind, filters: filters) {
      found.append(DemoRecord($0))
      return true
    }
    return found
  }
}
