import SyncCore
import Wire

/// A value with who gave it and when.
public struct AttributedValue: Sendable, Equatable {
  /// Cells by field; one for a lone field, several for a group.
  public var cells: [(field: String, value: Value)]
  /// What people call the node.
  public var node: String
  /// In milliseconds since 1970.
  public var at: Int64
  /// The federation whose node it was.
  public var federation = ""
  /// False for a value that the catalog does not allow, which is never shown.
  public var isAllowed = true

  public static func == (a: Self, b: Self) -> Bool {
    a.node == b.node && a.at == b.at
      && a.cells.elementsEqual(b.cells) { $0.field == $1.field && $0.value == $1.value }
  }

  /// The value in words: the text itself for a lone field, `name=value` pairs for a group.
  public var display: String {
    cells.count == 1 ? cells[0].value.display : cells.map { "\($0.field)=\($0.value.display)" }.joined(separator: " ")
  }
}

/// Different values that were given without knowing of each other.
public struct ConflictView: Sendable, Equatable {
  public var kind: String
  /// The key as people write it.
  public var key: String
  /// The federation that owns the record.
  public var federation: String
  /// The field, the group, `name[element]`, `(record)` for a deletion that met an edit, or `(key)` for two owners.
  public var field: String
  public var rule: String
  public var shown: AttributedValue?
  public var others: [AttributedValue]
  /// In milliseconds since 1970, by the clock of this machine.
  public var openedAt: Int64
  /// When it was resolved; nil while it is open.
  public var closedAt: Int64?
  /// One plain sentence that tells why it is a conflict; empty for one that was resolved.
  public var why = ""
  /// For each of `others` which totals would move if it were shown.
  public var totals: [[TotalMove]] = []
  /// How it was resolved, as far as the log tells.
  public var resolution: Resolution?

  /// A decision about a conflict.
  public struct Resolution: Sendable, Equatable {
    public enum Outcome: String, Sendable {
      /// What was shown stayed.
      case kept
      /// Another of its values was taken.
      case taken
      /// A value was given that was none of them.
      case given
    }

    public var outcome: Outcome
    /// The value decided upon, who decided, and when.
    public var value: AttributedValue
  }
}

/// A value that the catalog does not allow.
public struct InvalidView: Sendable, Equatable {
  public var kind: String
  public var key: String
  public var field: String
  public var value: Value
  public var reason: String
}

/// An edit that this node may not seal.
public struct RefusedView: Sendable, Equatable {
  /// In milliseconds since 1970.
  public var at: Int64
  public var kind: String
  public var key: String
  public var operation: String
  /// The whole record as it was typed, as JSON.
  public var record: String
  public var reason: String
}

extension Store {
  /// Open conflicts in order of kind and key, and resolved ones after them where asked.
  ///
  /// - Parameter now: this machine's clock; totals are told as of its day.
  public func conflicts(includingResolved: Bool = false, now: Int64 = SystemClock.now()) throws -> [ConflictView] {
    try conflicts(includingResolved: includingResolved, weighedOn: CalendarDay(millisecondsSince1970: now))
  }

  /// - Parameter day: as of which totals are told; nil to leave them out.
  private func conflicts(includingResolved: Bool = false, weighedOn day: CalendarDay?) throws -> [ConflictView] {
    try read { engine in
      let stakes = day.map { ConflictStakes(engine, today: $0) }
      let statement = try engine.connection.prepared(
        "SELECT kind, key, channel, field, opened_at, closed_at FROM birlik_conflict "
          + "WHERE ?1 OR closed_at IS NULL ORDER BY closed_at IS NOT NULL, kind, key, field")
      statement.bind(1, includingResolved ? 1 : 0)
      var rows: [(Int, RecordKey, Int, String, Int64, Int64?)] = []
      while try statement.step() {
        rows.append(
          (
            statement.int(0), RecordKey(bytes: statement.bytes(1)), statement.int(2), statement.string(3),
            statement.int64(4), statement.isNull(5) ? nil : statement.int64(5)
          ))
      }
      var views: [ConflictView] = []
      var resolved: [ConflictResolutions.Place: Int] = [:]
      for (kind, key, channel, field, opened, closed) in rows {
        guard let table = engine.tables[kind],
          let view = try engine.conflict(
            table, key, channel: channel, field: field, opened: opened, closed: closed, stakes)
        else { continue }
        if closed != nil {
          resolved[ConflictResolutions.Place(kind: kind, key: key, channel: channel, field: field)] = views.count
        }
        views.append(view)
      }
      for (place, found) in try ConflictResolutions(engine).find(Array(resolved.keys)) {
        guard let index = resolved[place] else { continue }
        views[index].resolution = found.resolution
        views[index].others = found.lost
      }
      return views
    }
  }

