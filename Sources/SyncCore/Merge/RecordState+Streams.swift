extension RecordState {
  /// The same heads with other clocks, as where streams are numbered differently.
  public func renumbered<Failure: Error>(_ clock: (Clock) throws(Failure) -> Clock) throws(Failure) -> RecordState {
    var rows: [RowHead] = []
    for row in self.rows { rows.append(RowHead(clock: try clock(row.clock), contents: row.contents)) }
    var registers: [RegisterKey: [Head]] = [:]
    for (key, heads) in self.registers {
      var all: [Head] = []
      for head in heads { all.append(Head(clock: try clock(head.clock), content: head.content)) }
      registers[key] = all
    }
    var deletions: [Deletion] = []
    for deletion in self.deletions {
      var covered: Set<Clock> = []
      for one in deletion.covered { covered.insert(try clock(one)) }
      deletions.append(Deletion(clock: try clock(deletion.clock), covered: covered))
    }
    return RecordState(rows: rows, registers: registers, deletions: deletions)
  }

  /// Whether a condition holds for every change among the heads.
  public func allClocks(_ condition: (Clock) -> Bool) -> Bool {
    rows.allSatisfy { condition($0.clock) } && deletions.allSatisfy { condition($0.clock) }
      && registers.values.allSatisfy { $0.allSatisfy { condition($0.clock) } }
  }

  /// The changes by which a register holds what it holds; of a set those of its elements, and of the row where none was
  /// edited by itself.
  public func clocks(of register: Register) -> [Clock] {
    guard register.isSet else { return heads(RegisterKey(register.id)).map(\.clock) }
    let elements = registers.filter { $0.key.id == register.id }.flatMap { $0.value.map(\.clock) }
    return elements.isEmpty ? rows.map(\.clock) : elements
  }
}
