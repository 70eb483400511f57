/// What the captured edits of one record amount to: changes in order, or a refusal.
///
/// Decided from what was captured, the row as it is now and the heads before the edits, so the disk and the simulator
/// seal alike.
public struct SealPlan: Sendable {
  /// One change and the channel in which it is sealed.
  public struct Item: Hashable, Sendable {
    public var channel: Channel
    public var change: Change
  }

  /// A row as it was typed.
  public struct Row: Sendable {
    /// The owner that the row names.
    public var federation: [UInt8]
    /// As `KindShape.contents` gives them.
    public var contents: [RegisterKey: Content]

    public init(federation: [UInt8], contents: [RegisterKey: Content]) {
      self.federation = federation
      self.contents = contents
    }
  }

  /// What decides besides the record itself.
  public struct Circumstances<Facts: HeadFacts> {
    /// The role of the node that seals.
    public var role: NodeRole
    public var timekeeping: Timekeeping
    /// The order and the authors of heads.
    public var facts: Facts
    /// False for programs that sealed what the catalog does not allow, with a flag, as all did once.
    public var judgesValues: Bool

    public init(role: NodeRole, timekeeping: Timekeeping, facts: Facts, judgesValues: Bool = true) {
      self.role = role
      self.timekeeping = timekeeping
      self.facts = facts
      self.judgesValues = judgesValues
    }
  }

  /// A register that was typed with content that the catalog does not allow.
  public struct Invalid: Hashable, Sendable {
    public var register: RegisterID
    /// The field that is wrong, and why in the words of `Validity`.
    public var field: String
    public var reason: String
  }

  public private(set) var items: [Item] = []
  /// What is not sealed because the catalog does not allow it: the record keeps the last content that was allowed.
  public private(set) var invalid: [Invalid] = []
  /// The column for which the whole record may not be sealed, because its key is not allowed; nil for a proper key.
  public private(set) var invalidKey: String?
  /// Why this node may not seal the edits, in words that continue "… was not taken because"; nil when it may.
  public private(set) var refusal: String?
  /// The channel that this node may not write, where that is why: the edit may be proposed to who may.
  public private(set) var foreignChannel: Channel?
  /// Whether the changes take something away that everybody sees.
  public private(set) var removal = Removal.none
  /// The changes that were refused with `foreignChannel`.
  public private(set) var refusedChanges: [Change] = []

  /// - Parameters:
  ///   - edits: what the triggers captured of the record.
  ///   - row: the row as it is now; nil when there is none.
  ///   - deleted: what the row held when it was deleted, where that was captured.
  ///   - records: what is known under the key before the edits.
  ///   - isTyped: true when values in `records` were read from the row as it was typed, so that nothing can be compared
  ///     with them: every register that was edited is sealed.
  public init<Facts: HeadFacts>(
    _ edits: CapturedEdits, _ shape: KindShape, _ key: RecordKey, row: Row?, deleted: [RegisterKey: Content]?,
    records: [OwnedRecord], isTyped: Bool, in circumstances: Circumstances<Facts>
  ) throws(Facts.Failure) {
    let rule = shape.kind.deletion
    let shown = try RecordState.shown(among: records.map(\.state), rule: rule, facts: circumstances.facts)
    let channel = Self.channel(shape, row: row, shown: shown, records: records, role: circumstances.role)
    guard let channel else {
      refusal = "the federation in the record is not a proper code"
      return
    }
    let maker = ChangeMaker(
      shape: shape, key: key, edits: edits, isTyped: isTyped,
      problems: circumstances.judgesValues ? Self.problems(shape, row?.contents ?? deleted) : [:],
      circumstances: circumstances)
    let state = records.first { $0.channel == channel }?.state ?? RecordState()
    let changes = try maker.changes(row: row?.contents, deleted: deleted, state: state)
    var replaced: OwnedRecord?
    if row != nil, edits.deletion != nil, let shown, records[shown].channel != channel { replaced = records[shown] }
    // A row that is as it was sealed is no edit, whoever owns it.
    // Who deletes a record takes back what was wrong in it.
    let unsealed = row == nil ? [] : maker.unsealed(state)
    if changes.isEmpty, unsealed.isEmpty, replaced == nil { return }
    guard circumstances.role.mayWrite(channel) else {
      refuse(changes, in: channel, circumstances.role)
      return
    }
    if row != nil, circumstances.judgesValues, let problem = shape.problem(key: key) {
      refusal = "\(problem.field): \(problem.reason)"
      invalidKey = problem.field
      return
    }
    if let replaced, let deletion = edits.deletion {
      // The record of another owner was deleted, and this one typed under its key.
      guard circumstances.role.mayWrite(replaced.channel) else {
        refuse(changes, in: replaced.channel, circumstances.role)
        return
      }
      let change = maker.change(.deletion, [], captured: deletion.at, replacing: replaced.state.edits)
      items.append(Item(channel: replaced.channel, change: change))
    }
    items += changes.map { Item(channel: channel, change: $0) }
    removal = try Removal(changes, shape, typed: row?.contents) { () throws(Facts.Failure) in
      isTyped ? nil : try Projection(shape, state, facts: circumstances.facts).contents(shape)
    }
    invalid = unsealed
  }

  /// The registers whose content the catalog does not allow, with the first thing that is wrong in each.
  private static func problems(_ shape: KindShape, _ contents: [RegisterKey: Content]?) -> [RegisterID: Invalid] {
    var found: [RegisterID: Invalid] = [:]
    for (key, content) in contents ?? [:] {
      guard let problem = shape.problem(content, of: key) else { continue }
      found[key.id] = Invalid(register: key.id, field: problem.field, reason: problem.reason)
    }
    return found
  }

