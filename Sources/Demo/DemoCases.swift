import Store
import SyncCore

/// What several nodes do to one record without knowing of each other.
struct DemoCase {
  struct Edit {
    var place: DemoPlace
    var kind: String
    var key: String
    /// Empty to remove the record.
    var values: [(field: String, text: String)]

    init(_ place: DemoPlace, _ kind: String, _ key: String, _ values: [(field: String, text: String)]) {
      self.place = place
      self.kind = kind
      self.key = key
      self.values = values
    }
  }

  enum Outcome {
    /// A conflict opens in the field. The rule names the winner where it does not depend on who was later.
    case conflict(field: String, winner: DemoPlace?)
    /// Everything fits together, and the field reads so everywhere.
    case merged(field: String, text: String)
    /// The last editor may not write the record: the edit is set aside there and the field reads as before.
    case refused(field: String, text: String)
  }

  var words: String
  var edits: [Edit]
  var outcome: Outcome

  var kind: String { edits[0].kind }
  var key: String { edits[0].key }

  /// Whether it is this case that opens the conflict.
  func opens(_ conflict: ConflictView) -> Bool {
    guard case .conflict(let field, _) = outcome else { return false }
    return conflict.kind == kind && conflict.key == key && conflict.field == field
  }
}

/// The concurrent edits of the demo, declared once: typed in, printed, and checked after the sync.
struct DemoCases {
  /// The case that is resolved at the end: two offices and one return.
  static let resolvedField = "counts"

  /// Records that several will edit, known to everybody before headquarters goes away.
  let beginning: [DemoCase.Edit]
  let cases: [DemoCase]

  init(uzbekistan: DemoTree, kazakhstan: DemoTree, kyrgyzstan: DemoTree) {
    let mill = uzbekistan.code(0)
    let mine = kyrgyzstan.code(1)
    let link = "\(mine)/\(DemoTree.axis)/2025-01-01"
    let remark = (field: "remark", text: "Made by birlik demo: invented")
    beginning = [
      // The drafts are off by one, so that the concurrent edits change something.
      .init(
        .tashkent, "membership_return", uzbekistan.returnKey(0),
        [("members_total", String(uzbekistan.members[0] + 1))]),
      .init(
        .astana, "membership_return", kazakhstan.returnKey(0), [("members_total", String(kazakhstan.members[0] + 1))]),
      .init(.tashkent, "org_unit", mill, [("name", "Samarkand silk mill"), ("activity", "C13")]),
      .init(.astana, "org_unit", kazakhstan.code(0), [("name", "Karaganda steel works")]),
      .init(.bishkek, "org_unit", mine, [("name", "Kyzyl-Kiya coal mine")]),
      .init(.tashkent, "training_event", "ftuu-seminar-1", [("title", "Safety at the loom"), remark]),
      .init(.bishkek, "action_item", "ftuk-safe-mines", [("title", "Safe mines"), remark]),
    ]
    cases =
      Self.returns(uzbekistan, kazakhstan) + Self.names(mill, kazakhstan.code(0))
      + Self.others(uzbekistan, kyrgyzstan, mine, link)
  }

  private static func returns(_ uzbekistan: DemoTree, _ kazakhstan: DemoTree) -> [DemoCase] {
    let mill = uzbekistan.returnKey(0)
    let steel = kazakhstan.returnKey(0)
    let ours = uzbekistan.members[0]
    let theirs = kazakhstan.members[0]
    return [
      DemoCase(
        words: "Tashkent says the Samarkand silk mill has \(DemoText.count(ours, "member")), the office in Samarkand "
          + "says \(DemoText.grouped(ours + 3)).",
        edits: [
          .init(.tashkent, "membership_return", mill, [("members_total", String(ours))]),
          .init(.samarkand, "membership_return", mill, [("members_total", String(ours + 3))]),
        ], outcome: .conflict(field: resolvedField, winner: nil)),
      DemoCase(
        words: "Astana corrects the return of the Karaganda steel works to \(DemoText.grouped(theirs)); a moment later "
          + "headquarters, working from an old letter, writes \(DemoText.grouped(theirs + 20)).",
        edits: [
          .init(.astana, "membership_return", steel, [("members_total", String(theirs))]),
          .init(.headquarters, "membership_return", steel, [("members_total", String(theirs + 20))]),
        ], outcome: .conflict(field: "counts", winner: .astana)),
      DemoCase(
        words: "Both Tashkent and Samarkand enter the legal consultations on wages of October 2025 for the region: 40 "
          + "and 42, for 55 people. Neither had the other's record.",
        edits: [
          .init(
            .tashkent, "consultation_count", "\(uzbekistan.council(of: 0).code)/2025-10/wages",
            [("consultations", "40"), ("people", "55")]),
          .init(
            .samarkand, "consultation_count", "\(uzbekistan.council(of: 0).code)/2025-10/wages",
            [("consultations", "42"), ("people", "55")]),
        ], outcome: .conflict(field: "consultations", winner: nil)),
    ]
  }

