/// Which figures could be subtracted from each other.
///
/// Withheld figures are safe from whoever knows one table of sums. Two figures of nearly the same people would reveal the
/// few by whom they differ, each of them being large enough to be shown: a catalog that asks for such is refused, whoever
/// signed it. Figures of the same people under keys that have nothing in common, such as by unit and by topic, are not.
extension Derivation {
  /// What the derivation asks that another one, or another of its own measures, asks nearly the same.
  func differenceProblems(in catalog: Catalog) -> [Problem] {
    var problems: [Problem] = []
    for other in catalog.derivations where !other.id.sameBytes(as: id) && asksNearlyTheSame(as: other) {
      problems.append(
        Problem(
          setting: "from",
          words:
            "it counts rows of `\(source)` that the derivation `\(other.id)` counts under the same key or a part of "
            + "it, and what one withholds could be taken from the other",
          hint: "Count them in one derivation with more measures, or let each count other codes of one field."))
    }
    for (index, measure) in measures.enumerated() where !measure.conditions.isEmpty {
      for other in measures[..<index] where !other.conditions.isEmpty {
        guard let field = Self.sharedField(measure.conditions, other.conditions),
          !Self.areDisjoint(measure.conditions, other.conditions)
        else { continue }
        problems.append(
          Problem(
            setting: "measures",
            words:
              "`\(other.field)` and `\(measure.field)` both ask for `\(field)`, and one less the other may be a few "
              + "people",
            hint: "Let them ask for different codes of it, which nobody has both of, or remove one."))
      }
    }
    return problems
  }

  private func asksNearlyTheSame(as other: Derivation) -> Bool {
    guard source.sameBytes(as: other.source) else { return false }
    let mine = Set(key.compactMap(\.field).map { Array($0.utf8) })
    let theirs = Set(other.key.compactMap(\.field).map { Array($0.utf8) })
    guard mine.isSubset(of: theirs) || theirs.isSubset(of: mine) else { return false }
    // How many there are and how many came are different questions.
    if span != other.span, asksWhoCame != other.asksWhoCame { return false }
    return !Self.areDisjoint(conditions, other.conditions)
  }

  private var asksWhoCame: Bool { conditions.contains { $0.test == .within && !$0.allowsEmpty } }

  /// A field of which conditions of both ask, in order.
  private static func sharedField(_ a: [Condition], _ b: [Condition]) -> String? {
    a.first { condition in b.contains { $0.field.sameBytes(as: condition.field) } }?.field
  }

  /// Whether no row can pass both: each asks for codes of one field that the other does not name.
  private static func areDisjoint(_ a: [Condition], _ b: [Condition]) -> Bool {
    a.contains { mine in
      b.contains { theirs in
        guard mine.field.sameBytes(as: theirs.field), !mine.allowsEmpty, !theirs.allowsEmpty,
          case .oneOf(let codes) = mine.test, case .oneOf(let others) = theirs.test
        else { return false }
        return !codes.contains { code in others.contains { $0.sameBytes(as: code) } }
      }
    }
  }
}
