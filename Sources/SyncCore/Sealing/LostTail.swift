/// Which captured edits of a restored node are sealed already, in the tail that it lost and now gets back.
///
/// A backup holds edits that were captured and not yet sealed. The node went on, sealed them, was restored, and has them
/// captured once more. Sealing them again would put each in conflict with itself, so those are dropped that the
/// missing tail holds with the same record, register, raw capture time and value, and a deletion only together with the
/// edits before it. Whatever matches less exactly is sealed: two living copies of one machine are one node by its name.
///
/// Ask it in the transaction that absorbs the tail, before anything is sealed there. Where heads keep their values in the
/// row alone, the record has to be folded from the log before its captured edits are dropped: the row was typed over.
public struct LostTail: Sendable {
  /// One captured edit of a record, in the order in which it was typed.
  public struct Note: Hashable, Sendable {
    /// -1 for an insertion, 0 for a deletion, else one bit for each register that was edited.
    public var mask: Int64
    /// The wall time of the capture, in milliseconds since 1970.
    public var at: Int64

    public init(mask: Int64, at: Int64) {
      self.mask = mask
      self.at = at
    }
  }

  /// A segment about to be absorbed.
  public struct Arrival: Sendable {
    public var header: SegmentHeader
    public var hash: Digest
    public var changes: [Change]

    public init(header: SegmentHeader, hash: Digest, changes: [Change]) {
      self.header = header
      self.hash = hash
      self.changes = changes
    }
  }

  private struct Name: Hashable {
    var kind: KindID
    var key: RecordKey
  }

  /// One change of the tail, and whose record it is.
  private struct Sealed {
    var change: Change
    var owner: String
  }

  private var changes: [Name: [Sealed]] = [:]

  /// - Parameters:
  ///   - arrivals: the segments about to be absorbed, and those that wait for them, in any order.
  ///   - isOwn: whether a node is this one, under the key of today or an earlier one.
  ///   - isHeld: whether the segment with a hash is held.
  public init(_ arrivals: [Arrival], isOwn: (NodeID) -> Bool, isHeld: (Digest) -> Bool) {
    // What still waits for another segment may never be absorbed, so it does not count.
    var placed: Set<Digest> = [.zero]
    var rest = arrivals.filter { !isHeld($0.hash) }
    var isMoving = true
    while isMoving {
      isMoving = false
      for arrival in rest {
        let needs = [arrival.header.predecessor] + arrival.header.context.map(\.hash)
        guard !placed.contains(arrival.hash), needs.allSatisfy({ placed.contains($0) || isHeld($0) }) else { continue }
        placed.insert(arrival.hash)
        isMoving = true
      }
      rest.removeAll { arrival in
        guard placed.contains(arrival.hash) else { return false }
        if isOwn(arrival.header.origin.node) {
          for change in arrival.changes {
            let sealed = Sealed(change: change, owner: arrival.header.channel.owner)
            changes[Name(kind: change.kind, key: change.key), default: []].append(sealed)
          }
        }
        return true
      }
    }
  }

  /// For a node that never had another key.
  public init(_ arrivals: [Arrival], of node: NodeID, isHeld: (Digest) -> Bool) {
    self.init(arrivals, isOwn: { $0 == node }, isHeld: isHeld)
  }

  /// True when nothing of this node's own arrives.
  public var isEmpty: Bool { changes.isEmpty }

  /// True when something of a record arrives that this node sealed.
  public func touches(kind: KindID, key: RecordKey) -> Bool { changes[Name(kind: kind, key: key)] != nil }

  /// What of a record's captured edits is still to be sealed.
  ///
  /// - Parameters:
  ///   - notes: all captured edits of the record, in the order in which they were typed.
  ///   - typed: the row as it is now; nil when there is none.
  ///   - deleted: what the row held at the first captured deletion, by register, where there is one.
  /// - Returns: the edits by their index in `notes`, with what remains of each mask; those that are dropped are absent.
  public func unsealed(
    _ notes: [Note], kind: KindID, key: RecordKey, typed: SealPlan.Row?, deleted: [RegisterKey: Content]?
  ) -> [(index: Int, mask: Int64)] {
    let sealed = changes[Name(kind: kind, key: key)] ?? []
    var rest = notes.enumerated().map { (index: $0.offset, mask: $0.element.mask) }
    guard !sealed.isEmpty else { return rest }
    if let end = wholeRecordEnd(notes, sealed, typed, deleted) { rest.removeAll { $0.index <= end } }
    for item in sealed where item.change.operation == .edit && isOwner(item, typed) {
      let change = item.change
      for register in Set(change.registers.map(\.key.id)) where isSame(register, change, typed?.contents) {
        let bit = register.bit
        // Only where the last edit of the register is the sealed one: what was typed since stays.
        guard let last = rest.last(where: { $0.mask > 0 && $0.mask & bit != 0 }),
          notes[last.index].at == change.captured
        else { continue }
        for place in rest.indices where rest[place].mask > 0 { rest[place].mask &= ~bit }
      }
    }
    return rest.filter { notes[$0.index].mask <= 0 || $0.mask & ~CapturedEdits.confirmation != 0 }
  }

