import SyncCore

extension Store {
  /// Open conflicts in order of kind and key, and resolved ones after them where asked.
  ///
  /// - Parameter now: this machine's clock; totals are computed as of its day.
  public func conflicts(includingResolved: Bool = false, now: Int64 = SystemClock.now()) throws -> [ConflictView] {
    try conflicts(includingResolved: includingResolved, weighedOn: CalendarDay(millisecondsSince1970: now))
  }

  /// - Parameter day: as of which totals are given; nil to leave them out.
  private func conflicts(includingResolved: Bool = false, weighedOn day: CalendarDay?) throws -> [ConflictView] {
    if day != nil { try refreshTotals(mayWait: true) }
    return try read { transaction in
      let reader = ConflictReader(transaction, stakesOn: day)
      var views: [ConflictView] = []
      var resolved: [ConflictResolutions.Place: Int] = [:]
      for stored in try transaction.conflicts.all(includingClosed: includingResolved) {
        guard let table = transaction.table(stored.place.kind), let view = try reader.view(stored, table) else {
          continue
        }
        if stored.closedAt != nil {
          resolved[ConflictResolutions.Place(record: stored.place, field: stored.field)] = views.count
        }
        views.append(view)
      }
      for (place, found) in try ConflictResolutions(transaction).find(Array(resolved.keys)) {
        guard let index = resolved[place] else { continue }
        views[index].resolution = found.resolution
        views[index].others = found.lost
      }
      return views
    }
  }

  /// How many conflicts are open.
  public func openConflictCount() throws -> Int { try read { try $0.conflicts.openCount() } }

  /// Values that the catalog does not allow, in records that this node may write.
  public func invalidValues() throws -> [InvalidView] {
    try read { try $0.conflicts.invalidValues($0.adopted.tables, in: $0.writableChannels()) }
  }
}
