import SyncCore

/// What sealing promises, looked at from outside the plan: times within bounds, and nothing that was typed swallowed.
enum SealCheck {
  /// No time lies ahead of now, except to follow a head that is hardly ahead, and none before the previous seal.
  static func time(
    _ change: Change, _ channel: Channel, _ standing: [OwnedRecord], _ timekeeping: Timekeeping, _ chronicle: Chronicle
  ) {
    let tolerated: Int64 = 5 * 60 * 1000
    if change.time > timekeeping.now, change.time - timekeeping.now > tolerated + 1 {
      chronicle.fail("a change is timed \(change.time - timekeeping.now) ms ahead of now")
    }
    if change.time < min(timekeeping.previousSeal, timekeeping.now) {
      chronicle.fail("a change is timed before the seal before it")
    }
    guard change.operation == .edit else { return }
    for owned in standing where owned.channel == channel {
      for register in change.registers {
        if owned.state.heads(register.key).contains(where: { $0.clock.time == change.time - 1 }) {
          chronicle.coverage.add(.headFollowed)
        }
        for head in owned.state.heads(register.key) where head.clock.time >= change.time {
          if head.clock.time <= timekeeping.now + tolerated {
            chronicle.fail("a change is not later than a head that it replaces")
          } else {
            chronicle.coverage.add(.absurdTimeIgnored)
          }
        }
      }
    }
  }

  /// What did not change is no edit and no reason to refuse one.
  ///
  /// - Parameter records: what is known under the key before the edits, by the log.
  static func changes<Facts: HeadFacts>(
    _ edits: CapturedEdits, _ shape: KindShape, row: SealPlan.Row?, _ records: [OwnedRecord], _ plan: SealPlan,
    facts: Facts, _ chronicle: Chronicle
  ) where Facts.Failure == Never {
    guard let row, let owned = records.first(where: { $0.channel.owner.utf8.elementsEqual(row.federation) }),
      owned.state.exists(shape.kind.deletion)
    else { return }
    let shown = Projection(shape, owned.state, facts: facts).contents(shape)
    let shownOwner = RecordState.shown(among: records.map(\.state), rule: shape.kind.deletion, facts: facts)
    if plan.refusal != nil, shownOwner.map({ records[$0].channel == owned.channel }) ?? false,
      row.contents.filter({ !$0.value.isEmpty }) == shown.filter({ !$0.value.isEmpty })
    {
      chronicle.fail("a row that is as it was shown was refused")
    }
    for item in plan.items where item.channel == owned.channel {
      if item.change.operation == .insertion { chronicle.fail("a record that is there was inserted") }
      guard item.change.operation == .edit, !edits.confirms else { continue }
      for register in item.change.registers where register.key.element == nil {
        if register.content == shown[register.key] ?? .empty {
          chronicle.fail("a value that did not change was sealed as an edit")
        }
      }
    }
  }

  /// What was typed last of every register is a head now, and a row that is gone is deleted. What the catalog does not
  /// allow changes nothing of what was there.
  static func content(
    _ edits: CapturedEdits, _ shape: KindShape, row: SealPlan.Row?, _ before: [OwnedRecord],
    _ records: [OwnedRecord], _ plan: SealPlan, _ chronicle: Chronicle
  ) {
    guard let row else {
      if records.contains(where: { $0.state.exists(shape.kind.deletion) }) {
        // Another owner's record may stand under the key.
        guard records.count == 1 else { return }
        chronicle.fail("a deletion was captured, and the record lives on")
      }
      return
    }
    let owner = records.first { $0.channel.owner.utf8.elementsEqual(row.federation) }
    guard let state = owner?.state, state.exists(shape.kind.deletion) else {
      return chronicle.fail("a row was typed, and nothing is kept of it")
    }
    let earlier = before.first { $0.channel.owner.utf8.elementsEqual(row.federation) }?.state ?? RecordState()
    for register in shape.registers {
      let isWhole = edits.insertedAt != nil
      if plan.invalid.contains(where: { $0.register == register.id }) {
        for (key, content) in row.contents where key.id == register.id && shape.problem(content, of: key) != nil {
          let isNew = !earlier.heads(key).contains { $0.content == content }
          if isNew, state.heads(key).contains(where: { $0.content == content }) {
            chronicle.fail("a value of \(register.name) was sealed that the catalog does not allow")
          }
        }
        for key in earlier.knownRegisters where key.id == register.id && earlier.exists(shape.kind.deletion) {
          let was = earlier.heads(key).map(\.content).filter { shape.problem($0, of: key) == nil }
          let isKept = was.isEmpty || state.heads(key).contains { was.contains($0.content) }
          if !isKept { chronicle.fail("a value that is not allowed emptied \(register.name)") }
        }
        continue
      }
      guard isWhole || edits.edited & register.id.bit != 0 else { continue }
      if register.isSet {
        for (key, content) in row.contents where key.id == register.id {
          if !state.heads(key).contains(where: { $0.content == content }) {
            chronicle.fail("an element typed into \(register.name) is not among its heads")
          }
        }
        for key in state.knownRegisters where key.id == register.id && row.contents[key] == nil {
          // A text that was no set is shown nowhere, so nobody takes it out.
          guard key.element?.first != 0, !state.heads(key).contains(where: { $0.content.isEmpty }) else { continue }
          chronicle.fail("an element taken out of \(register.name) stays in it")
        }
      } else {
        let key = RegisterKey(register.id)
        let content = row.contents[key] ?? .empty
        // What OR REPLACE empties of a field that is set once comes back.
        if isWhole, register.rule == .frozen, content.isEmpty { continue }
        let heads = state.heads(key)
        // Emptiness over what the catalog does not allow, and so shows as nothing, says nothing.
        let isShownEmpty = heads.allSatisfy { shape.problem($0.content, of: key) != nil }
        if !heads.contains(where: { $0.content == content }), !(content.isEmpty && isShownEmpty) {
          chronicle.fail("what was typed into \(register.name) is not among its heads")
        }
        if edits.confirms, !isWhole, heads.count > 1 {
          chronicle.fail("a conflict in \(register.name) was decided and stays open")
        }
      }
    }
  }
}
