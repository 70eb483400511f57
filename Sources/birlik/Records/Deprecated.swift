import SyncCore

/// Columns that new records should leave empty.
enum Deprecated {
  /// Prints a note when one of them is filled.
  static func warn(_ columns: [String], _ kind: Kind?) {
    for field in kind?.fields ?? []
    where field.isDeprecated && columns.contains(where: { $0.sameBytes(as: field.name) }) {
      StandardError.printNote("the column \(field.name) is deprecated: new records should leave it empty")
    }
  }
}
