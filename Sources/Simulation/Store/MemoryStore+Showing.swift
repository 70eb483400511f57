import Consolidation
import SyncCore

/// What heads show: rows, conflicts, totals.
extension MemoryStore {
  /// Shows the record of a key.
  ///
  /// - Parameter isSealing: true when the record's captured edits were sealed just now.
  mutating func project(_ record: Int, isSealing: Bool = false, _ chronicle: Chronicle) {
    let place = chronicle.setting.records[record]
    touched.append(record)
    guard let shape = shape(place.kind) else {
      chronicle.coverage.add(.opaqueHeadKept)
      return
    }
    let states = records[record].map(\.state)
    let shown = RecordState.shown(among: states, rule: shape.kind.deletion, facts: self)
    var row: Row?
    standsInRow[record] = nil
    if let shown {
      let projection = Projection(shape, states[shown], facts: self)
      row = Row(owner: Array(records[record][shown].channel.owner.utf8), values: projection.values)
      let state = states[shown]
      let isCompact = state.rows.count == 1 && state.registers.values.allSatisfy { $0.count == 1 }
      if projection.isExact, isCompact { standsInRow[record] = shown }
    }
    if row != rows[record] {
      if !isSealing, !captures.isEmpty { chronicle.fail("a row was written while captured edits were not sealed") }
      rows[record] = row
    }
    let collides = states.count > 1 && states.count { $0.exists(shape.kind.deletion) } > 1
    if collides { chronicle.coverage.add(.keyShared) }
    if hasOpaque(record, chronicle.setting) { chronicle.coverage.add(.opaqueHeadKept) }
    var words: [String] = []
    for (index, state) in states.enumerated() {
      let notes = RecordNotes(shape, place.key, state, facts: self, collides: collides)
      if !notes.conflicts.isEmpty {
        words += notes.conflicts.map { "\(records[record][index].channel) \($0)" }
        count(state, shape, chronicle)
      }
      if !notes.invalid.isEmpty { chronicle.coverage.add(.valueInvalid) }
    }
    conflicts[record] = words.sorted()
  }

  private func count(_ state: RecordState, _ shape: KindShape, _ chronicle: Chronicle) {
    if state.existenceIsContested {
      chronicle.coverage.add(shape.kind.deletion == .editWins ? .deletionMetEdit : .deletionWon)
    }
    guard state.rows.count > 1 || !state.registers.isEmpty else { return }
    for key in state.knownRegisters {
      let heads = state.heads(key)
      guard heads.count > 1, let index = shape.registerIndex(id: key.id) else { continue }
      let register = shape.registers[index]
      guard heads.contains(where: { $0.content != heads[0].content }) else {
        chronicle.coverage.add(.headsAgreed)
        continue
      }
      if register.fields.count > 1 { chronicle.coverage.add(.conflictGroup) }
      switch register.rule {
      case .latest: chronicle.coverage.add(.conflictLatest)
      case .owner: chronicle.coverage.add(.conflictOwner)
      case .headquarters: chronicle.coverage.add(.conflictHeadquarters)
      case .max: chronicle.coverage.add(.conflictMax)
      case .min: chronicle.coverage.add(.conflictMin)
      case .union: chronicle.coverage.add(.conflictUnion)
      case .review: chronicle.coverage.add(.conflictReview)
      case .frozen: chronicle.coverage.add(.conflictFrozen)
      }
    }
  }

  /// Adopts a later catalog: heads of fields unknown so far are shown. Everything captured was sealed.
  mutating func adopt(_ version: Int, _ chronicle: Chronicle) {
    guard version > self.version else { return }
    let hadOpaque = records.indices.contains { hasOpaque($0, chronicle.setting) }
    self.version = version
    chronicle.coverage.add(.catalogAdopted)
    for record in records.indices where !records[record].isEmpty { project(record, chronicle) }
    if hadOpaque { chronicle.coverage.add(.opaqueHeadShown) }
    updateTotals(chronicle, of: Array(contributions.indices))
  }

  /// Whether a record has heads that the catalog does not know.
  private func hasOpaque(_ record: Int, _ setting: Setting) -> Bool {
    // The last version knows all.
    guard version < Catalogs.lastVersion, !records[record].isEmpty else { return false }
    guard let shape = shape(setting.records[record].kind) else { return true }
    return records[record].contains { owned in
      owned.state.knownRegisters.contains { shape.registerIndex(id: $0.id) == nil }
    }
  }

  // MARK: Totals

  /// Moves totals by what the touched records' units contribute now and contributed before.
  mutating func updateTotals(_ chronicle: Chronicle) {
    var units: [Int] = []
    for record in touched {
      if let unit = chronicle.setting.unitOfRecord[record], !units.contains(unit) { units.append(unit) }
    }
    updateTotals(chronicle, of: units)
  }

  private mutating func updateTotals(_ chronicle: Chronicle, of units: [Int]) {
    for unit in units {
      let now = contribution(unit, chronicle.setting)
      guard now != contributions[unit] else { continue }
      for (key, delta) in contributions[unit] { totals[key, default: TotalDelta()] += -delta }
      for (key, delta) in now { totals[key, default: TotalDelta()] += delta }
      contributions[unit] = now
    }
  }

  private func contribution(_ unit: Int, _ setting: Setting) -> [TotalKey: TotalDelta] {
    let place = setting.units[unit]
    var record: UnitRecord?
    if let number = place.record, let row = rows[number], let shape = shape(Catalogs.unit) {
      var sort = ""
      if let index = shape.fieldIndex(id: 2), case .text(let bytes) = row.values[index] {
        sort = String(decoding: bytes, as: UTF8.self)
      }
      record = UnitRecord(
        federation: String(decoding: row.owner, as: UTF8.self), sort: sort, opened: nil, closed: nil)
    }
    let returns = place.returns.compactMap { number -> UnitReturn? in
      guard let row = rows[number] else { return nil }
      let key = setting.records[number].key.columns
      guard let range = DayRange(date: key[1]) else { return nil }
      return UnitReturn(
        federation: String(decoding: row.owner, as: UTF8.self), axis: String(decoding: key[2], as: UTF8.self),
        date: String(decoding: key[1], as: UTF8.self), asOf: range, value: row.values[0].integer)
    }
    return Contributions.stock(
      Catalogs.stock, unit: record, code: "", returns: returns, headquarters: setting.federations.first ?? "")
  }
}
