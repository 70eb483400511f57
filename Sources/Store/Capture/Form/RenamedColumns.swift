/// Tells which columns of the catalog a table has under other names.
///
/// A column that is missing was renamed where its constraint still names it, or, in a table that lost its constraints,
/// where another column of the same type is new in its place. Everything else was dropped.
struct RenamedColumns {
  struct Rename: Equatable {
    /// The name in the file, and the one in the catalog.
    var found: String
    var name: String
  }

  private(set) var renames: [Rename] = []
  /// Columns of the catalog that the table does not have, under any name.
  private(set) var missing: [String] = []

  /// - Parameters:
  ///   - known: the clerks' own columns that the table had when it was last in order.
  ///   - contradicts: whether the values of a found column speak against its being the named one.
  init(
    _ found: TableForm, expected: TableForm, known: Set<String>,
    contradicts: (_ found: String, _ name: String) throws -> Bool
  ) rethrows {
    let names = expected.columns.map(\.name)
    let absent = names.filter { found.column(named: $0) == nil }
    guard !absent.isEmpty else { return }
    let fresh = found.columns.filter { column in
      expected.column(named: column.name) == nil && !known.contains(SQLText.folded(column.name))
    }
    // The catalog names every constraint after its column.
    func isNamed(_ column: TableForm.Column, _ name: String) -> Bool {
      column.constraintNames.contains { $0.hasPrefix(SQLText.folded(name) + " ") }
    }
    // Without constraints a place tells only where nothing else was added or taken away.
    let tellsByPlace =
      absent.count == fresh.count && !found.columns.contains { column in names.contains { isNamed(column, $0) } }
    for name in absent {
      let candidate = fresh.first { column in
        !renames.contains { $0.found == column.name } && isNamed(column, name)
      }
      if let candidate {
        renames.append(Rename(found: candidate.name, name: name))
      } else if tellsByPlace, let column = Self.column(inPlaceOf: name, found, expected, among: fresh),
        try !contradicts(column, name)
      {
        renames.append(Rename(found: column, name: name))
      } else {
        missing.append(name)
      }
    }
  }

  /// The column in the place of a missing one: as far from the nearest known column, and of the same type.
  private static func column(
    inPlaceOf name: String, _ found: TableForm, _ expected: TableForm, among fresh: [TableForm.Column]
  ) -> String? {
    let order = expected.columns.map { SQLText.folded($0.name) }
    let there = found.columns.map { SQLText.folded($0.name) }
    guard let index = order.firstIndex(of: SQLText.folded(name)) else { return nil }
    let known = expected.columns[index]
    let near = order[..<index].lastIndex { there.contains($0) } ?? order[index...].firstIndex { there.contains($0) }
    let place = near.flatMap { near in there.firstIndex(of: order[near]).map { $0 + index - near } } ?? index
    guard found.columns.indices.contains(place) else { return nil }
    let column = found.columns[place]
    let isNew = fresh.contains { $0.name == column.name }
    return isNew && (column.isNumber == known.isNumber || column.type.isEmpty) ? column.name : nil
  }
}
