import SyncCore

/// Types random statements, as people and their tools do.
struct Clerk {
  let setting: Setting
  var random: SeededRandom

  /// One statement of a node's clerk.
  ///
  /// - Parameter wall: the machine's clock, in milliseconds since 1970.
  mutating func type(into store: inout MemoryStore, wall: Int64, _ chronicle: Chronicle) {
    let own = setting.federations.firstIndex { $0.sameBytes(as: store.role.federation) } ?? 0
    var owner = own
    if store.role.isHeadquarters || (setting.faults.oversteps && random.chance(12)) {
      owner = random.below(setting.federations.count)
    }
    let strange = setting.faults.sharesKeys && random.chance(25)
    let candidates = setting.records.indices.filter { number in
      let record = setting.records[number]
      return store.shape(record.kind) != nil && (record.owner == owner || strange)
    }
    guard !candidates.isEmpty else { return }
    // A few records get most edits, so that clerks meet.
    let record = candidates[min(random.below(candidates.count), random.below(candidates.count))]
    guard let shape = store.shape(setting.records[record].kind) else { return }
    let name = setting.faults.oversteps && random.chance(2) ? "Otuts?" : setting.federations[owner]
    let bytes = Array(name.utf8)
    switch random.below(100) {
    case 0..<26: insert(record, bytes, shape, into: &store, wall, chronicle)
    case 26..<68:
      if store.rows[record] == nil { return insert(record, bytes, shape, into: &store, wall, chronicle) }
      var edits: [Int: Value] = [:]
      for _ in 0...random.below(3) {
        let field = random.below(shape.fields.count)
        edits[field] = value(shape.fields[field])
      }
      store.update(record, edits, at: wall, chronicle)
    case 68..<80: store.delete(record, at: wall, chronicle)
    case 80..<87:
      if store.delete(record, at: wall, chronicle) { chronicle.coverage.add(.rowReinserted) }
      insert(record, bytes, shape, into: &store, wall &+ 1, chronicle)
    case 87..<92:
      store.move(record, to: random.pick(candidates), at: wall, chronicle)
    default:
      // A whole column at once.
      let field = random.below(shape.fields.count)
      let value = value(shape.fields[field])
      for other in candidates where setting.records[other].kind == shape.kind.id {
        store.update(other, [field: value], at: wall, chronicle)
      }
    }
  }

  private mutating func insert(
    _ record: Int, _ owner: [UInt8], _ shape: KindShape, into store: inout MemoryStore, _ wall: Int64,
    _ chronicle: Chronicle
  ) {
    let values = shape.fields.map { field in random.chance(45) ? value(field) : .null }
    let others = store.records[record].filter { !$0.channel.owner.utf8.elementsEqual(owner) }
    if !others.isEmpty, store.rows[record] == nil, store.captures.contains(where: { $0.record == record }) {
      chronicle.coverage.add(.otherOwnersRowReplaced)
    }
    store.insert(
      record, owner: owner, values, random.pick([.fails, .fails, .replaces, .updates]), at: wall, chronicle)
  }

  /// Few different values, so that heads often agree, and some that nobody else types.
  private mutating func value(_ field: Field) -> Value {
    if random.chance(14) { return .null }
    if setting.faults.typesNonsense, random.chance(9) { return nonsense(field.type) }
    switch field.type {
    case .code(let codes): return .text(random.pick(codes))
    case .integer: return .integer(Int64(random.chance(50) ? random.below(4) : random.below(1001)))
    case .money: return .integer(Int64(random.below(4) - 1) * 1_000_000_007)
    case .set: return random.pick([.text("[\"x\"]"), .text("[\"x\",\"y\"]"), .text("[\"y\",\"ığ\"]"), .null])
    case .text, .boolean, .date, .period, .ref:
      if random.chance(45) { return random.pick([.text("a"), .text("b"), .text("Şükrü's")]) }
      return .text("w\(random.below(1_000_000))")
    }
  }

  private mutating func nonsense(_ type: FieldType) -> Value {
    switch type {
    case .integer: return .integer(-7)
    case .code: return .text("no")
    case .set: return random.pick([.text("x"), .text("[\"y\", \"x\", \"x\"]"), .text("[1]"), .text("[]")])
    default: return .text("a\u{0}b")
    }
  }

  /// Decides one open conflict of those that the node may decide.
  ///
  /// - Returns: false when there was none.
  mutating func decide(in store: inout MemoryStore, wall: Int64, _ chronicle: Chronicle) -> Bool {
    let open = store.conflicts.indices.filter { !store.conflicts[$0].isEmpty && store.rows[$0] != nil }
    guard !open.isEmpty else { return false }
    let record = random.pick(open)
    guard let shape = store.shape(setting.records[record].kind), let row = store.rows[record],
      let owned = store.records[record].first(where: { $0.channel.owner.utf8.elementsEqual(row.owner) }),
      store.role.mayWrite(owned.channel)
    else { return false }
    if owned.state.existenceIsContested {
      if random.chance(40) { return store.delete(record, at: wall, chronicle) }
      store.confirm(record, mask: shape.registers.reduce(0) { $0 | $1.id.bit }, at: wall, chronicle)
      return true
    }
    let contested = owned.state.knownRegisters.filter { key in
      let heads = owned.state.heads(key)
      return shape.registerIndex(id: key.id) != nil && heads.contains { $0.content != heads[0].content }
    }
    guard !contested.isEmpty else { return false }
    let key = random.pick(contested)
    if random.chance(50), key.element == nil, !shape.kind.appendOnly {
      let content = random.pick(owned.state.heads(key)).content
      var edits: [Int: Value] = [:]
      for (index, field) in shape.fields.enumerated()
      where shape.registers[shape.registerOfField[index]].id == key.id { edits[index] = content[field.id] }
      _ = store.update(record, edits, at: wall, chronicle)
    }
    chronicle.coverage.add(.conflictConfirmed)
    store.confirm(record, mask: key.id.bit, at: wall, chronicle)
    return true
  }
}