  /// How many conflicts are open.
  public func openConflictCount() throws -> Int {
    try read { try $0.count("birlik_conflict WHERE closed_at IS NULL") }
  }

  /// Values that the catalog does not allow.
  public func invalidValues() throws -> [InvalidView] {
    try read { engine in
      let statement = try engine.connection.prepared(
        "SELECT kind, key, field, value, reason FROM birlik_invalid ORDER BY kind, key, field")
      var found: [InvalidView] = []
      while try statement.step() {
        let kind = engine.tables[statement.int(0)]?.kind.name ?? String(statement.int(0))
        found.append(
          InvalidView(
            kind: kind, key: RecordKey(bytes: statement.bytes(1)).display, field: statement.string(2),
            value: statement.value(3), reason: statement.string(4)))
      }
      return found
    }
  }

  /// Edits that this node may not seal, the latest first.
  public func refusedEdits() throws -> [RefusedView] {
    try read { engine in
      let statement = try engine.connection.prepared(
        "SELECT at, kind, key, operation, record, reason FROM birlik_refused WHERE \(UnsendableEdits.isRefusal) "
          + "ORDER BY id DESC")
      var found: [RefusedView] = []
      while try statement.step() {
        found.append(
          RefusedView(
            at: statement.int64(0), kind: statement.string(1), key: statement.string(2), operation: statement.string(3),
            record: statement.string(4), reason: statement.string(5)))
      }
      return found
    }
  }

  /// What a person decided about a conflict.
  public enum Decision: Sendable, Equatable {
    /// What is shown stays.
    case keep
    /// Another value is shown. For `(record)`: `deleted` or `kept`.
    case take(String)
  }

  /// Resolves a conflict by an ordinary edit that has seen all its values, so that it closes everywhere.
  ///
  /// The edit is captured like a clerk's and sealed at the next sync.
  ///
  /// - Parameter field: as `ConflictView.field` names it.
  public func resolve(kind: String, key: String, field: String, decision: Decision) throws {
    try seal()
    let table = try read { try $0.table(named: kind) }
    let recordKey = try Self.key(table, key)
    let operation = "resolving a conflict"
    guard
      let conflict = try conflicts(weighedOn: nil).first(where: {
        $0.kind.sameBytes(as: kind) && $0.key == recordKey.display && $0.field.sameBytes(as: field)
      })
    else {
      throw StoreError(
        .unknown, operation, "\(kind) \(key) has no open conflict in '\(field)'", hint: "`birlik conflicts` lists them")
    }
    if field.sameBytes(as: RecordNotes.keyCollision) {
      throw StoreError(
        .invalid, operation, "two owners use this key",
        hint: "one of them has to remove its record and take another key")
    }
    if field.sameBytes(as: RecordNotes.existence) { return try resolveExistence(table, recordKey, conflict, decision) }
    guard let register = RecordNotes.register(table, label: field) else {
      throw table.unknownField(field)
    }
    try clerk { connection in
      if case .take(let text) = decision {
        try Self.take(text, register, table, recordKey, conflict, connection)
      }
      // A trigger notes nothing when the value that is shown already is confirmed, so it is noted here. Of a set every
      // element whose heads differ is said again.
      try Self.capture(mask: 1 << Int64(register.id), table, recordKey, connection)
    }
    try seal()
  }

  private func resolveExistence(
    _ table: KindTable, _ key: RecordKey, _ conflict: ConflictView, _ decision: Decision
  ) throws {
    if case .take(let text) = decision, text == "deleted" {
      if try record(kind: table.kind.name, key: key.display) != nil {
        try remove(kind: table.kind.name, key: key.display)
      }
    } else {
      // Saying every value again is an edit that has seen the deletion.
      let mask = table.registers.reduce(Int64(0)) { $0 | 1 << Int64($1.id) }
      try clerk { try Self.capture(mask: mask, table, key, $0) }
    }
    try seal()
  }

