import SyncCore

/// Captured edits of one record that a store dropped, because it had sealed them before it was restored.
struct DroppedEdits {
  let record: Int
  /// All that was captured of the record, in the order in which it was typed.
  let captures: [MemoryStore.Capture]
  /// What is left of each one's mask; nil for those that were dropped.
  let remaining: [Int64?]
  /// The row as it was.
  let row: SealPlan.Row?
  /// What the row held at the first deletion.
  let deleted: [RegisterKey: Content]?

  /// Checks that whatever was dropped is held sealed, now that the segments are absorbed: the edit itself, or one with the
  /// same values.
  ///
  /// Two living copies of a machine are one node. Where both type the same in the same moment, it is one edit.
  func check(heldBy store: MemoryStore, _ chronicle: Chronicle) {
    let held = chronicle.events[record].filter { event in
      event.segment.header.origin.node == store.id && store.known.contains(event.segment.number)
    }
    for (index, capture) in captures.enumerated() where remaining[index] == nil {
      if store.log.contains(where: { $0.segment.writes.contains(capture.write) }) { continue }
      guard let twin = twins(of: index, held).first else {
        return chronicle.fail("a captured edit was dropped that nothing holds")
      }
      chronicle.addWrite(capture.write, to: twin.segment)
    }
  }

  /// The sealed edits that hold a dropped one: the edit itself, or what was typed over it.
  private func twins(of index: Int, _ held: [Chronicle.Event]) -> [Chronicle.Event] {
    let later = captures.indices.filter { $0 >= index && remaining[$0] == nil }
    for end in later.reversed() where captures[end].mask <= 0 || end == captures.count - 1 {
      let whole = held.filter { $0.change.captured == captures[end].at && matches($0.change, upTo: end) }
      if !whole.isEmpty, bitsBeforeDeletion(end).allSatisfy({ edits(of: $0.register, at: $0.at, deleted, held) != [] })
      {
        return whole
      }
    }
    let mask = captures[index].mask
    guard mask > 0 else { return [] }
    var found: [Chronicle.Event] = []
    for register in RegisterID.all where mask & register.bit != 0 {
      guard let last = captures.last(where: { $0.mask > 0 && $0.mask & register.bit != 0 }) else { return [] }
      let same = edits(of: register, at: last.at, row?.contents, held)
      if same.isEmpty { return [] }
      found += same.map { held[$0] }
    }
    return found
  }

  private func matches(_ change: Change, upTo end: Int) -> Bool {
    switch change.operation {
    case .deletion: return captures[end].mask == 0
    case .edit: return false
    case .insertion:
      let said = change.registers.filter { !$0.content.isEmpty }
      let typed = row?.contents.filter { !$0.value.isEmpty } ?? [:]
      return captures[end].mask != 0 && said.count == typed.count && said.allSatisfy { typed[$0.key] == $0.content }
    }
  }

  /// The registers edited up to the first deletion, each with the time of its last edit; none for a row written whole.
  private func bitsBeforeDeletion(_ end: Int) -> [(register: RegisterID, at: Int64)] {
    guard captures[end].mask == 0, let first = captures.firstIndex(where: { $0.mask == 0 }) else { return [] }
    return RegisterID.all.compactMap { register in
      captures[..<first].last { $0.mask > 0 && $0.mask & register.bit != 0 }.map { (register, $0.at) }
    }
  }

  /// Which of the changes edit a register to what it was.
  private func edits(
    of register: RegisterID, at captured: Int64, _ contents: [RegisterKey: Content]?, _ held: [Chronicle.Event]
  ) -> [Int] {
    guard let contents else { return [] }
    return held.indices.filter { place in
      let change = held[place].change
      let named = change.registers.filter { $0.key.id == register }
      return change.operation == .edit && change.captured == captured && !named.isEmpty
        && named.allSatisfy { contents[$0.key] ?? .empty == $0.content }
    }
  }
}
