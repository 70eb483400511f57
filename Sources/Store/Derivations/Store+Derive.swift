import SyncCore

extension Store {
  /// So many rows are read in one go, after which clerks may write again.
  private static let deriveBatch = 20_000
  private static let deriving = "deriving"

  /// Makes shared totals of personal data, as ordinary edits of this node: what a clerk would have typed.
  ///
  /// Each row is read once, in order of key and in batches between which clerks may write. The figures are written in one
  /// transaction, so that nobody ever sees those of two runs side by side.
  ///
  /// - Parameters:
  ///   - id: the derivation, such as `membership`.
  ///   - span: its day or month, such as `2026-09-30` or `2026-10`.
  ///   - threshold: below which number figures are withheld here; nil leaves it at the catalog's.
  ///   - replaces: whether figures are written over those that another node counted or typed; else they stay.
  ///   - isDryRun: when true, nothing is written.
  /// - Throws: `StoreError` with code `unknown` for another derivation, `invalid` for a span that is none, a threshold
  ///   below the catalog's, or a derivation that would tell too much.
  public func derive(
    _ id: String, span: String, threshold: Int64? = nil, replaces: Bool = false, isDryRun: Bool = false
  ) throws -> DeriveReport {
    let run = try DeriveRun(self.catalog(), id, span: span, threshold: threshold)
    var count = DerivationCount(
      run.derivation, over: run.days, named: span, federation: identity.role.federation)
    try eachLocalRow(of: run.source, fields: count.fields) { count.add($0) }
    guard count.counted > 0 else {
      throw StoreError(
        .invalid, Self.deriving, "no row of \(run.source.name) counts to \(span), so nothing was written",
        hint:
          "run it on the machine that has the \(run.source.name) records, and check the \(run.derivation.span.rawValue)"
      )
    }
    let standing = try read { try CurrentFigures($0, run, count.records.map(\.key)) }
    let (report, edits) = run.plan(count, standing, replaces: replaces)
    guard !isDryRun, !edits.isEmpty else { return report }
    try writeAsClerk { transaction in
      let table = try transaction.adopted.table(named: run.target.name)
      let writer = try ClerkWriter(table, fields: run.fields, transaction.connection)
      for edit in edits { _ = try writer.write(edit.key, values: edit.texts, checks: true) }
    }
    return report
  }

  /// The derivations of the catalog, in its order.
  public func derivations() throws -> [Derivation] { try catalog().derivations }

  /// Every row of a local kind once, in order of key.
  private func eachLocalRow(of kind: Kind, fields: [String], _ body: ([Value]) -> Void) throws {
    let keys = kind.key.map(\.name.sql)
    let columns = (keys + fields.map(\.sql)).joined(separator: ", ")
    let marks = keys.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let order = " ORDER BY \(keys.joined(separator: ", ")) LIMIT \(Self.deriveBatch)"
    var last: [[UInt8]] = []
    while true {
      let after = last.isEmpty ? "" : " WHERE (\(keys.joined(separator: ", ")))>(\(marks))"
      let rows = try read { transaction in
        let select = try transaction.connection.prepared("SELECT \(columns) FROM \(kind.name)\(after)\(order)")
        for (index, column) in last.enumerated() { select.bind(index + 1, text: column) }
        var rows = 0
        while try select.step() {
          rows += 1
          body(fields.indices.map { select.value(keys.count + $0) })
          if rows == Self.deriveBatch { last = keys.indices.map { select.bytes($0) } }
        }
        return rows
      }
      guard rows == Self.deriveBatch else { return }
    }
  }
}
