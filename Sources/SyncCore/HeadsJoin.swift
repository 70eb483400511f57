extension RecordState {
  /// The heads of a record after a snapshot: a head is kept when the other side also has it or does not know it.
  ///
  /// A head that the other side knows and no longer has was replaced there by an edit that had seen it. So the result is
  /// what this store would hold had it absorbed every segment that either side did, whatever bodies are gone. What is
  /// held after it (the frontier) is the union of both.
  ///
  /// ```swift
  /// let before = table.everything(in: channel)       // before the snapshot's streams are added
  /// // … place the headers of the snapshot's streams, translate its clocks, gather what it holds into `theirs` …
  /// record.state.join(snapshotState, held: before, theirs: theirs)
  /// ```
  ///
  /// - Parameters:
  ///   - other: the other side's heads of the same record in the same channel, with this store's stream numbers.
  ///   - held: everything of the channel that this store held before the snapshot.
  ///   - theirs: everything of the channel that the other side holds, with this store's stream numbers.
  public mutating func join(_ other: RecordState, held: SeenVector, theirs: SeenVector) {
    let rowClocks = Self.joined(rows.map(\.clock), other.rows.map(\.clock), held, theirs)
    var contents: [[RegisterKey: Content]] = Array(repeating: [:], count: rowClocks.count)
    var registers: [RegisterKey: [Head]] = [:]
    for key in Set(knownRegisters + other.knownRegisters) {
      let heads = Self.joined(heads(key), other.heads(key), held, theirs)
      guard Set(heads.map(\.clock)) == Set(rowClocks) else {
        registers[key] = heads
        continue
      }
      for (index, clock) in rowClocks.enumerated() {
        guard let head = heads.first(where: { $0.clock == clock }), !head.content.isEmpty else { continue }
        contents[index][key] = head.content
      }
    }
    let rows = zip(rowClocks, contents).map { RowHead(clock: $0, contents: $1) }
    let deletions = joinedDeletions(other, held, theirs)
    self = RecordState(rows: rows, registers: registers, deletions: [])
    let edits = edits
    self = RecordState(
      rows: rows, registers: registers,
      deletions: deletions.map { Deletion(clock: $0.clock, covered: $0.covered.intersection(edits)) })
  }

  private func joinedDeletions(_ other: RecordState, _ held: SeenVector, _ theirs: SeenVector) -> [Deletion] {
    let clocks = Self.joined(deletions.map(\.clock), other.deletions.map(\.clock), held, theirs)
    return clocks.map { clock in
      // Each side knows of its own heads whether the deletion covers them, and nothing unknown was seen by it.
      let covered = (deletions + other.deletions).filter { $0.clock == clock }.map(\.covered)
      return Deletion(clock: clock, covered: covered.reduce(into: []) { $0.formUnion($1) })
    }
  }

  private static func joined(_ a: [Head], _ b: [Head], _ held: SeenVector, _ theirs: SeenVector) -> [Head] {
    let kept = Set(joined(a.map(\.clock), b.map(\.clock), held, theirs))
    let mine = a.filter { kept.contains($0.clock) }
    return mine + b.filter { head in kept.contains(head.clock) && !mine.contains { $0.clock == head.clock } }
  }

  private static func joined(_ a: [Clock], _ b: [Clock], _ held: SeenVector, _ theirs: SeenVector) -> [Clock] {
    a.filter { b.contains($0) || !theirs.covers($0) } + b.filter { !a.contains($0) && !held.covers($0) }
  }
}
