import SyncCore

/// Why a conflict is one: one plain sentence, the same on every node.
struct ConflictReason {
  private let facts: HeadOrder

  init(_ facts: HeadOrder) { self.facts = facts }

  /// - Parameter heads: of the register, with the choice among them.
  func why(_ view: ConflictView, _ choice: Choice, _ rule: MergeRule) -> String {
    guard let shown = view.shown, let head = choice.shown else {
      return "\(changed(view.others)) without having seen each other's; none is allowed, so none is shown"
    }
    let changes = "\(changed(view.others)) without having seen \(shown.node)'s change of \(Moment(shown.at).words)"
    let refused = view.others.filter { !$0.isAllowed }.map(\.node)
    let wrong = refused.isEmpty ? "" : "; what \(refused.joined(separator: " and ")) gave is not allowed"
    return "\(changes); \(shows(rule, head, choice.others))\(wrong)"
  }

  /// `ftuu changed it at … and OTUTS at …`
  private func changed(_ others: [AttributedValue]) -> String {
    guard let first = others.first else { return "nobody changed it" }
    let rest = others.dropFirst().map { "\($0.node) at \(Moment($0.at).words)" }
    return (["\(first.node) changed it at \(Moment(first.at).words)"] + rest).joined(separator: " and ")
  }

  private func shows(_ rule: MergeRule, _ head: Head, _ others: [Head]) -> String {
    let author = facts.author(of: head.clock)
    switch rule {
    case .latest: return "rule latest shows the later value"
    case .owner where author == .owner || author == .owningHeadquarters:
      let isOneOfSeveral = others.contains {
        let other = facts.author(of: $0.clock)
        return other == .owner || other == .owningHeadquarters
      }
      return isOneOfSeveral
        ? "rule owner shows the owner's later value" : "rule owner shows the owner's value"
    case .owner: return "rule owner finds none of the owner's and shows the later value"
    case .headquarters where author == .headquarters || author == .owningHeadquarters:
      return "rule headquarters shows headquarters' value"
    case .headquarters: return "rule headquarters finds none of headquarters' and shows the later value"
    case .max: return "rule max shows the largest value"
    case .min: return "rule min shows the smallest value"
    case .review: return "rule review shows the later value until a person decides"
    case .frozen: return "the field is set once, so the later value is shown until a person decides"
    case .union: return "of an element added and removed at once the addition is shown"
    }
  }

  /// Why a deletion and an edit are a conflict.
  static func whyContested(_ view: ConflictView, exists: Bool, _ rule: DeletionRule) -> String {
    let all = [view.shown].compactMap { $0 } + view.others
    let deletion = all.first { $0.display == Contested.Existence.deleted.rawValue }
    let edit = all.first { $0.display == Contested.Existence.kept.rawValue }
    guard let deletion, let edit else { return "" }
    let outcome =
      exists
      ? "rule \(rule.rawValue) keeps the record that somebody still works on"
      : "rule \(rule.rawValue) takes the record away"
    return
      "\(deletion.node) deleted the record at \(Moment(deletion.at).words) without having seen \(edit.node)'s change"
      + " of \(Moment(edit.at).words); \(outcome)"
  }

  /// Why two owners' records are a conflict.
  static func whyColliding(_ view: ConflictView) -> String {
    let owners = ([view.shown].compactMap { $0 } + view.others).map(\.display)
    return "\(owners.joined(separator: " and ")) use one key for records of their own; the one made first is shown"
  }
}
