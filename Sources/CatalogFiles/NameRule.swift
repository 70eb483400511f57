import SyncCore

/// Reports names of tables, columns, groups and indicators that cannot be used.
enum NameRule {
  /// Reports a name that cannot be used; true when it can.
  ///
  /// - Parameter quoted: whether the catalog allows a name that SQL needs between double quotes.
  @discardableResult
  static func check(_ name: String, what: String, at place: Place, quoted: Bool = false, findings: FindingList) -> Bool
  {
    guard CatalogName.isPlain(name) else {
      findings.add(
        place, "The name `\(name)` of \(what) is not allowed.",
        hint: "Use a small letter, then small letters, digits and _, at most \(CatalogName.maximumBytes) in all.")
      return false
    }
    if let prefix = CatalogName.keptPrefix(of: name) {
      findings.add(
        place, "The name `\(name)` of \(what) begins with `\(prefix)`, which is reserved for the program.",
        hint: "Use a name without that beginning.")
      return false
    }
    if !quoted, CatalogName.needsQuotes(name) {
      findings.add(
        place, "The name `\(name)` of \(what) is a word of SQL that would need quotes in every query.",
        hint: "Use another name; for a column that must have this one, write `quoted = true`.")
      return false
    }
    return true
  }
}
