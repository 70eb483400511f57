import Store
import SyncCore

/// Conflicts in words, and whether all nodes list them alike.
enum DemoConflicts {
  /// A conflict in four short lines: where, what is shown, the other values, why.
  ///
  /// - Parameter letter: of the case that opened it.
  static func lines(_ conflict: ConflictView, letter: String) -> [String] {
    let what =
      "\(conflict.kind) \(conflict.key)" + (conflict.field == RecordNotes.existence ? "" : ", \(conflict.field)")
    var lines = ["   \(letter)  \(what)"]
    if let shown = conflict.shown { lines.append("      shown   \(words(shown, conflict))") }
    for other in conflict.others { lines.append("      beside  \(words(other, conflict))") }
    lines.append("      why     \(reason(conflict))")
    return lines
  }

  /// A value with who gave it and when. Of a group only what differs.
  private static func words(_ value: AttributedValue, _ conflict: ConflictView) -> String {
    let all = [conflict.shown].compactMap { $0 } + conflict.others
    let cells = value.cells.filter { cell in
      all.contains { other in other.cells.contains { $0.field == cell.field && $0.value != cell.value } }
    }
    let texts = cells.map { cell in
      let text = cell.value.display.isEmpty ? "nothing" : cell.value.display
      return value.cells.count > 1 ? "\(cell.field) \(text)" : text
    }
    return "\(texts.joined(separator: ", "))  (\(DemoPlace.name(ofCard: value.node)), \(DemoText.time(value.at)))"
  }

  private static func reason(_ conflict: ConflictView) -> String {
    let rule = "rule \(conflict.rule): "
    let authors = ([conflict.shown].compactMap { $0 } + conflict.others).map { author in
      DemoPlace.allCases.first { $0.card == author.node }?.federation
    }
    let areAllOwners = authors.allSatisfy { $0 == conflict.federation }
    switch MergeRule(rawValue: conflict.rule) {
    case .owner where areAllOwners: return rule + "both are nodes of the owner, so the later entry is shown"
    case .owner: return rule + "the owning federation's entry is shown, whoever was later"
    case .headquarters: return rule + "headquarters' entry is shown, whoever was later"
    case .max: return rule + "the larger number is shown"
    case .min: return rule + "the smaller one is shown"
    case .review: return rule + "the later entry is shown for the time being, a person has to decide"
    case .latest: return rule + "the later entry is shown"
    default: break
    }
    switch DeletionRule(rawValue: conflict.rule) {
    case .editWins: return rule + "a record that somebody still works on is not lost to a deletion"
    case .deleteWins: return rule + "a deletion wins"
    case nil: return "rule \(conflict.rule)"
    }
  }

  /// What two nodes have to agree on about a conflict: everything except when each learned of it.
  struct Entry: Equatable {
    var place: String
    var shown: AttributedValue?
    var others: [AttributedValue]

    init(_ conflict: ConflictView) {
      place = "\(conflict.kind) \(conflict.key) \(conflict.field) \(conflict.rule) \(conflict.federation)"
      shown = conflict.shown
      others = conflict.others
    }
  }

  /// The conflicts of `all` that a node may see.
  static func visible(_ all: [ConflictView], to role: NodeRole, _ catalog: Catalog) -> [ConflictView] {
    all.filter { conflict in
      guard let kind = catalog.kind(named: conflict.kind),
        let channel = Channel(owner: conflict.federation, recordClass: kind.recordClass)
      else { return false }
      return role.mayRead(channel)
    }
  }
}