  /// Marks a captured edit that says again what is shown, to be sealed although nothing differs.
  static let confirmation = CapturedEdits.confirmation

  private static func capture(mask: Int64, _ table: KindTable, _ key: RecordKey, _ connection: Connection) throws {
    let columns = key.columns
    let places = columns.indices.map { "k\($0 + 1)" }.joined(separator: ", ")
    let marks = columns.indices.map { "?\($0 + 4)" }.joined(separator: ", ")
    let statement = try connection.prepared(
      "INSERT INTO birlik_capture(kind, mask, ms, \(places)) VALUES(?1, ?2, ?3, \(marks))")
    statement.bind(1, table.kind.id)
    statement.bind(2, mask | confirmation)
    statement.bind(3, SystemClock.now())
    for (index, column) in columns.enumerated() { statement.bind(index + 4, text: column) }
    try statement.step()
  }

  private static func take(
    _ text: String, _ register: RegisterKey, _ table: KindTable, _ key: RecordKey, _ conflict: ConflictView,
    _ connection: Connection
  ) throws {
    let fields = table.registers.first { $0.id == register.id }?.fields ?? []
    if let element = register.element, let field = fields.first {
      let row = try connection.prepared(table.selectRow)
      for (index, column) in key.columns.enumerated() { row.bind(index + 1, text: column) }
      guard try row.step() else { return }
      let place = (table.fieldIndex(id: field.id) ?? 0) + 1
      var elements = table.elements(row.isNull(place) ? [] : row.bytes(place))
      row.reset()
      elements.removeAll { $0 == element }
      if text != "removed" { elements.append(element) }
      let json = String(decoding: TextSet(elements).json, as: UTF8.self)
      _ = try ClerkWriter(table, fields: [field.name], connection).write(key, values: [json], checks: true)
      return
    }
    if fields.count > 1 {
      // A group is taken whole: the other value whose words were given.
      guard let other = conflict.others.first(where: { $0.display == text || $0.node == text }) else {
        throw StoreError(
          .invalid, "resolving a conflict", "no other value of '\(conflict.field)' reads '\(text)'",
          hint: "give the node whose values to take: \(conflict.others.map(\.node).joined(separator: ", "))")
      }
      let names = fields.map(\.name)
      let values = names.map { name in other.cells.first { $0.field == name }?.value.display ?? "" }
      _ = try ClerkWriter(table, fields: names, connection).write(key, values: values, checks: true)
      return
    }
    _ = try ClerkWriter(table, fields: fields.map(\.name), connection).write(key, values: [text], checks: true)
  }
}

extension Engine {
  /// How many rows there are.
  func count(_ source: String) throws -> Int {
    let statement = try connection.prepared("SELECT count(*) FROM \(source)")
    defer { statement.reset() }
    return try statement.step() ? statement.int(0) : 0
  }

  /// A value with who gave it.
  func attributed(_ head: Head, _ table: KindTable, _ key: RegisterKey) -> AttributedValue {
    let register = table.registers.first { $0.id == key.id }
    let cells: [(field: String, value: Value)]
    if key.element != nil {
      cells = [(RecordNotes.label(table, key), .text(head.content.isEmpty ? "removed" : "added"))]
    } else if let register {
      cells = register.fields.map { ($0.name, head.content[$0.id]) }
    } else {
      cells = head.content.cells.map { ("field \($0.field)", $0.value) }
    }
    var value = attributed(cells, head.clock)
    value.isAllowed = table.problem(head.content, of: key) == nil
    return value
  }

  /// Cells with whose they are.
  func attributed(_ cells: [(field: String, value: Value)], _ clock: Clock) -> AttributedValue {
    let node = streams.stream(clock.stream)?.origin.node
    return AttributedValue(
      cells: cells, node: node.map { name(of: $0) } ?? "?", at: clock.time,
      federation: node.flatMap { cards[$0]?.role.federation } ?? "")
  }

