/// One of the changes of a register that no other known change of it has seen.
public struct Head: Hashable, Sendable {
  public var clock: Clock
  public var content: Content

  public init(clock: Clock, content: Content) {
    self.clock = clock
    self.content = content
  }
}

/// A whole-row change that is still the head of the registers nobody edited since.
public struct RowHead: Hashable, Sendable {
  public var clock: Clock
  /// The registers that have no heads of their own, where not empty.
  public var contents: [RegisterKey: Content]

  public init(clock: Clock, contents: [RegisterKey: Content]) {
    self.clock = clock
    self.contents = contents
  }
}

/// Everything that is remembered of one record: the heads of its registers and of its existence.
///
/// A field's state is its set of heads; an edit replaces the heads that it has seen and no others. So the state is a
/// function of the set of changes absorbed, whatever the order in which they came (design.md, "Merge").
///
/// Compact: a whole-row change is stored once (`rows`), and only registers edited later have heads of their own.
/// Existence needs no heads of its own: every edit implies that the row exists, so the edits among its heads are among the
/// registers' heads, and only deletions are stored beside them.
public struct RecordState: Hashable, Sendable {
  /// The heads of every register that `registers` does not name.
  public private(set) var rows: [RowHead]
  /// The heads of registers edited after the whole row, in ascending order of key.
  public private(set) var registers: [RegisterKey: [Head]]
  /// The deletions that no other known change of the record has seen.
  public private(set) var deletions: [Deletion]

  /// A deletion and the heads that it had seen when it was absorbed.
  public struct Deletion: Hashable, Sendable {
    public var clock: Clock
    /// The changes among the heads that this deletion covers.
    public var covered: Set<Clock>

    public init(clock: Clock, covered: Set<Clock>) {
      self.clock = clock
      self.covered = covered
    }
  }

  public init() {
    rows = []
    registers = [:]
    deletions = []
  }

  public init(rows: [RowHead], registers: [RegisterKey: [Head]], deletions: [Deletion]) {
    self.rows = rows
    self.registers = registers
    self.deletions = deletions
  }

  public var isEmpty: Bool { rows.isEmpty && registers.isEmpty && deletions.isEmpty }

  /// The heads of a register.
  public func heads(_ key: RegisterKey) -> [Head] {
    registers[key] ?? rows.map { Head(clock: $0.clock, content: $0.contents[key] ?? .empty) }
  }

  /// The keys of all registers of which anything is known, in ascending order.
  public var knownRegisters: [RegisterKey] {
    var keys = Set(registers.keys)
    for row in rows { keys.formUnion(row.contents.keys) }
    return keys.sorted()
  }

  /// The changes that are a head of something, deletions excepted.
  public var edits: Set<Clock> {
    var clocks = Set(rows.map(\.clock))
    for heads in registers.values { clocks.formUnion(heads.map(\.clock)) }
    return clocks
  }

  /// The edits that no deletion has seen. Empty while there are deletions means that the row is gone for everybody.
  public var survivingEdits: Set<Clock> {
    deletions.reduce(into: edits) { $0.subtract($1.covered) }
  }

  /// True when there is an edit that no deletion has seen.
  public var hasLivingEdit: Bool {
    deletions.isEmpty ? !(rows.isEmpty && registers.isEmpty) : !survivingEdits.isEmpty
  }

  /// True when one side deleted the row and another edited it without knowing.
  public var existenceIsContested: Bool { !deletions.isEmpty && hasLivingEdit }

  /// True when the row is shown.
  public func exists(_ rule: DeletionRule) -> Bool {
    switch rule {
    case .editWins: hasLivingEdit
    case .deleteWins: deletions.isEmpty && hasLivingEdit
    }
  }

  /// Absorbs one change.
  ///
  /// The change must not have been absorbed before, and everything that it has seen must have been.
  ///
  /// - Parameters:
  ///   - change: what was sealed.
  ///   - clock: its place.
  ///   - hasSeen: whether the change had seen the change at a clock.
  public mutating func absorb(_ change: Change, at clock: Clock, hasSeen: (Clock) -> Bool) {
    deletions.removeAll { hasSeen($0.clock) }
    switch change.operation {
    case .insertion: absorbInsertion(change, at: clock, hasSeen: hasSeen)
    case .edit:
      for register in change.registers {
        var heads = heads(register.key)
        heads.removeAll { hasSeen($0.clock) }
        heads.append(Head(clock: clock, content: register.content))
        registers[register.key] = heads
        forgetInRows(register.key)
      }
    case .deletion:
      deletions.append(Deletion(clock: clock, covered: edits.filter(hasSeen)))
    }
    trimCovered()
  }

  /// Absorbs one change of a segment.
  ///
  /// - Parameter seen: what the segment's author had seen. It ends where the segment begins: of their own stream changes
  ///   have seen all before them.
  public mutating func absorb(_ change: Change, at clock: Clock, seen: VersionVector) {
    absorb(change, at: clock) { other in
      other.stream == clock.stream ? other.sequence < clock.sequence : seen.covers(other)
    }
  }

  private mutating func absorbInsertion(_ change: Change, at clock: Clock, hasSeen: (Clock) -> Bool) {
    var contents: [RegisterKey: Content] = [:]
    for register in change.registers where !register.content.isEmpty { contents[register.key] = register.content }
    rows.removeAll { hasSeen($0.clock) }
    for key in Array(registers.keys) {
      var heads = registers[key, default: []]
      heads.removeAll { hasSeen($0.clock) }
      heads.append(Head(clock: clock, content: contents[key] ?? .empty))
      registers[key] = heads
    }
    rows.append(RowHead(clock: clock, contents: contents))
    let rowClocks = Set(rows.map(\.clock))
    for (key, heads) in registers {
      if Set(heads.map(\.clock)) == rowClocks {
        fold(key, heads)
      } else {
        forgetInRows(key)
      }
    }
  }

  /// Folds a register back into the rows when its heads equal the row heads.
  private mutating func fold(_ key: RegisterKey, _ heads: [Head]) {
    registers[key] = nil
    for index in rows.indices {
      guard let head = heads.first(where: { $0.clock == rows[index].clock }) else { continue }
      rows[index].contents[key] = head.content.isEmpty ? nil : head.content
    }
  }

  /// A register with heads of its own needs no value in the rows.
  private mutating func forgetInRows(_ key: RegisterKey) {
    for index in rows.indices { rows[index].contents[key] = nil }
  }

  /// Keeps of what deletions cover only what is still a head, so that the state does not depend on the order of arrival.
  private mutating func trimCovered() {
    guard !deletions.isEmpty else { return }
    let edits = edits
    for index in deletions.indices { deletions[index].covered.formIntersection(edits) }
  }
}
