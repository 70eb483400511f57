/// Brings what two stores remember of one record together without the changes between them: how a store goes on from a
/// snapshot of another's heads.
///
/// A head stays when the other side has it too, or does not know it. One that the other side knows and no longer has was
/// replaced there by a change that had seen it. So the result is what absorbing the changes of both sides would have
/// made, as long as each side's state is that of all the changes it knows and these are closed under "seen".
public enum HeadsJoin {
  /// - Parameters:
  ///   - mine: what this store remembers; empty where nothing.
  ///   - theirs: what the other store remembers, with its streams numbered as in this store.
  ///   - iKnow: whether this store had absorbed the change at a clock, before the other's were joined.
  ///   - theyKnow: whether the other store had.
  /// - Returns: what a store remembers that knows both sides' changes. Heads that are mine come first, in their order.
  public static func join(
    mine: RecordState, theirs: RecordState, iKnow: (Clock) -> Bool, theyKnow: (Clock) -> Bool
  ) -> RecordState {
    if theirs.isEmpty { return mine }
    let rows = kept(mine.rows, theirs.rows, \.clock, iKnow, theyKnow)
    let rowClocks = Set(rows.map(\.clock))
    var joinedRows = rows.map { row in
      RowHead(clock: row.clock, contents: contents(of: row.clock, mine.rows, theirs.rows))
    }
    var registers: [RegisterKey: [Head]] = [:]
    for key in Set(mine.registers.keys).union(theirs.registers.keys) {
      let heads = kept(mine.heads(key), theirs.heads(key), \.clock, iKnow, theyKnow)
      // When a register's heads equal the row heads, fold it back into the row.
      let isFolded = Set(heads.map(\.clock)) == rowClocks
      for index in joinedRows.indices {
        let content = isFolded ? heads.first { $0.clock == joinedRows[index].clock }?.content : nil
        joinedRows[index].contents[key] = content.flatMap { $0.isEmpty ? nil : $0 }
      }
      if !isFolded { registers[key] = heads }
    }
    var state = RecordState(rows: joinedRows, registers: registers, deletions: [])
    let edits = state.edits
    let deletions = kept(mine.deletions, theirs.deletions, \.clock, iKnow, theyKnow).map { deletion in
      let both = (mine.deletions + theirs.deletions).filter { $0.clock == deletion.clock }
      return RecordState.Deletion(
        clock: deletion.clock, covered: both.reduce(into: Set()) { $0.formUnion($1.covered) }.intersection(edits))
    }
    state = RecordState(rows: joinedRows, registers: registers, deletions: deletions)
    return state
  }

  private static func kept<Item>(
    _ mine: [Item], _ theirs: [Item], _ clock: (Item) -> Clock, _ iKnow: (Clock) -> Bool, _ theyKnow: (Clock) -> Bool
  ) -> [Item] {
    let mineHeld = Set(mine.map(clock))
    let theirsHeld = Set(theirs.map(clock))
    return mine.filter { theirsHeld.contains(clock($0)) || !theyKnow(clock($0)) }
      + theirs.filter { !mineHeld.contains(clock($0)) && !iKnow(clock($0)) }
  }

  /// The contents that a whole-row change has of registers that either side folds into the row.
  private static func contents(
    of clock: Clock, _ mine: [RowHead], _ theirs: [RowHead]
  ) -> [RegisterKey: Content] {
    var contents: [RegisterKey: Content] = [:]
    for row in mine + theirs where row.clock == clock { contents.merge(row.contents) { first, _ in first } }
    return contents
  }
}

extension RecordState {
  /// The heads of a record after a snapshot.
  ///
  /// - Parameters:
  ///   - other: the other side's heads of the same record in the same channel, with this store's stream numbers.
  ///   - held: everything of the channel that this store held before the snapshot.
  ///   - theirs: everything of the channel that the other side holds, with this store's stream numbers.
  public mutating func join(_ other: RecordState, held: VersionVector, theirs: VersionVector) {
    self = HeadsJoin.join(mine: self, theirs: other, iKnow: held.covers, theyKnow: theirs.covers)
  }
}
