/// Whether sealing the edits of one record takes something away that everybody sees: the record, or values of it.
public enum Removal: Hashable, Sendable {
  case none
  /// The record is deleted.
  case deletion
  /// A field that held something, or a set with elements, is empty then.
  case emptying
  /// Fields of a group are empty then, and what they held is not known without the log.
  case perhaps
}

/// How many records one seal may delete or empty without asking a person.
public struct RemovalBound: Sendable {
  /// So many records of one kind, and fewer, are never too many.
  public var records: Int
  /// Nor is so much of all that there were, in percent.
  public var percent: Int

  public init(records: Int, percent: Int) {
    self.records = records
    self.percent = percent
  }

  /// - Parameters:
  ///   - removed: how many records of a kind would be deleted or emptied.
  ///   - total: how many records there are before, of the same owners.
  public func isExceeded(removing removed: Int, of total: Int) -> Bool {
    guard removed > records else { return false }
    let (share, overflow) = total.multipliedReportingOverflow(by: percent)
    return removed > (overflow ? total / 100 : share / 100)
  }
}

extension Removal {
  /// - Parameters:
  ///   - changes: what the edits of a record amount to.
  ///   - typed: the row as it is now; nil when there is none.
  ///   - sealed: gives what was shown before, by register; nil where it is not known, and then every register of the
  ///     changes is known to have changed.
  init<Failure: Error>(
    _ changes: [Change], _ shape: KindShape, typed: [RegisterKey: Content]?,
    sealed: () throws(Failure) -> [RegisterKey: Content]?
  ) throws(Failure) {
    guard let typed else {
      self = changes.contains { $0.operation == .deletion } ? .deletion : .none
      return
    }
    self = .none
    // Most edits empty nothing, and need not be compared.
    let suspects = changes.filter { $0.operation == .edit }.flatMap(\.registers).filter {
      Self.mayEmpty($0, shape, typed)
    }
    guard !suspects.isEmpty else { return }
    let before = try sealed()
    for register in suspects {
      guard let before else {
        if register.content.isEmpty { self = .emptying } else if self == .none { self = .perhaps }
        continue
      }
      let old = before[register.key] ?? .empty
      let lost = register.key.element == nil ? old.cells.contains { register.content[$0.field].isNull } : !old.isEmpty
      if lost { self = .emptying }
    }
  }

  /// Whether an edited register has an empty field now, or belongs to a set that has no element left.
  private static func mayEmpty(
    _ register: RegisterContent, _ shape: KindShape, _ typed: [RegisterKey: Content]
  ) -> Bool {
    guard register.key.element == nil else {
      return register.content.isEmpty && !typed.contains { $0.key.id == register.key.id && !$0.value.isEmpty }
    }
    let fields = shape.registers.first { $0.id == register.key.id }?.fields ?? []
    return register.content.cells.count < max(1, fields.count)
  }
}
