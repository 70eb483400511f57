import SyncCore

extension Store {
  /// What authors should look at in what they typed: keys and references that look like others, and doubtful dates.
  public func notes(on entries: TypedEntries) throws -> EntryNotes {
    guard !entries.isEmpty else { return EntryNotes() }
    return try read { try EntryComparison($0).notes(on: entries) }
  }

  /// Leaves word for the next sync and for `birlik status` that there is something to look at.
  public func addNotice(of entries: TypedEntries) throws {
    let notes = try notes(on: entries)
    guard notes.count > 0 else { return }
    try write { try $0.meta.addNotice("What was typed here has findings: run `birlik check`.") }
  }
}
