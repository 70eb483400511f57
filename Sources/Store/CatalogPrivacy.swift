import SyncCore

extension Catalog {
  /// Refuses a later catalog that would share what is personal data here. Headquarters' checker refuses to publish such a
  /// one; a headquarters that wants to know all the same must not get it.
  ///
  /// - Throws: `StoreError` with code `notPermitted`.
  func checkPrivacy(of later: Catalog) throws(StoreError) {
    for kind in kinds {
      guard let new = later.kind(kind.id) else { continue }
      if kind.recordClass == .local, new.recordClass != .local { throw Self.refusal(kind.name, later) }
      for field in kind.fields where field.isLocal {
        if let same = new.field(field.id), !same.isLocal, new.recordClass != .local {
          throw Self.refusal("\(kind.name).\(field.name)", later)
        }
      }
    }
  }

  private static func refusal(_ name: String, _ later: Catalog) -> StoreError {
    StoreError(
      .notPermitted, "following the catalog's version \(later.version)",
      "it would share \(name), which is personal data that stays on this machine",
      hint: "ask headquarters; until it publishes another version nothing is exchanged")
  }
}
