import SyncCore

/// What must hold once the faults have ended and two cycles have passed.
struct SettledCheck {
  let machines: [Machine]
  let chronicle: Chronicle

  /// - Parameter owed: the edits that some machine had when the faults ended.
  func run(owed: Bitset) {
    for machine in machines {
      // Every step checked what it touched, so only some machines are checked whole once more.
      if machine.number % 4 == 0 {
        StoreCheck(store: machine.store, chronicle: chronicle, name: machine.name).everything()
      }
      equal(machine)
      waiting(machine)
    }
    nothingLost(owed)
  }

  /// All machines that may see a channel hold the same of it.
  private func equal(_ machine: Machine) {
    let first = machines[0]
    let fail = { (words: String) in chronicle.fail("\(machine.name) and \(first.name) differ in \(words)") }
    let expected = first.store.known.members.filter {
      machine.role.mayRead(chronicle.segments[$0].header.channel)
    }
    if machine.store.known.members != expected { fail("what they hold") }
    if machine.store.version != first.store.version { fail("their catalogs") }
    let mine = machine.store.table.frontier(where: machine.role.mayRead)
    if mine != first.store.table.frontier(where: machine.role.mayRead) { fail("their frontiers") }
    for record in first.store.records.indices {
      let channels = first.store.records[record].map(\.channel)
      guard channels.allSatisfy(machine.role.mayRead) else { continue }
      if machine.store.rows[record] != first.store.rows[record] { fail("the rows of a record") }
      if machine.store.conflicts[record] != first.store.conflicts[record] { fail("the conflicts of a record") }
    }
  }

  /// Nothing waits for what another machine holds.
  private func waiting(_ machine: Machine) {
    if !machine.store.captures.isEmpty { chronicle.fail("\(machine.name) has edits that are not sealed") }
    for (missing, _) in machine.store.waiting {
      if machines.contains(where: { $0.store.holds(missing) }) {
        chronicle.fail("\(machine.name) waits for what another holds")
      } else {
        chronicle.coverage.add(.waitedForLost)
      }
    }
  }

  /// Every edit is sealed in a segment that headquarters holds, changed nothing, or is listed as refused; and every head
  /// is shown or listed.
  private func nothingLost(_ owed: Bitset) {
    let first = machines[0].store
    var kept = chronicle.changedNothing.union(chronicle.refused)
    for number in first.known.members { kept.formUnion(chronicle.segments[number].writes) }
    for write in owed.members where !kept.contains(write) { chronicle.fail("the edit \(write) is lost") }
    for (number, owned) in first.records.enumerated() {
      guard let shape = first.shape(chronicle.setting.records[number].kind) else { continue }
      for record in owned {
        for key in record.state.knownRegisters {
          guard let index = shape.registerIndex(id: key.id) else { continue }
          let heads = record.state.heads(key)
          let choice = Choice(among: heads, rule: shape.registers[index].rule, facts: first) {
            shape.problem($0, of: key) == nil
          }
          let readable = ([choice.shown].compactMap { $0 } + choice.others).map(\.content)
          for head in heads where !readable.contains(head.content) && shape.problem(head.content, of: key) == nil {
            chronicle.fail("a value is neither shown nor listed")
          }
        }
      }
    }
  }
}