  func conflict(
    _ table: KindTable, _ key: RecordKey, channel: Int, field: String, opened: Int64, closed: Int64?,
    _ stakes: ConflictStakes?
  ) throws -> ConflictView? {
    let slots = try slots(table, kind: table.kind.id, key: key)
    guard let slot = slots.first(where: { $0.channel == channel }) else { return nil }
    var view = ConflictView(
      kind: table.kind.name, key: key.display, federation: channelNames[channel]?.owner ?? "", field: field,
      rule: "", shown: nil, others: [], openedAt: opened, closedAt: closed)
    var hypothetical: [ShownRow?] = []
    if field == RecordNotes.existence {
      existence(slot.state, table, into: &view)
      let exists = slot.state.exists(table.kind.deletion)
      hypothetical = view.others.map { $0.display == RecordNotes.kept && !exists ? row(of: slot, table) : nil }
    } else if field == RecordNotes.keyCollision {
      hypothetical = keyCollision(slots, table, into: &view)
    } else if let register = RecordNotes.register(table, label: field) {
      let rule = table.registers.first { $0.id == register.id }?.rule ?? .latest
      let choice = Choice(among: slot.state.heads(register), rule: rule, facts: self) {
        table.problem($0, of: register) == nil
      }
      view.rule = rule.rawValue
      view.shown = choice.shown.map { attributed($0, table, register) }
      view.others = choice.others.map { attributed($0, table, register) }
      if closed == nil { view.why = why(view, choice, rule) }
      hypothetical = choice.others.map { row(of: slot, table, showing: $0.content, in: register) }
    }
    guard closed == nil, let stakes else { return view }
    let shown = shownRow(table, key, slots)
    // A record that another owner's hides moves nothing, whatever it says.
    let isHidden = shownSlot(slots, rule: table.kind.deletion).map { slots[$0].channel != channel } ?? false
    view.totals = try zip(view.others, hypothetical).map { value, row in
      let movesNothing = !value.isAllowed || (isHidden && field != RecordNotes.keyCollision)
      return movesNothing ? [] : try stakes.moves(table, key, from: shown, to: row)
    }
    return view
  }

  /// The record's row if another content of one register were shown.
  private func row(
    of slot: RecordSlot, _ table: KindTable, showing content: Content, in register: RegisterKey
  ) -> ShownRow? {
    guard slot.state.exists(table.kind.deletion), var row = row(of: slot, table) else { return nil }
    // No total asks for a set.
    guard register.element == nil else { return row }
    for field in table.registers.first(where: { $0.id == register.id })?.fields ?? [] {
      if let index = table.fieldIndex(id: field.id) { row.values[index] = content[field.id] }
    }
    return row
  }

  private func existence(_ state: RecordState, _ table: KindTable, into view: inout ConflictView) {
    let exists = state.exists(table.kind.deletion)
    let word = { (clock: Clock, text: String) in
      self.attributed([(RecordNotes.existence, .text(text))], clock)
    }
    let latestEdit = state.survivingEdits.max { precedes($0, $1) }.map { word($0, RecordNotes.kept) }
    let deletions = state.deletions.map(\.clock).sorted { precedes($1, $0) }.map { word($0, RecordNotes.deleted) }
    view.rule = table.kind.deletion.rawValue
    view.shown = exists ? latestEdit : deletions.first
    view.others = exists ? deletions : Array(deletions.dropFirst()) + [latestEdit].compactMap { $0 }
    if view.closedAt == nil { view.why = whyContested(view, exists: exists, table.kind.deletion) }
  }

  /// - Returns: for each of the others the row that it would be.
  private func keyCollision(_ slots: [RecordSlot], _ table: KindTable, into view: inout ConflictView) -> [ShownRow?] {
    let shown = shownSlot(slots, rule: table.kind.deletion)
    view.rule = "earliest"
    var rows: [ShownRow?] = []
    for (index, slot) in slots.enumerated() where slot.state.exists(table.kind.deletion) {
      guard let clock = slot.state.edits.min(by: { precedes($0, $1) }) else { continue }
      let owner = Value.text(channelNames[slot.channel]?.owner ?? "")
      let value = attributed([("federation", owner)], clock)
      if index == shown {
        view.shown = value
      } else {
        view.others.append(value)
        rows.append(row(of: slot, table))
      }
    }
    if view.closedAt == nil { view.why = whyColliding(view) }
    return rows
  }
}
