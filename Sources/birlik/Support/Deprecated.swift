import SyncCore

/// Columns that new records should leave empty.
enum Deprecated {
  /// Tells whoever fills one.
  static func note(_ columns: [String], _ kind: Kind?) {
    for field in kind?.fields ?? []
    where field.isDeprecated && columns.contains(where: { $0.sameBytes(as: field.name) }) {
      StandardError.note("the column \(field.name) is deprecated: new records should leave it empty")
    }
  }
}
