import SyncCore
import Testing

@testable import Store

/// What two nodes have to agree on.
struct Tables: Equatable {
  var rows: [String: [[String]]] = [:]
  var conflicts: [[String]] = []
  var invalid: [[String]] = []
  var totals: [[String]] = []

  /// - Parameter channels: the records and conflicts of these are compared; nil for all.
  init(_ node: TestNode, federations: Set<String>? = nil, audiences: [RecordClass] = [.federation, .everyone]) throws {
    try node.store.refreshTotals()
    let catalog = try node.store.catalog()
    let owners =
      federations.map { " AND federation IN (\($0.sorted().map { "'\($0)'" }.joined(separator: ",")))" } ?? ""
    for kind in catalog.kinds where audiences.contains(kind.recordClass) {
      let columns =
        (kind.key.map(\.name) + ["federation"] + kind.fields.filter { !$0.isLocal }.map(\.name)).map(\.sql)
      rows[kind.name] = try node.rows(
        columns, "\(kind.name) WHERE 1\(owners) ORDER BY \(columns.prefix(kind.key.count).joined(separator: ","))")
    }
    let isWhole = federations == nil && audiences.count == 2
    let channels = try node.rows(["id", "name"], "birlik_channel").filter { row in
      guard let channel = Channel(row[1]) else { return false }
      return audiences.contains(channel.audience == .home ? .federation : .everyone)
        && federations?.contains(channel.owner) ?? true
    }.map { $0[0] }.joined(separator: ",")
    let named = "SELECT name FROM birlik_channel WHERE id=channel"
    conflicts = try node.rows(
      ["kind", "key", "(\(named))", "field"],
      "birlik_conflict WHERE closed_at IS NULL AND channel IN (\(channels)) ORDER BY 1, 2, 3, 4")
    invalid = try node.rows(
      ["kind", "key", "(\(named))", "field", "reason"],
      "birlik_invalid WHERE channel IN (\(channels)) ORDER BY 1, 2, 3, 4")
    if isWhole {
      totals = try node.rows(
        [
          "indicator", "slot", "federation", "day", "vintage", "amount_high", "amount", "reported", "expected",
          "withheld", "contradicted", "astray",
        ], "birlik_total ORDER BY 1, 2, 3, 4, 5")
    }
  }

  /// Where two differ, in words; nil when nowhere.
  func difference(_ other: Tables) -> String? {
    for (kind, mine) in rows.sorted(by: { $0.key < $1.key }) {
      if let words = Self.difference(mine, other.rows[kind] ?? []) { return "rows of \(kind): \(words)" }
    }
    if let words = Self.difference(conflicts, other.conflicts) { return "conflicts: \(words)" }
    if let words = Self.difference(invalid, other.invalid) { return "wrong values: \(words)" }
    if let words = Self.difference(totals, other.totals) { return "totals: \(words)" }
    return nil
  }

  private static func difference(_ a: [[String]], _ b: [[String]]) -> String? {
    if a == b { return nil }
    let left = a.filter { !b.contains($0) }.map { $0.joined(separator: "|") }
    let right = b.filter { !a.contains($0) }.map { $0.joined(separator: "|") }
    return "here \(left), there \(right)".replacing("\0", with: "/")
  }
}

/// Fails when two nodes differ, with the place.
func expectEqual(
  _ a: TestNode, _ b: TestNode, federations: Set<String>? = nil, audiences: [RecordClass] = [.federation, .everyone],
  _ context: String = "", sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let left = try Tables(a, federations: federations, audiences: audiences)
  let right = try Tables(b, federations: federations, audiences: audiences)
  if let words = left.difference(right) {
    Issue.record("\(context) \(a.name) and \(b.name) differ: \(words)", sourceLocation: sourceLocation)
  }
}
