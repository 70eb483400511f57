import SyncCore
import TestSupport
import Testing

/// Every merge rule, ties, agreement and validity.
@Suite struct ChoiceTests {
  private func shown(
    _ heads: [Head], _ rule: MergeRule, _ authors: [StreamNumber: Author] = [:], invalid: Set<Content> = []
  ) -> Head? {
    Choice(among: heads, rule: rule, facts: StubFacts(authors: authors)) { !invalid.contains($0) }.shown
  }

  @Test("latest, review and frozen show the latest", arguments: [MergeRule.latest, .review, .frozen])
  func latest(rule: MergeRule) {
    let heads = [head(1, time: 5, content(1)), head(2, time: 7, content(2)), head(3, time: 6, content(3))]
    let choice = Choice(among: heads, rule: rule, facts: StubFacts(authors: [1: .owner, 3: .headquarters]))
    #expect(choice.shown == heads[1])
    #expect(choice.others == [heads[2], heads[0]], "the others come latest first")
    #expect(choice.isConflict)
  }

  @Test("Equal times are decided by the total order, whatever the order of arrival", arguments: MergeRule.allCases)
  func ties(rule: MergeRule) {
    // The same value from two and another from a third, all at one time.
    let heads = [head(1, time: 5, content(1)), head(2, time: 5, content(2)), head(3, time: 5, content(1))]
    let choice = Choice(among: heads, rule: rule, facts: StubFacts())
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      #expect(Choice(among: order.map { heads[$0] }, rule: rule, facts: StubFacts()) == choice)
    }
    #expect(choice.shown == (rule == .max ? heads[1] : heads[2]))
  }

  @Test("owner: the owner's edit beats later ones of others; among the owner's the latest; else the latest")
  func owner() {
    let heads = [
      head(1, time: 1, content(1)), head(2, time: 2, content(2)), head(3, time: 3, content(3)),
      head(4, time: 9, content(4)),
    ]
    #expect(shown(heads, .owner, [1: .owner, 2: .owner, 3: .headquarters]) == heads[1])
    #expect(shown(heads, .owner, [1: .owningHeadquarters, 4: .headquarters]) == heads[0])
    #expect(shown(heads, .owner, [3: .headquarters]) == heads[3])
  }

  @Test("headquarters: its edit beats later ones of others; among its own the latest; else the latest")
  func headquarters() {
    let heads = [
      head(1, time: 1, content(1)), head(2, time: 2, content(2)), head(3, time: 3, content(3)),
      head(4, time: 9, content(4)),
    ]
    #expect(shown(heads, .headquarters, [1: .headquarters, 2: .headquarters, 3: .owner]) == heads[1])
    #expect(shown(heads, .headquarters, [1: .owningHeadquarters, 4: .owner]) == heads[0])
    #expect(shown(heads, .headquarters, [3: .owner]) == heads[3])
  }

  @Test("max and min show the extreme value, of equal ones the latest, and an empty one only when all are")
  func extremes() {
    let heads = [
      head(1, time: 9, content(nil)), head(2, time: 2, content(7)), head(3, time: 3, content(7)),
      head(4, time: 4, content(-7)), head(5, time: 1, content(-7)),
    ]
    #expect(shown(heads, .max) == heads[2])
    #expect(shown(heads, .min) == heads[3])
    let empty = [head(1, time: 1, content(nil)), head(2, time: 2, content(nil))]
    #expect(shown(empty, .max) == empty[1] && shown(empty, .min) == empty[1])
    let texts = ["2025-01", "2025-01-31", "2024"].enumerated().map { number, text in
      head(StreamNumber(number), Content([Cell(field: 1, value: .text(text))]))
    }
    #expect(shown(texts, .max) == texts[1] && shown(texts, .min) == texts[2])
  }

  @Test("union: of an element added and removed at once the addition is shown, and it is a conflict")
  func union() {
    let added = head(1, time: 1, .element(of: 4, present: true))
    let removed = head(2, time: 2, .element(of: 4, present: false))
    let choice = Choice(among: [removed, added], rule: .union, facts: StubFacts())
    #expect(choice.shown == added && choice.others == [removed])
    #expect(shown([removed], .union) == removed)
  }

  @Test("Several heads with one value are no conflict", arguments: MergeRule.allCases)
  func agreement(rule: MergeRule) {
    let heads = (1...3).map { head(StreamNumber($0), time: Int64($0), content(5)) }
    let choice = Choice(among: heads, rule: rule, facts: StubFacts())
    #expect(choice.shown == heads[2] && !choice.isConflict && choice.others.isEmpty)
    #expect(!Choice(among: [], rule: rule, facts: StubFacts()).isConflict)
    #expect(Choice(among: [], rule: rule, facts: StubFacts()).shown == nil)
  }

  @Test("An empty value and a set one are a conflict: nobody's edit is hidden")
  func emptyAgainstValue() {
    let heads = [head(1, time: 1, content(5)), head(2, time: 2, content(nil))]
    let choice = Choice(among: heads, rule: .latest, facts: StubFacts())
    #expect(choice.shown == heads[1] && choice.others == [heads[0]])
  }

  @Test("An invalid head is never shown, and stays listed", arguments: MergeRule.allCases)
  func invalidHeads(rule: MergeRule) {
    let heads = [head(1, time: 1, content(1)), head(2, time: 9, content(99)), head(3, time: 8, content(-99))]
    let authors: [StreamNumber: Author] = [2: .owner, 3: .headquarters]
    let choice = Choice(among: heads, rule: rule, facts: StubFacts(authors: authors)) { $0 == content(1) }
    #expect(choice.shown == heads[0] && choice.others == [heads[1], heads[2]])
  }

  @Test("When none is valid nothing is shown; one invalid value is no conflict, two are")
  func nothingValid() {
    let one = [head(1, content(99)), head(2, content(99))]
    let choice = Choice(among: one, rule: .latest, facts: StubFacts()) { _ in false }
    #expect(choice.shown == nil && !choice.isConflict)
    let two = one + [head(3, content(98))]
    let conflict = Choice(among: two, rule: .latest, facts: StubFacts()) { _ in false }
    #expect(conflict.shown == nil && conflict.others.count == 3)
  }

  /// Each rule again, as a ranking that shares nothing with how the product does it.
  @Test("On random heads every rule shows what its definition demands", arguments: MergeRule.allCases)
  func matchesTheDefinition(rule: MergeRule) {
    var random = SeededRandom(seed: SeededRandom.firstSeed &+ 77)
    let authors: [Author] = [.owner, .headquarters, .owningHeadquarters, .other]
    for round in 0..<500 {
      let heads = (0..<(1 + random.below(5))).map { number in
        head(
          StreamNumber(number), time: Int64(random.below(3)), content(random.chance(25) ? nil : Int64(random.below(3))))
      }
      let facts = StubFacts(
        authors: Dictionary(uniqueKeysWithValues: heads.indices.map { (StreamNumber($0), random.pick(authors)) }))
      let isInvalid = random.chance(30)
      let valid = heads.filter { !isInvalid || $0.content != content(1) }
      let expected = valid.max { a, b in
        let (x, y) = (rank(a, rule, facts), rank(b, rule, facts))
        return x != y ? x < y : facts.precedes(a.clock, b.clock)
      }
      let choice = Choice(among: heads.shuffled(using: &random), rule: rule, facts: facts) {
        !isInvalid || $0 != content(1)
      }
      guard choice.shown == expected else {
        Issue.record("round \(round): \(String(describing: choice.shown)) of \(heads)")
        return
      }
      let values = Set(heads.map(\.content))
      guard choice.isConflict == (values.count > 1) else {
        Issue.record("round \(round): conflict \(choice.isConflict) of \(heads)")
        return
      }
    }
  }

  private func rank(_ head: Head, _ rule: MergeRule, _ facts: StubFacts) -> Int64 {
    let author = facts.author(of: head.clock)
    let value = head.content[1].integer
    return switch rule {
    case .latest, .review, .frozen: 0
    case .owner: author == .owner || author == .owningHeadquarters ? 1 : 0
    case .headquarters: author == .headquarters || author == .owningHeadquarters ? 1 : 0
    case .max: value ?? Int64.min
    case .min: value.map { -$0 } ?? Int64.min
    case .union: head.content.isEmpty ? 0 : 1
    }
  }
}
