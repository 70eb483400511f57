import SyncCore
import Wire

/// What one record of a `SystemKind` says.
struct SystemRecord {
  var key: RecordKey
  var channel: Channel
  /// As in `Kind.fields` of its kind.
  var values: [Value]
  /// The heads behind the values.
  var state: RecordState
  private let kind: Kind

  init(_ kind: Kind, key: RecordKey, channel: Channel, state: RecordState, values: [Value]) {
    self.kind = kind
    self.state = state
    self.key = key
    self.channel = channel
    self.values = values
  }

  /// The value of a field; NULL for one that the kind has not.
  subscript(name: String) -> Value {
    guard let index = kind.fields.firstIndex(where: { $0.name.sameBytes(as: name) }), values.indices.contains(index)
    else { return .null }
    return values[index]
  }

  /// A text, empty for NULL.
  func text(_ name: String) -> String { self[name].display }
}

/// Records that have no table: written straight into the log, read from their heads.
extension Engine {
  /// The shapes of the system's kinds; in none of the catalog's tables, so that nothing shows, repairs or retires them.
  private static let systemTables = Dictionary(
    uniqueKeysWithValues: SystemKind.all.map { ($0.id, KindTable($0)) })

  func systemTable(_ kind: Kind) -> KindTable { Self.systemTables[kind.id] ?? KindTable(kind) }

  /// Every record of a system's kind that exists, in order of key.
  ///
  /// - Parameter isWanted: which channels count: whoever may write another one says nothing that matters here.
  func systemRecords(_ kind: Kind, where isWanted: (Channel) -> Bool = { _ in true }) throws -> [SystemRecord] {
    let select = try connection.prepared(
      "SELECT key, channel, state FROM birlik_head WHERE kind=?1 ORDER BY key, channel")
    select.bind(1, kind.id)
    let table = systemTable(kind)
    var found: [SystemRecord] = []
    while try select.step() {
      guard let channel = channelNames[select.int(1)], isWanted(channel) else { continue }
      let state = try StateCodec.decode(select.bytes(2)) { [:] }
      guard state.exists(kind.deletion) else { continue }
      found.append(
        SystemRecord(
          kind, key: RecordKey(bytes: select.bytes(0)), channel: channel, state: state,
          values: Projection(table, state, facts: self).values))
    }
    return found
  }

  /// Headquarters' open channel, in which it speaks to all.
  var headquartersChannel: Channel? {
    cards[NodeCard.id(of: identity.headquarters)].map { Channel(owner: $0.role.federation, audience: .open) }
  }
}

extension Sealer {
  /// Seals what the node itself says of a record that has no table. Fields that are left out stay as they are.
  ///
  /// To be called where everything that was captured is sealed, or while it is.
  func seal(_ kind: Kind, key: RecordKey, in channel: Channel, at captured: Int64, _ values: [(String, Value)]) throws {
    let table = engine.systemTable(kind)
    let number = try engine.number(of: channel)
    let slots = try engine.slots(kind: kind.id, key: key) { [:] }
    var state = slots.first { $0.channel == number }?.state ?? RecordState()
    let isNew = !state.exists(kind.deletion)
    let cells = values.compactMap { name, value in kind.field(named: name).map { Cell(field: $0.id, value: value) } }
    let contents = table.registers.compactMap { register -> RegisterContent? in
      let own = cells.filter { cell in register.fields.contains { $0.id == cell.field } }
      return own.isEmpty && !isNew ? nil : RegisterContent(RegisterKey(register.id), Content(own))
    }
    let replaced = isNew ? Array(state.edits) : contents.flatMap { state.heads($0.key).map(\.clock) }
    let change = Change(
      kind: kind.id, key: key, operation: isNew ? .insertion : .edit, registers: contents, captured: captured,
      time: timekeeping.stamp(captured: captured, replacing: replaced.map(\.time).sorted()))
    try take(change, table, in: channel, into: &state)
  }

  /// Takes back what the node itself said; nothing where it says nothing. To be called as `seal(_:key:in:at:_:)`.
  func retract(_ kind: Kind, key: RecordKey, in channel: Channel, at captured: Int64) throws {
    let number = try engine.number(of: channel)
    let slots = try engine.slots(kind: kind.id, key: key) { [:] }
    guard var state = slots.first(where: { $0.channel == number })?.state, state.exists(kind.deletion) else { return }
    let change = Change(
      kind: kind.id, key: key, operation: .deletion, registers: [], captured: captured,
      time: timekeeping.stamp(captured: captured, replacing: state.edits.map(\.time).sorted()))
    try take(change, engine.systemTable(kind), in: channel, into: &state)
  }

  private func take(_ change: Change, _ table: KindTable, in channel: Channel, into state: inout RecordState) throws {
    try absorb(change, table, in: channel, into: &state)
    let bytes = StateCodec.encode(state, valuesStandInRow: false)
    try engine.save(bytes, kind: change.kind, key: change.key, channel: try engine.number(of: channel))
    engine.noteStatement(change.kind)
  }
}
