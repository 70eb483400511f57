import SyncCore

/// What a record's row shows, chosen among its heads.
struct Projection {
  /// One value for each of `KindTable.fields`.
  private(set) var values: [Value]
  /// True when every head's value can be read back from the row.
  private(set) var isExact: Bool

  init(_ table: KindTable, _ state: RecordState, facts: some HeadFacts) {
    values = Array(repeating: .null, count: table.fields.count)
    isExact = state.deletions.isEmpty
    var sets: [Int: [[UInt8]]] = [:]
    var keys = Set(state.knownRegisters)
    for register in table.registers where !register.isSet { keys.insert(RegisterKey(register.id)) }
    for key in keys {
      let heads = state.heads(key)
      guard let index = table.registerIndex(id: key.id) else {
        // A field of a later catalog: kept, and shown after the upgrade.
        if heads.contains(where: { !$0.content.isEmpty }) { isExact = false }
        continue
      }
      let register = table.registers[index]
      if heads.count > 1 { isExact = false }
      let choice = Choice(among: heads, rule: register.rule, facts: facts) { table.problem($0, of: key) == nil }
      guard let shown = choice.shown else {
        isExact = isExact && heads.isEmpty
        continue
      }
      if let element = key.element {
        if !shown.content.isEmpty { sets[key.id, default: []].append(element) }
        continue
      }
      for cell in shown.content.cells {
        if let field = table.fieldIndex(id: cell.field) { values[field] = cell.value } else { isExact = false }
      }
    }
    for (register, elements) in sets {
      if let field = table.fieldIndex(id: register) { values[field] = .text(TextSet(elements).json) }
    }
  }
}

/// What a person should know of a record: conflicts and values that the catalog does not allow.
struct RecordNotes {
  /// The label of a conflict about whether the record exists.
  static let existence = "(record)"
  /// The label of a conflict between two owners that use one key.
  static let clash = "(key)"

  private(set) var conflicts: [String] = []
  private(set) var invalid: [(field: String, value: Value, reason: String)] = []

  init(_ table: KindTable, _ key: RecordKey, _ state: RecordState, facts: some HeadFacts, clashes: Bool) {
    if let problem = table.problem(key: key) {
      invalid.append((problem.field, .text(key.display), problem.reason))
    }
    if state.existenceIsContested { conflicts.append(Self.existence) }
    if clashes { conflicts.append(Self.clash) }
    guard state.hasLivingEdit else { return }
    for key in state.knownRegisters {
      guard let index = table.registerIndex(id: key.id) else { continue }
      let heads = state.heads(key)
      let choice = Choice(among: heads, rule: table.registers[index].rule, facts: facts) {
        table.problem($0, of: key) == nil
      }
      if choice.isConflict { conflicts.append(Self.label(table, key)) }
      // One is listed of each field: on every node the same, the latest.
      for head in heads.sorted(by: { facts.precedes($0.clock, $1.clock) }) {
        if let problem = table.problem(head.content, of: key) { invalid.append(problem) }
      }
    }
  }

  /// How people name a register: the field, the group, or one element of a set.
  static func label(_ table: KindTable, _ key: RegisterKey) -> String {
    let name = table.registers.first { $0.id == key.id }?.name ?? "field \(key.id)"
    guard let element = key.element else { return name }
    return "\(name)[\(String(decoding: element, as: UTF8.self))]"
  }

  /// The register that a person named so.
  static func register(_ table: KindTable, label: String) -> RegisterKey? {
    if let register = table.registers.first(where: { $0.name.sameBytes(as: label) }) { return RegisterKey(register.id) }
    if let register = table.registers.first(where: { $0.fields.contains { $0.name.sameBytes(as: label) } }) {
      return RegisterKey(register.id)
    }
    guard label.hasSuffix("]"), let open = label.firstIndex(of: "["),
      let register = table.registers.first(where: { $0.isSet && $0.name.sameBytes(as: String(label[..<open])) })
    else { return nil }
    return RegisterKey(register.id, element: Array(label[label.index(after: open)...].dropLast().utf8))
  }
}
