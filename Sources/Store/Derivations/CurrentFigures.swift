import SyncCore
import Wire

/// The records that a derivation finds in the shared tables.
struct CurrentFigures {
  struct Row {
    /// As they are written; NULL is empty.
    var texts: [String]
    /// Whether it bears the derivation's marks and is this federation's. Else a person typed it by another method.
    var isOwn: Bool
    /// For each column that is written and whose value stands in the row by another node's edit, what people call that
    /// node: a run here must not overwrite what another one counted or somebody typed there.
    var others: [Int: String] = [:]

    /// The node whose values would be overwritten; nil for none.
    func other(writing new: [String]) -> String? {
      others.sorted { $0.key < $1.key }.first { index, _ in
        texts.indices.contains(index) && new.indices.contains(index) && !texts[index].sameBytes(as: new[index])
      }?.value
    }
  }

  /// The records of the run's span that stand already.
  private(set) var rows: [RecordKey: Row] = [:]
  /// Keys that refer to a record that there is none of.
  private(set) var unknown: Set<RecordKey> = []
  /// For each unit its parents, each with the axis.
  private var parents: [[UInt8]: [[UInt8]]] = [:]

  init(_ transaction: Transaction, _ run: DeriveRun, _ keys: [RecordKey]) throws {
    try readRows(transaction, run)
    try readAuthors(transaction, run)
    try findUnknown(transaction, run, keys)
    for sum in run.derivation.sums {
      if case .under(_, let kind, let parent, let end) = sum {
        try readParents(transaction, kind: kind, parent: parent, end: end, at: run.days.last)
      }
    }
  }

  /// The sums that a record counts into, by name.
  func groups(of columns: [[UInt8]], at place: Int, _ sum: Derivation.KnownSum) -> [[UInt8]] {
    var rest = columns
    rest.remove(at: place)
    let same = Array(rest.joined(separator: [RecordKey.separator]))
    guard case .under = sum else { return [same] }
    // Units without a parent add up to the whole less all that have one.
    return (parents[columns[place]] ?? [[]]).map { same + [RecordKey.separator] + $0 }
  }

  private mutating func readRows(_ transaction: Transaction, _ run: DeriveRun) throws {
    let keys = run.target.key.map(\.name.sql)
    let federation = transaction.identity.role.federation
    var conditions: [String] = []
    var texts: [String] = []
    for (name, part) in zip(keys, run.derivation.key) {
      switch part {
      case .span: texts.append(run.span)
      case .text(let text): texts.append(text)
      case .federation: texts.append(federation)
      case .field, .each: continue
      }
      conditions.append("\(name)=?\(texts.count)")
    }
    let columns = (keys + ["federation"] + run.fields.map(\.sql)).joined(separator: ", ")
    let select = try transaction.connection.prepared(
      "SELECT \(columns) FROM \(run.target.name)"
        + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")))
    for (index, text) in texts.enumerated() { select.bind(index + 1, text: text) }
    let first = run.derivation.measures.count
    while try select.step() {
      let key = RecordKey(columns: keys.indices.map { select.bytes($0) })
      let values = run.fields.indices.map { select.value(keys.count + 1 + $0).display }
      let isMarked = run.derivation.marks.indices.allSatisfy {
        values[first + $0].sameBytes(as: run.derivation.marks[$0].value)
      }
      let isOwn = isMarked && select.string(keys.count).sameBytes(as: federation)
      rows[key] = Row(texts: values, isOwn: isOwn)
    }
  }

  /// Whose edits the standing figures are.
  private mutating func readAuthors(_ transaction: Transaction, _ run: DeriveRun) throws {
    let own = rows.filter(\.value.isOwn).map(\.key)
    guard !own.isEmpty, let table = transaction.table(run.target.id),
      let channel = Channel(owner: transaction.identity.role.federation, recordClass: run.target.recordClass),
      let number = transaction.directory.number(of: channel)
    else { return }
    let typed = try transaction.capture.registers(of: table)
    let held = try transaction.held.edits(of: table.kind.id)
    let registers = run.fields.map { name in
      table.fieldIndex(named: name).map { table.registers[table.registerOfField[$0]] }
    }
    for key in own {
      guard let state = try transaction.records.slots(table.kind.id, key)[number] else { continue }
      for (index, register) in registers.enumerated() {
        // An unsealed local edit overrides the sealed value.
        let isTyped = { (id: RegisterID) in
          ((typed[key] ?? 0) | (held[key].map { $0.insertedAt != nil ? Int64.max : $0.edited } ?? 0)) & id.bit != 0
        }
        guard let register, !isTyped(register.id) else { continue }
        let other = state.clocks(of: register).compactMap { transaction.log.streams.stream($0.stream)?.origin.node }
          .first { !transaction.directory.isOwn($0) }
        if let other { rows[key]?.others[index] = transaction.directory.name(of: other) }
      }
    }
  }

  /// A reference is what somebody typed: only one that names a shared record is a key that may be told.
  private mutating func findUnknown(_ transaction: Transaction, _ run: DeriveRun, _ keys: [RecordKey]) throws {
    for (place, part) in run.derivation.key.enumerated() {
      guard case .field = part, case .ref(let name) = run.target.key[place].type,
        let kind = transaction.catalog.kind(named: name), kind.key.count == 1, kind.recordClass != .local
      else {
        if case .field = part { unknown.formUnion(keys) }
        continue
      }
      let select = try transaction.connection.prepared("SELECT 1 FROM \(kind.name) WHERE \(kind.key[0].name.sql)=?1")
      for key in keys {
        select.bind(1, text: key.columns[place])
        if try select.step() { select.reset() } else { unknown.insert(key) }
      }
    }
  }

  private mutating func readParents(
    _ transaction: Transaction, kind name: String, parent: String, end: String, at day: CalendarDay
  ) throws {
    guard let kind = transaction.catalog.kind(named: name), kind.key.count == 3 else { return }
    let columns = kind.key.map(\.name.sql) + [parent.sql, end.sql]
    let select = try transaction.connection.prepared("SELECT \(columns.joined(separator: ", ")) FROM \(kind.name)")
    while try select.step() {
      guard !select.isNull(3) else { continue }
      // One that began or may have ended counts as well: more sums hold more back.
      if let since = DayRange(date: select.bytes(2)), since.first > day { continue }
      if !select.isNull(4), let until = DayRange(date: select.bytes(4)), until.last < day { continue }
      let group = select.bytes(1) + [RecordKey.separator] + select.bytes(3)
      let child = select.bytes(0)
      if parents[child]?.contains(group) != true { parents[child, default: []].append(group) }
    }
  }
}