  private mutating func refuse(_ changes: [Change], in channel: Channel, _ role: NodeRole) {
    refusal = Self.reason(channel, role)
    foreignChannel = channel
    refusedChanges = changes
  }

  private static func channel(
    _ shape: KindShape, row: Row?, shown: Int?, records: [OwnedRecord], role: NodeRole
  ) -> Channel? {
    if let row {
      let owner = String(decoding: row.federation, as: UTF8.self)
      return FederationCode.isValid(owner) ? Channel(owner: owner, recordClass: shape.kind.recordClass) : nil
    }
    if let shown { return records[shown].channel }
    if let first = records.first { return first.channel }
    return Channel(owner: role.federation, recordClass: shape.kind.recordClass)
  }

  private static func reason(_ channel: Channel, _ role: NodeRole) -> String {
    if channel.owner.sameBytes(as: role.federation) {
      return "it would be open to all, which the catalog does not let \(channel.owner) write"
    }
    return "it belongs to \(channel.owner), whose records others may not edit"
  }
}

/// Makes the changes of one record.
private struct ChangeMaker<Facts: HeadFacts> {
  let shape: KindShape
  let key: RecordKey
  let edits: CapturedEdits
  let isTyped: Bool
  /// Registers that are not sealed, because what was typed is not allowed.
  let problems: [RegisterID: SealPlan.Invalid]
  let circumstances: SealPlan.Circumstances<Facts>

  /// The changes that the folded edits amount to.
  func changes(
    row typed: [RegisterKey: Content]?, deleted: [RegisterKey: Content]?, state: RecordState
  ) throws(Facts.Failure) -> [Change] {
    let isAlive = state.exists(shape.kind.deletion)
    guard let typed else {
      guard isAlive else { return [] }
      // An edit before the deletion is sealed before it, so that a row that comes back is whole.
      var before: [Change] = []
      if let deleted { before = try self.edits(edits.editedBeforeDeletion, deleted, state) }
      let at = edits.deletion?.at ?? edits.lastAt
      return before + [change(.deletion, [], captured: at, replacing: state.edits)]
    }
    if state.isEmpty || !isAlive {
      let registers = typed.filter { problems[$0.key.id] == nil }.map { RegisterContent($0.key, $0.value) }
        .sorted { $0.key < $1.key }
      return [change(.insertion, registers, captured: edits.lastAt, replacing: state.edits)]
    }
    // Of a whole row written over itself, as by OR REPLACE or after its deletion, only what differs from what is shown is
    // an edit.
    return try self.edits(edits.insertedAt == nil ? edits.edited : Int64.max, typed, state)
  }

  /// What was typed and is not sealed.
  func unsealed(_ state: RecordState) -> [SealPlan.Invalid] {
    guard !problems.isEmpty else { return [] }
    let isWhole = edits.insertedAt != nil || state.isEmpty || !state.exists(shape.kind.deletion)
    return shape.registers.compactMap { register in
      isWhole || edits.edited & register.id.bit != 0 ? problems[register.id] : nil
    }
  }

  /// One change for all registers edited in one moment.
  private func edits(_ mask: Int64, _ typed: [RegisterKey: Content], _ state: RecordState) throws(Facts.Failure)
    -> [Change]
  {
    let standing = try Projection(shape, state, facts: circumstances.facts).contents(shape)
    var byTime: [Int64: [RegisterContent]] = [:]
    for register in shape.registers where mask & register.id.bit != 0 && problems[register.id] == nil {
      let at = edits.time(of: register.id)
      let keys = register.isSet ? setKeys(register, typed, standing, state) : [RegisterKey(register.id)]
      for registerKey in keys {
        let content = typed[registerKey] ?? .empty
        // OR REPLACE empties what it does not name; a field that is set once stays set.
        if mask == Int64.max, register.rule == .frozen, content.isEmpty { continue }
        // A text that was no set is shown nowhere, and goes with the first set typed over it.
        let isMalformed = registerKey.element?.first == KindShape.malformedSet.first
        let says = isMalformed ? state.heads(registerKey).first?.content : standing[registerKey]
        let isShown = !isTyped && content == says ?? .empty
        let isSettled = state.heads(registerKey).count <= 1
        // A value that is shown already is no edit, unless a person confirms it as one of several. Whoever restores a row
        // that another deleted confirms everything.
        let isConfirmed = edits.confirms && (!isSettled || !state.deletions.isEmpty)
        if isShown && !isConfirmed { continue }
        byTime[at, default: []].append(RegisterContent(registerKey, content))
      }
    }
    return byTime.sorted { $0.key < $1.key }.map { at, registers in
      let replaced = registers.flatMap { state.heads($0.key).map(\.clock) }
      return change(.edit, registers.sorted { $0.key < $1.key }, captured: at, replacing: replaced)
    }
  }

  private func setKeys(
    _ register: Register, _ typed: [RegisterKey: Content], _ standing: [RegisterKey: Content], _ state: RecordState
  ) -> [RegisterKey] {
    let known = state.knownRegisters.filter {
      edits.confirms || $0.element?.first == KindShape.malformedSet.first
    }
    return Set((Array(typed.keys) + Array(standing.keys) + known).filter { $0.id == register.id && $0.element != nil })
      .sorted()
  }

  func change(
    _ operation: Change.Operation, _ registers: [RegisterContent], captured: Int64, replacing: some Sequence<Clock>
  ) -> Change {
    let times = replacing.map(\.time).sorted()
    let isFlagged =
      shape.problem(key: key) != nil || registers.contains { shape.problem($0.content, of: $0.key) != nil }
    return Change(
      kind: shape.kind.id, key: key, operation: operation, registers: registers, captured: captured,
      time: circumstances.timekeeping.stamp(captured: captured, replacing: times), isFlagged: isFlagged)
  }
}
