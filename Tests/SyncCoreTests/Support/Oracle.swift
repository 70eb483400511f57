import SyncCore

/// The truth, naively: it knows what each author's store really held when it sealed, and shares no code with the engine.
///
/// An insertion is a change of every register and of existence; an edit is one of its registers and of existence; a
/// deletion is one of existence alone. A head is a change that no other change of the same thing has seen.
struct Oracle {
  private struct Entry {
    var name: ChangeName
    var index: Int
    var truth: Set<Digest>
    var change: Change

    func saw(_ other: Entry) -> Bool {
      name.hash == other.name.hash ? other.index < index : truth.contains(other.name.hash)
    }

    func content(_ key: RegisterKey) -> Content? {
      if let given = change.registers.first(where: { $0.key == key }) { return given.content }
      return change.operation == .insertion ? .empty : nil
    }
  }

  private var entries: [RecordName: [Entry]] = [:]

  init(_ segments: [TestSegment]) {
    for segment in segments {
      for (index, change) in segment.changes.enumerated() {
        let name = ChangeName(
          origin: segment.header.origin, sequence: segment.header.first + Int64(index), hash: segment.hash)
        entries[RecordName(kind: change.kind, key: change.key), default: []].append(
          Entry(name: name, index: index, truth: segment.truth, change: change))
      }
    }
  }

  var records: Set<RecordName> { Set(entries.keys) }

  /// The heads of a register with their contents.
  func heads(_ record: RecordName, _ key: RegisterKey) -> [ChangeName: Content] {
    let all = entries[record, default: []].filter { $0.content(key) != nil }
    return unseen(all).reduce(into: [:]) { $0[$1.name] = $1.content(key) }
  }

  /// The heads of the record's existence: true for an edit, false for a deletion.
  func existence(_ record: RecordName) -> [ChangeName: Bool] {
    unseen(entries[record, default: []]).reduce(into: [:]) { $0[$1.name] = $1.change.operation != .deletion }
  }

  /// True when the first change had seen the second.
  func saw(_ record: RecordName, _ a: ChangeName, _ b: ChangeName) -> Bool {
    let all = entries[record, default: []]
    guard let x = all.first(where: { $0.name == a }), let y = all.first(where: { $0.name == b }) else { return false }
    return x.saw(y)
  }

  private func unseen(_ entries: [Entry]) -> [Entry] {
    entries.filter { entry in !entries.contains { $0.saw(entry) } }
  }
}

extension Oracle {
  /// The first thing in which a replica differs from the truth, in words; nil when there is none.
  func disagreement(with replica: Replica, registers: [RegisterKey]) -> String? {
    if records != Set(replica.records.keys) { return "other records" }
    for record in records.sorted() {
      guard let state = replica.records[record] else { return "\(record.key.display) is missing" }
      var heads: Set<ChangeName> = []
      for key in registers {
        let expected = self.heads(record, key)
        let found = state.heads(key)
        if found.count != expected.count { return "\(record.key.display) \(key): \(found.count) heads" }
        for head in found where expected[replica.name(of: head.clock)] != head.content {
          return "\(record.key.display) \(key): a head too many or of another value"
        }
        heads.formUnion(expected.keys)
      }
      if Set(state.edits.map { replica.name(of: $0) }) != heads { return "\(record.key.display): other edits" }
      if let problem = disagreement(on: state, of: record, heads: heads, in: replica) {
        return "\(record.key.display): \(problem)"
      }
    }
    return nil
  }

  private func disagreement(
    on state: RecordState, of record: RecordName, heads: Set<ChangeName>, in replica: Replica
  ) -> String? {
    let existence = existence(record)
    let deletions = existence.filter { !$0.value }.keys
    let isLiving = existence.values.contains(true)
    if Set(state.deletions.map { replica.name(of: $0.clock) }) != Set(deletions) { return "other deletions" }
    if state.hasLivingEdit != isLiving { return "living \(state.hasLivingEdit)" }
    if state.existenceIsContested != (isLiving && !deletions.isEmpty) { return "contested wrongly" }
    if state.exists(.editWins) != isLiving { return "exists wrongly when edits win" }
    if state.exists(.deleteWins) != (isLiving && deletions.isEmpty) { return "exists wrongly when deletions win" }
    for deletion in state.deletions {
      let name = replica.name(of: deletion.clock)
      let covered = heads.filter { saw(record, name, $0) }
      if Set(deletion.covered.map { replica.name(of: $0) }) != covered { return "a deletion covers others" }
    }
    return disagreementOnForm(state)
  }

  /// The state has one form only: a register is kept apart exactly when its heads are not those of the rows.
  private func disagreementOnForm(_ state: RecordState) -> String? {
    let rows = Set(state.rows.map(\.clock))
    if rows.count != state.rows.count { return "a row twice" }
    for (key, heads) in state.registers {
      let clocks = Set(heads.map(\.clock))
      if clocks.count != heads.count { return "\(key): a head twice" }
      if clocks == rows { return "\(key): not folded" }
      if state.rows.contains(where: { $0.contents[key] != nil }) { return "\(key): kept twice" }
    }
    if state.rows.contains(where: { $0.contents.values.contains(.empty) }) { return "an empty content is kept" }
    return nil
  }
}
