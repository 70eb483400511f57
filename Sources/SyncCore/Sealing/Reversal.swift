/// What takes some changes of one record back: an ordinary edit that shows again what would be shown without them.
///
/// Only what is still shown because of them is taken back. What somebody edited over it later stays.
public struct Reversal: Sendable {
  public enum Operation: Hashable, Sendable {
    case nothing
    /// The record was created by the changes.
    case delete
    /// The record was deleted by them, and comes back whole.
    case insert
    /// The registers that get their values back.
    case edit([RegisterKey])
  }

  public private(set) var operation = Operation.nothing
  /// Changes that are no part of them and are shown over them, or contradict them, so that something stays.
  public private(set) var later: Set<Clock> = []

  /// - Parameters:
  ///   - now: what is known of the record.
  ///   - before: what would be known of it without the changes, and without those that were made with knowledge of them.
  ///   - touched: the registers that the changes name.
  ///   - isUndone: whether the change at a clock is one of them.
  public init<Facts: HeadFacts>(
    now: RecordState, before: RecordState, touched: Set<RegisterKey>, _ shape: KindShape, facts: Facts,
    isUndone: (Clock) -> Bool
  ) throws(Facts.Failure) {
    let rule = shape.kind.deletion
    switch (now.exists(rule), before.exists(rule)) {
    case (false, false): return
    case (true, false):
      later = now.edits.filter { !isUndone($0) }
      if later.isEmpty { operation = .delete }
    case (false, true):
      later = Set(now.deletions.map(\.clock).filter { !isUndone($0) })
      if later.isEmpty { operation = .insert }
    case (true, true):
      let shown = try Projection(shape, now, facts: facts).contents(shape)
      let earlier = try Projection(shape, before, facts: facts).contents(shape)
      var keys: [RegisterKey] = []
      for key in touched.sorted() where shape.registerIndex(id: key.id) != nil {
        guard shown[key] ?? .empty != earlier[key] ?? .empty else { continue }
        let others = now.heads(key).map(\.clock).filter { !isUndone($0) }
        if others.isEmpty { keys.append(key) } else { later.formUnion(others) }
      }
      if !keys.isEmpty { operation = .edit(keys) }
    }
  }
}
