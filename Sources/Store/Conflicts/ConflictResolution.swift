import SyncCore

/// Finds in the log how conflicts were resolved: which change left one value of several, and whose it was.
struct ConflictResolutions {
  /// Where a conflict was.
  struct Place: Hashable {
    var kind: Int
    var key: RecordKey
    var channel: Int
    var field: String

    // Bytewise, as keys are everywhere.
    static func == (a: Self, b: Self) -> Bool {
      a.kind == b.kind && a.channel == b.channel && a.key == b.key && a.field.sameBytes(as: b.field)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(kind)
      hasher.combine(key)
      hasher.combine(channel)
    }
  }

  struct Found {
    var resolution: ConflictView.Resolution
    /// The values that were not taken.
    var lost: [AttributedValue]
  }

  private let engine: Engine

  init(_ engine: Engine) { self.engine = engine }

  /// What the log tells of each; nothing where it does not.
  func find(_ places: [Place]) throws -> [Place: Found] {
    var found: [Place: Found] = [:]
    for (kind, places) in Dictionary(grouping: places, by: \.kind) {
      guard let table = engine.tables[kind] else { continue }
      let byKey = Dictionary(grouping: places, by: \.key)
      var records: [RecordKey: [Int: RecordState]] = [:]
      try engine.eachChange(kind: kind, keys: Set(byKey.keys)) { logged in
        let key = logged.change.key
        guard let stream = engine.streams.stream(logged.clock.stream),
          let channel = engine.channelNumbers[stream.channel]
        else { return }
        var states = records[key, default: [:]]
        let before = states
        states[channel, default: RecordState()].absorb(logged.change, at: logged.clock) { other in
          other.stream == logged.clock.stream ? other.sequence < logged.clock.sequence : logged.seen.covers(other)
        }
        records[key] = states
        for place in byKey[key] ?? [] {
          if let one = resolution(place, table, before, states, logged) { found[place] = one }
        }
      }
    }
    return found
  }

  /// What a change decided; nil when the conflict was none before it, or still is one.
  private func resolution(
    _ place: Place, _ table: KindTable, _ before: [Int: RecordState], _ after: [Int: RecordState],
    _ logged: Engine.LoggedChange
  ) -> Found? {
    if place.field == RecordNotes.keyCollision {
      let owners = { (states: [Int: RecordState]) in states.values.filter { $0.exists(table.kind.deletion) }.count }
      guard owners(before) > 1, owners(after) <= 1 else { return nil }
      let value = engine.attributed([(place.field, .text(RecordNotes.deleted))], logged.clock)
      return Found(resolution: ConflictView.Resolution(outcome: .given, value: value), lost: [])
    }
    guard let old = before[place.channel], let new = after[place.channel] else { return nil }
    if place.field == RecordNotes.existence { return existence(place, table, old, new, logged) }
    guard let register = RecordNotes.register(table, label: place.field) else { return nil }
    let was = choice(old, table, register)
    guard was.isConflict, !choice(new, table, register).isConflict else { return nil }
    let content = new.heads(register).first?.content ?? .empty
    let outcome: ConflictView.Resolution.Outcome =
      content == was.shown?.content ? .kept : was.others.contains { $0.content == content } ? .taken : .given
    let lost = ([was.shown].compactMap { $0 } + was.others).filter { $0.content != content }
    return Found(
      resolution: ConflictView.Resolution(
        outcome: outcome, value: engine.attributed(Head(clock: logged.clock, content: content), table, register)),
      lost: lost.map { engine.attributed($0, table, register) })
  }

  private func choice(_ state: RecordState, _ table: KindTable, _ register: RegisterKey) -> Choice {
    let rule = table.registers.first { $0.id == register.id }?.rule ?? .latest
    return Choice(among: state.heads(register), rule: rule, facts: engine) { table.problem($0, of: register) == nil }
  }

  private func existence(
    _ place: Place, _ table: KindTable, _ old: RecordState, _ new: RecordState, _ logged: Engine.LoggedChange
  ) -> Found? {
    guard old.existenceIsContested, !new.existenceIsContested else { return nil }
    let existed = old.exists(table.kind.deletion)
    let exists = new.exists(table.kind.deletion)
    let value = engine.attributed(
      [(place.field, .text(exists ? RecordNotes.kept : RecordNotes.deleted))], logged.clock)
    let losers = exists ? old.deletions.map(\.clock) : Array(old.survivingEdits)
    let word = exists ? RecordNotes.deleted : RecordNotes.kept
    let lost = losers.sorted { engine.precedes($1, $0) }.map { engine.attributed([(place.field, .text(word))], $0) }
    return Found(
      resolution: ConflictView.Resolution(outcome: existed == exists ? .kept : .taken, value: value), lost: lost)
  }
}
