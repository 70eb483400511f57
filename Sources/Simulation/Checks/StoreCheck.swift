import Consolidation
import SyncCore

/// What every store promises after every step.
struct StoreCheck {
  let store: MemoryStore
  let chronicle: Chronicle
  let name: String

  private func fail(_ words: String) { chronicle.fail("\(name): \(words)") }

  /// Looks at what the running step wrote.
  func touched() {
    for segment in store.logged { log(segment) }
    guard !store.touched.isEmpty else { return }
    var seen = Bitset()
    for record in store.touched where !seen.contains(record) {
      seen.insert(record)
      self.record(record)
    }
    if store.captures.isEmpty { totals() }
  }

  /// Looks at everything.
  func everything() {
    for entry in store.log { log(entry.segment) }
    for record in store.records.indices { self.record(record) }
    if store.captures.isEmpty { totals() }
  }

  /// The frontier is never ahead of the data: whatever a held segment builds on is held.
  private func log(_ segment: SealedSegment) {
    let header = segment.header
    // Decided without `NodeRole`, which is under test.
    let isOwn = header.channel.owner.utf8.elementsEqual(store.role.federation.utf8)
    if header.channel.audience == .home, !isOwn, !store.role.isHeadquarters {
      fail("it holds \(header.channel), which it may not read")
    }
    for hash in [header.predecessor] + header.context.map(\.hash) where hash != .zero && !store.holds(hash) {
      fail("its frontier is ahead of what it holds")
    }
    guard let position = store.positions[segment.hash], let stream = store.table.stream(position.stream),
      stream.tip.sequence >= header.last, store.ends[position.stream.number].last?.hash == stream.tip.hash
    else { return fail("its frontier is not the end of what it holds") }
  }

  private func record(_ number: Int) {
    let expected = Oracle.records(number, known: store.known, chronicle)
    let found = store.records[number].filter { !$0.state.isEmpty }.sorted { $0.channel < $1.channel }
    guard expected.map(\.channel) == found.map(\.channel) else {
      return fail("\(words(number)) is known in other channels than it was sealed in")
    }
    for (truth, owned) in zip(expected, found) { heads(number, truth, owned.state) }
    if !store.captures.contains(where: { $0.record == number }) { row(number, expected) }
  }

  private func words(_ number: Int) -> String { chronicle.setting.records[number].key.display }

  // MARK: Heads

  private func heads(_ number: Int, _ truth: Oracle.Record, _ state: RecordState) {
    let words = "\(words(number)) in \(truth.channel)"
    for (index, key) in chronicle.registers[number].enumerated() {
      guard same(state.heads(key), truth.heads[index]) else {
        return fail(
          "\(words), register \(key.id): \(state.heads(key).count) heads are kept, not the \(truth.heads[index].count) true ones"
        )
      }
    }
    let rows = state.heads(RegisterKey(RegisterID(Int.max)))
    guard same(rows, truth.rows.map { ($0, .empty) }) else { return fail("\(words): other whole rows are held") }
    let deletions = state.deletions.map { Head(clock: $0.clock, content: .empty) }
    guard same(deletions, truth.deletions.map { ($0, .empty) }) else {
      return fail("\(words): other deletions are held")
    }
    if state.hasLivingEdit != truth.isLiving { fail("\(words): alive is \(state.hasLivingEdit)") }
    if state.existenceIsContested != (truth.isLiving && !truth.deletions.isEmpty) {
      fail("\(words): its existence is contested wrongly")
    }
  }

  private func same(_ heads: [Head], _ truth: [(event: Oracle.Event, content: Content)]) -> Bool {
    guard heads.count == truth.count else { return false }
    return heads.allSatisfy { head in
      guard let segment = store.segment(at: head.clock) else { return false }
      let index = Int(head.clock.sequence - segment.header.first)
      return truth.contains {
        $0.event.segment === segment && $0.event.index == index && $0.content == head.content
          && $0.event.change.time == head.clock.time
      }
    }
  }

  // MARK: Rows

