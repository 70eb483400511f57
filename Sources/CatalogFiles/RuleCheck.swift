import SyncCore

/// Whether a merge rule makes sense for a field.
struct RuleCheck {
  let kind: String
  let appendOnly: Bool
  let recordClass: RecordClass?
  let findings: FindingList

  /// Reports what makes no sense about the rule, the group or the set of a field.
  func check(_ table: TableReader, type: FieldType, stated: MergeRule?, group: FieldGroup?, isLocal: Bool) {
    let place = table.place(of: "rule")
    let subject = table.subject.capitalizedFirst
    if group != nil {
      if stated != nil {
        findings.add(
          place, "\(subject) has a rule of its own and a group, whose rule decides.", hint: "Remove one of the two.")
      }
      if type == .set {
        findings.add(
          table.place(of: "group"), "\(subject) is a set, which merges element by element and cannot be in a group.",
          hint: "Remove `group`.")
      }
      if isLocal {
        findings.add(
          table.place(of: "group"), "\(subject) is local and never merged, so it cannot be in a group.",
          hint: "Remove `group`.")
      }
    }
    guard let stated else { return }
    if isLocal || recordClass == .local {
      findings.add(
        place, "\(subject) never leaves its file, so it is never merged and needs no rule.", hint: "Remove `rule`.")
      return
    }
    checkType(type, stated, subject, place)
    if appendOnly, [.owner, .headquarters, .max, .min].contains(stated) {
      findings.add(
        place, "\(subject) has the rule `\(stated.rawValue)`, but the kind is append-only and nobody edits it.",
        hint: "Use latest, review or frozen, or remove `rule`.")
    }
  }

  private func checkType(_ type: FieldType, _ rule: MergeRule, _ subject: String, _ place: Place) {
    if type == .set, rule != .union {
      findings.add(
        place, "\(subject) is a set with the rule `\(rule.rawValue)`, but sets merge element by element.",
        hint: "Write `rule = \"union\"`, or leave the rule out.")
    }
    if type != .set, rule == .union {
      findings.add(
        place, "\(subject) has the rule `union`, but only sets have elements to unite.",
        hint: "Write `type = \"set\"`, or use another rule.")
    }
    guard rule == .max || rule == .min else { return }
    switch type {
    case .integer, .date: break
    case .text, .boolean, .period, .code, .ref, .money:
      findings.add(
        place,
        "\(subject) has the rule `\(rule.rawValue)`, but only whole numbers and dates have a largest and a "
          + "smallest value.", hint: "Use another rule, or the type integer or date.")
    case .set: break
    }
  }
}