  /// What was typed over captured edits that the tail holds as sealed before.
  ///
  /// Who typed that had the sealed values in the row, so it follows the tail and does not stand beside it: it is to be
  /// sealed after the tail was absorbed. Ask only for a record that nobody else's change arrives for.
  ///
  /// - Returns: the edits by their index in `notes`, with what remains of each mask; nil where nothing follows, or where it
  ///   may contradict something in the tail that was typed after the backup.
  public func following(
    _ notes: [Note], kind: KindID, key: RecordKey, typed: SealPlan.Row?
  ) -> [(index: Int, mask: Int64)]? {
    let sealed = changes[Name(kind: kind, key: key)] ?? []
    // For each register the last edit that is sealed, up to where everything is, and what was typed after the backup.
    var ends: [RegisterID: Int] = [:]
    var whole = -1
    var unseen: Int64 = 0
    for item in sealed {
      guard typed == nil || isOwner(item, typed) else { return nil }
      let registers = item.change.registers.map(\.key.id)
      guard let end = place(of: item.change, in: notes) else {
        guard item.change.operation == .edit else { return nil }
        unseen |= registers.reduce(0) { $0 | $1.bit }
        continue
      }
      if item.change.operation != .edit {
        whole = max(whole, end)
      } else {
        for register in registers { ends[register] = max(ends[register] ?? -1, end) }
      }
    }
    guard whole >= 0 || !ends.isEmpty else { return nil }
    let rest = remains(of: notes, whole: whole, ends)
    guard !rest.isEmpty else { return nil }
    guard let typed, rest.allSatisfy({ $0.mask > 0 }) else { return unseen == 0 ? rest : nil }
    let edited = rest.reduce(Int64(0)) { $0 | $1.mask }
    guard edited & unseen == 0 else { return nil }
    // What was not typed over since has to be what was sealed.
    var said: [RegisterKey: Content] = [:]
    for item in sealed.sorted(by: { $0.change.captured < $1.change.captured }) {
      if item.change.operation == .deletion { return nil }
      for register in item.change.registers { said[register.key] = register.content }
    }
    let isAsSealed = said.allSatisfy { key, content in
      (edited | unseen) & key.id.bit != 0 || typed.contents[key] ?? .empty == content
    }
    return isAsSealed ? rest : nil
  }

  private func remains(
    of notes: [Note], whole: Int, _ ends: [RegisterID: Int]
  ) -> [(index: Int, mask: Int64)] {
    var rest: [(index: Int, mask: Int64)] = []
    for (index, note) in notes.enumerated() where index > whole {
      guard note.mask > 0 else {
        rest.append((index, note.mask))
        continue
      }
      var mask = note.mask
      for (register, end) in ends where index <= end { mask &= ~register.bit }
      if mask & ~CapturedEdits.confirmation != 0 { rest.append((index, mask)) }
    }
    return rest
  }

  /// The captured edit that a change of the tail came from, and the last one that it holds.
  private func place(of change: Change, in notes: [Note]) -> Int? {
    switch change.operation {
    case .insertion:
      let end = notes.lastIndex { $0.at == change.captured && $0.mask != 0 }
      return end.flatMap { notes[...$0].contains { $0.mask == -1 } ? $0 : nil }
    case .deletion: return notes.lastIndex { $0.at == change.captured && $0.mask == 0 }
    case .edit:
      let bits = change.registers.reduce(Int64(0)) { $0 | $1.key.id.bit }
      return notes.lastIndex { $0.at == change.captured && $0.mask > 0 && $0.mask & bits != 0 }
    }
  }

  /// Up to where one insertion or deletion of the tail holds all that was captured.
  private func wholeRecordEnd(
    _ notes: [Note], _ sealed: [Sealed], _ typed: SealPlan.Row?, _ deleted: [RegisterKey: Content]?
  ) -> Int? {
    var ends: [Int] = []
    for item in sealed {
      let change = item.change
      switch change.operation {
      case .insertion:
        // An insertion holds the row as it was at the last edit before it was sealed.
        guard let end = notes.lastIndex(where: { $0.at == change.captured && $0.mask != 0 }),
          notes[...end].contains(where: { $0.mask == -1 }), end == notes.endIndex - 1, isOwner(item, typed),
          isSame(change, typed?.contents)
        else { continue }
        ends.append(end)
      case .deletion:
        guard let end = notes.lastIndex(where: { $0.at == change.captured && $0.mask == 0 }),
          hold(sealed, editsBefore: notes[...end], deleted)
        else { continue }
        ends.append(end)
      case .edit:
        continue
      }
    }
    return ends.max()
  }

  /// True when what was edited before the first deletion is sealed as well, with the values that the row had then.
  private func hold(_ sealed: [Sealed], editsBefore notes: ArraySlice<Note>, _ deleted: [RegisterKey: Content]?) -> Bool
  {
    var edits = CapturedEdits()
    for note in notes { edits.add(sequence: 0, mask: note.mask, at: note.at) }
    return RegisterID.all.allSatisfy { register in
      guard edits.editedBeforeDeletion & register.bit != 0 else { return true }
      return sealed.contains { item in
        item.change.operation == .edit && item.change.captured == edits.time(of: register)
          && item.change.registers.contains { $0.key.id == register } && isSame(register, item.change, deleted)
      }
    }
  }

  private func isOwner(_ item: Sealed, _ typed: SealPlan.Row?) -> Bool {
    typed?.federation.elementsEqual(item.owner.utf8) ?? false
  }

  private func isSame(_ register: RegisterID, _ change: Change, _ typed: [RegisterKey: Content]?) -> Bool {
    guard let typed else { return false }
    return change.registers.allSatisfy { $0.key.id != register || typed[$0.key] ?? .empty == $0.content }
  }

  private func isSame(_ insertion: Change, _ typed: [RegisterKey: Content]?) -> Bool {
    guard let typed else { return false }
    var said: [RegisterKey: Content] = [:]
    for register in insertion.registers where !register.content.isEmpty { said[register.key] = register.content }
    return said == typed.filter { !$0.value.isEmpty }
  }
}