  private func row(_ number: Int, _ truth: [Oracle.Record]) {
    guard let shape = store.shape(chronicle.setting.records[number].kind) else { return }
    let rule = shape.kind.deletion
    let living = truth.filter { $0.isLiving && (rule == .editWins || $0.deletions.isEmpty) }
    let shown = living.min { a, b in
      guard let x = Oracle.created(a), let y = Oracle.created(b) else { return false }
      return Oracle.precedes(x, y)
    }
    let views = truth.map { Showing($0, shape, chronicle.registers[number], wantsValues: shown?.channel == $0.channel) }
    var conflicts = views.flatMap(\.conflicts)
    if living.count > 1 { conflicts += truth.map { "\($0.channel) (key)" } }
    if conflicts.sorted() != store.conflicts[number] {
      fail("\(words(number)) lists the conflicts \(store.conflicts[number]), not \(conflicts.sorted())")
    }
    guard let row = store.rows[number] else {
      if shown != nil { fail("\(words(number)) is not shown") }
      return
    }
    guard let shown, let view = zip(truth, views).first(where: { $0.0.channel == shown.channel })?.1 else {
      return fail("\(words(number)) is shown and does not exist")
    }
    guard row.owner.elementsEqual(shown.channel.owner.utf8) else { return fail("\(words(number)) is another owner's") }
    guard row.values != view.values else { return }
    for (index, field) in shape.fields.enumerated() where row.values[index] != view.values[index] {
      fail("\(words(number)).\(field.name) shows '\(row.values[index].display)', not '\(view.values[index].display)'")
    }
  }

  // MARK: Totals

  /// Sums of the latest returns at the end of each year's day, counted again from the rows.
  private func totals() {
    let setting = chronicle.setting
    for day in Self.days {
      var expected: [String: Int128] = [:]
      for unit in setting.units {
        let row = unit.record.flatMap { store.rows[$0] }
        if row?.values[1] == .text("federation") { continue }
        let owner = row.map { String(decoding: $0.owner, as: UTF8.self) }
        for axis in Catalogs.axes {
          guard let item = standing(unit.returns, axis, home: owner == headquarters ? nil : owner, at: day) else {
            continue
          }
          let federation = item.federation == headquarters ? owner ?? headquarters : item.federation
          expected["\(federation) \(axis)", default: 0] += Int128(item.value)
        }
      }
      var found: [String: Int128] = [:]
      for (key, delta) in store.totals where key.day <= day && !key.slot.isEmpty {
        found["\(key.federation) \(key.slot)", default: 0] += delta.amount
      }
      if found.filter({ $0.value != 0 }) != expected.filter({ $0.value != 0 }) {
        fail("its totals differ from a recount")
      }
    }
  }

  private var headquarters: String { chronicle.setting.federations.first ?? "" }

  /// The latest return of the unit's own federation or of headquarters; where there is none, of anybody.
  private func standing(
    _ returns: [Int], _ axis: String, home: String?, at day: Int32
  ) -> (federation: String, value: Int64)? {
    var best: (rank: [Int32], date: [UInt8], federation: String, value: Int64)?
    for number in returns {
      guard let row = store.rows[number], let value = row.values[0].integer else { continue }
      let key = chronicle.setting.records[number].key.columns
      guard let days = DayRange(date: key[1]), days.last.number <= day, key[2] == Array(axis.utf8) else { continue }
      let federation = String(decoding: row.owner, as: UTF8.self)
      let isOwn = federation == home || (home == nil && federation != headquarters)
      let mayReport = isOwn || federation == headquarters
      let width = days.last.number - days.first.number
      let rank = [mayReport ? 1 : 0, days.last.number, isOwn ? 1 : 0, -width]
      // Of two that are alike in all this, the one whose date comes first in the alphabet.
      if let best,
        best.rank == rank ? !key[1].lexicographicallyPrecedes(best.date) : !best.rank.lexicographicallyPrecedes(rank)
      {
        continue
      }
      best = (rank, key[1], federation, value)
    }
    return best.map { ($0.federation, $0.value) }
  }

  private static let days: [Int32] = ["2025-10-31", "2025-12-31"].compactMap {
    DayRange(date: Array($0.utf8))?.last.number
  }
}
