import SyncCore

/// What a replica remembers and shows, written without any number that is its own: the same words on every replica that
/// absorbed the same segments.
struct Canonical: Equatable {
  private(set) var words: [UInt64] = []

  init(_ replica: Replica, rules: [RegisterID: MergeRule]) {
    for name in replica.records.keys.sorted() {
      guard let state = replica.records[name] else { continue }
      words.append(UInt64(name.kind.number))
      add(name.key.bytes)
      add(state, of: replica)
      for key in state.knownRegisters {
        let choice = Choice(among: state.heads(key), rule: rules[key.id, default: .latest], facts: replica)
        add(choice, of: replica)
      }
      let contest = DeletionRule.allCases.map { state.exists($0) } + [state.existenceIsContested, state.isEmpty]
      words.append(contest.reduce(0) { $0 << 1 | ($1 ? 1 : 0) })
      add(Array(state.survivingEdits), of: replica)
    }
    for entry in replica.table.frontier(where: { _ in true }) {
      add(entry.channel.description.utf8)
      add(entry.tip)
    }
  }

  private mutating func add(_ state: RecordState, of replica: Replica) {
    words.append(UInt64(state.rows.count))
    for (name, row) in state.rows.map({ (replica.name(of: $0.clock), $0) }).sorted(by: { $0.0 < $1.0 }) {
      add(name)
      words.append(UInt64(bitPattern: row.clock.time))
      for key in row.contents.keys.sorted() {
        add(key)
        add(row.contents[key, default: .empty])
      }
    }
    words.append(UInt64(state.registers.count))
    for key in state.registers.keys.sorted() {
      add(key)
      add(state.registers[key, default: []], of: replica)
    }
    words.append(UInt64(state.deletions.count))
    for (name, deletion) in state.deletions.map({ (replica.name(of: $0.clock), $0) }).sorted(by: { $0.0 < $1.0 }) {
      add(name)
      add(Array(deletion.covered), of: replica)
    }
  }

  private mutating func add(_ choice: Choice, of replica: Replica) {
    words.append(choice.isConflict ? 1 : 0)
    for head in [choice.shown].compactMap({ $0 }) + choice.others {
      add(replica.name(of: head.clock))
      add(head.content)
    }
  }

  private mutating func add(_ heads: [Head], of replica: Replica) {
    words.append(UInt64(heads.count))
    for (name, head) in heads.map({ (replica.name(of: $0.clock), $0) }).sorted(by: { $0.0 < $1.0 }) {
      add(name)
      words.append(UInt64(bitPattern: head.clock.time))
      add(head.content)
    }
  }

  private mutating func add(_ clocks: [Clock], of replica: Replica) {
    words.append(UInt64(clocks.count))
    for name in clocks.map({ replica.name(of: $0) }).sorted() { add(name) }
  }

  private mutating func add(_ name: Tip) {
    let origin = name.origin
    words += [origin.node.high, origin.node.low, origin.nonce, UInt64(bitPattern: name.sequence)]
    words += [name.hash.words.0, name.hash.words.1, name.hash.words.2, name.hash.words.3]
  }

  private mutating func add(_ key: RegisterKey) {
    words.append(UInt64(key.id.number))
    if let element = key.element { add(element) } else { words.append(UInt64.max) }
  }

  private mutating func add(_ content: Content) {
    words.append(UInt64(content.cells.count))
    for cell in content.cells {
      words.append(UInt64(cell.field.number))
      switch cell.value {
      case .null: words.append(0)
      case .integer(let number): words += [1, UInt64(bitPattern: number)]
      case .text(let bytes): add(bytes)
      }
    }
  }

  private mutating func add(_ bytes: some Collection<UInt8>) {
    words.append(UInt64(bytes.count))
    for byte in bytes { words.append(UInt64(byte)) }
  }
}