  private static func names(_ mill: String, _ steel: String) -> [DemoCase] {
    [
      DemoCase(
        words: "Tashkent renames the silk mill to \"Silk weavers of Samarkand\", Samarkand to \"Registan silk\".",
        edits: [
          .init(.tashkent, "org_unit", mill, [("name", "Silk weavers of Samarkand")]),
          .init(.samarkand, "org_unit", mill, [("name", "Registan silk")]),
        ], outcome: .conflict(field: "name", winner: nil)),
      DemoCase(
        words: "Its activity is textiles (C13). Tashkent adds clothing (C14), Samarkand adds retail (G47).",
        edits: [
          .init(.tashkent, "org_unit", mill, [("activity", "C13;C14")]),
          .init(.samarkand, "org_unit", mill, [("activity", "C13;G47")]),
        ], outcome: .merged(field: "activity", text: "[\"C13\",\"C14\",\"G47\"]")),
      DemoCase(
        words: "Baku types over the name of the Karaganda steel works, which is Astana's record.",
        edits: [.init(.baku, "org_unit", steel, [("name", "Baku was here")])],
        outcome: .refused(field: "name", text: "Karaganda steel works")),
    ]
  }

  private static func others(
    _ uzbekistan: DemoTree, _ kyrgyzstan: DemoTree, _ mine: String, _ link: String
  ) -> [DemoCase] {
    // The first organization belongs to Batken, the sixth after it to the region of Osh.
    let (one, other) = (kyrgyzstan.council(of: 0), kyrgyzstan.council(of: 6))
    return [
      DemoCase(
        words: "After a seminar Tashkent counts 120 participants, Samarkand 134.",
        edits: [
          .init(.tashkent, "training_event", "ftuu-seminar-1", [("attended", "120")]),
          .init(.samarkand, "training_event", "ftuu-seminar-1", [("attended", "134")]),
        ], outcome: .conflict(field: "attended", winner: .samarkand)),
      DemoCase(
        words: "Headquarters names FTURK to lead the action \"Safe mines\"; later Bishkek names itself.",
        edits: [
          .init(.headquarters, "action_item", "ftuk-safe-mines", [("lead", "fturk")]),
          .init(.bishkek, "action_item", "ftuk-safe-mines", [("lead", "ftuk")]),
        ], outcome: .conflict(field: "lead", winner: .headquarters)),
      DemoCase(
        words: "The Kyzyl-Kiya coal mine belongs to the wrong council. Bishkek moves it to \(one.name), headquarters "
          + "to \(other.name).",
        edits: [
          .init(.bishkek, "org_link", link, [("parent", one.code)]),
          .init(.headquarters, "org_link", link, [("parent", other.code)]),
        ], outcome: .conflict(field: "parent", winner: nil)),
      DemoCase(
        words: "Bishkek deletes the mine's organization, while headquarters adds its website.",
        edits: [
          .init(.headquarters, "org_unit", mine, [("website", "kyzyl-kiya.example")]),
          .init(.bishkek, "org_unit", mine, []),
        ], outcome: .conflict(field: RecordNotes.existence, winner: .headquarters)),
    ]
  }

  /// Types one edit as a clerk does.
  static func type(_ edit: DemoCase.Edit, into store: Store) throws {
    if edit.values.isEmpty {
      try store.remove(kind: edit.kind, key: edit.key)
    } else {
      _ = try store.edit(kind: edit.kind, key: edit.key, values: edit.values)
    }
  }

  /// What did not turn out as the rules say, in words.
  ///
  /// - Parameters:
  ///   - conflicts: what headquarters lists.
  ///   - stage: the nodes, in sync with each other.
  func check(_ conflicts: [ConflictView], _ stage: DemoStage) throws -> [String] {
    var problems: [String] = []
    var expected = 0
    for item in cases {
      switch item.outcome {
      case .conflict(let field, let winner):
        expected += 1
        guard let found = conflicts.first(where: item.opens) else {
          problems.append("no conflict is listed for \(item.kind) \(item.key), \(field)")
          continue
        }
        if let winner, found.shown?.node != winner.card {
          problems.append("\(winner.name) should have won \(item.kind) \(item.key), \(field)")
        }
      case .merged(let field, let text):
        for place in [DemoPlace.headquarters, .tashkent, .samarkand, .baku] {
          if try Self.value(item, field, stage.store(place)) != text {
            problems.append("\(item.kind) \(item.key) does not read \(text) in \(place.name)")
          }
        }
      case .refused(let field, let text):
        let place = item.edits[item.edits.count - 1].place
        if try stage.store(place).refusedEdits().count != 1 {
          problems.append("\(place.name) did not set its edit of \(item.key) aside")
        }
        for place in [place, .headquarters] where try Self.value(item, field, stage.store(place)) != text {
          problems.append("\(item.kind) \(item.key) does not read \(text) in \(place.name)")
        }
      }
    }
    if conflicts.count != expected {
      problems.append("\(conflicts.count) conflicts are listed in place of \(expected)")
    }
    return problems
  }

  private static func value(_ item: DemoCase, _ field: String, _ store: Store) throws -> String? {
    try store.record(kind: item.kind, key: item.key).map { DemoRecord($0).text(field) }
  }
}
