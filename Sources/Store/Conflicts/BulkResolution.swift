import SyncCore

/// Which conflicts of a kind one decision is about.
public struct ConflictSelection: Sendable {
  /// The kind, such as `membership_return`.
  public var kind: String
  /// Only conflicts in this field, as `ConflictView.field` names it; nil for all.
  public var field: String?
  /// Only records whose shown columns equal these texts.
  public var values: [(column: String, text: String)]
  /// Only conflicts in which this node gave one of the values.
  public var node: String?

  public init(kind: String, field: String? = nil, values: [(column: String, text: String)] = [], node: String? = nil) {
    self.kind = kind
    self.field = field
    self.values = values
    self.node = node
  }
}

/// What one decision about many conflicts does, or would do.
public struct BulkResolution: Sendable, Equatable {
  /// How many conflicts are decided.
  public var decided = 0
  /// How many of them there are in each field, in order of names.
  public var fields: [String: Int] = [:]
  /// How many of the values that are shown from now on each node gave.
  public var shown: [String: Int] = [:]
  /// How many of the values that are set aside each node gave.
  public var setAside: [String: Int] = [:]
  /// How many of the selected conflicts stay open, by the reason.
  public var left: [String: Int] = [:]
  /// Which totals change, each by all the decided conflicts together; only in a dry run.
  public var totals: [TotalMove] = []

  /// Adds a conflict that is decided.
  mutating func add(_ view: ConflictView, taking index: Int?) {
    decided += 1
    fields[view.field, default: 0] += 1
    let taken = index.map { view.others[$0].node } ?? view.shown?.node
    if let taken { shown[taken, default: 0] += 1 }
    for (place, other) in view.others.enumerated() where place != index { setAside[other.node, default: 0] += 1 }
    if index != nil, let before = view.shown { setAside[before.node, default: 0] += 1 }
    guard let index, view.totals.indices.contains(index) else { return }
    for move in view.totals[index] { add(move) }
  }

  /// Adds a change to the one of the same figure: each conflict changes it by the difference that it would make alone.
  private mutating func add(_ move: TotalMove) {
    let place = totals.firstIndex { known in
      known.indicator.sameBytes(as: move.indicator) && known.unit.sameBytes(as: move.unit)
        && known.figure == move.figure && known.asOf.sameBytes(as: move.asOf)
    }
    guard let place, let from = move.from, let to = move.to, let known = totals[place].to else {
      // A figure that there was not, or is no more, is no sum.
      return totals.append(move)
    }
    totals[place].to = known &+ (to &- from)
  }
}

/// Decides which of the selected conflicts a decision can decide.
struct BulkJudge {
  enum Verdict: Equatable {
    /// One of the others is shown, or what is shown stays.
    case decided(taking: Int?)
    /// The conflict stays open, for this reason.
    case left(String)
  }

  let selection: ConflictSelection
  let decision: Store.Decision

  func table(_ transaction: Transaction) throws -> KindTable { try transaction.adopted.table(named: selection.kind) }

  /// Whether the selection means a conflict.
  ///
  /// - Parameter row: the record as it is shown; nil where it is not.
  func selects(_ view: ConflictView, _ key: RecordKey, _ row: ShownRow?, _ table: KindTable) -> Bool {
    if let field = selection.field, !view.field.sameBytes(as: field) { return false }
    if let node = selection.node,
      !(view.others + [view.shown].compactMap { $0 }).contains(where: { $0.node.sameBytes(as: node) })
    {
      return false
    }
    return selection.values.allSatisfy { column, text in
      if let index = table.kind.key.firstIndex(where: { $0.name.sameBytes(as: column) }) {
        return key.columns[index].elementsEqual(text.utf8)
      }
      if column.sameBytes(as: "federation") { return view.federation.sameBytes(as: text) }
      return row.flatMap { table.value(named: column, in: $0) }?.display.sameBytes(as: text) ?? text.isEmpty
    }
  }

  func verdict(_ view: ConflictView) -> Verdict {
    guard view.field != RecordNotes.keyCollision else {
      return .left("two owners use the key: `birlik rekey` gives one of the records another")
    }
    guard view.isWritable else { return .left("the record belongs to \(view.federation), who decides") }
    let index: Int
    switch decision {
    case .keep: return view.shown == nil ? .left("nothing is shown that could be kept") : .decided(taking: nil)
    case .take(let text):
      if let known = view.others.firstIndex(where: { $0.display.sameBytes(as: text) }) {
        return .decided(taking: known)
      }
      return view.shown?.display.sameBytes(as: text) == true
        ? .decided(taking: nil) : .left("'\(text)' is none of its values")
    case .theirs:
      guard view.others.count == 1 else { return .left("there are several other values: --from names one") }
      index = 0
    case .from(let node):
      let found = view.others.indices.filter { view.others[$0].node.sameBytes(as: node) }
      guard let only = found.first, found.count == 1 else {
        return .left("\(node) gave \(found.isEmpty ? "none" : "several") of the other values")
      }
      index = only
    }
    return view.others[index].isAllowed
      ? .decided(taking: index) : .left("the catalog does not allow the other value")
  }
}
