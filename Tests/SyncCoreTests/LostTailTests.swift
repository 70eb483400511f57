import SyncCore
import Testing

/// What a restored node need not seal again.
@Suite struct LostTailTests {
  static let channel = Channel(owner: "ftuu", audience: .home)
  let me = origin(1)
  let key = RecordKey("a")

  private func arrival(
    _ changes: [Change], of author: Origin? = nil, after predecessor: Digest = .zero, context: [Tip] = [],
    hash: UInt64 = 1
  ) -> LostTail.Arrival {
    LostTail.Arrival(
      header: header(author ?? me, Self.channel, count: changes.count, after: predecessor, context: context),
      hash: Digest(hash, 0, 0, 0), changes: changes)
  }

  private func change(_ operation: Change.Operation, _ registers: [RegisterID: Int64] = [:], at captured: Int64)
    -> Change
  {
    let contents = registers.keys.sorted().map { id in
      RegisterContent(
        RegisterKey(id), Content([Cell(field: FieldID(aloneIn: id), value: .integer(registers[id] ?? 0))]))
    }
    return Change(kind: 1, key: key, operation: operation, registers: contents, captured: captured, time: 9)
  }

  private func typed(_ registers: [RegisterID: Int64]) -> [RegisterKey: Content] {
    Dictionary(
      uniqueKeysWithValues: registers.map {
        (RegisterKey($0.key), Content([Cell(field: FieldID(aloneIn: $0.key), value: .integer($0.value))]))
      })
  }

  private func rest(
    _ notes: [(Int64, Int64)], _ arrivals: [LostTail.Arrival], typed: [RegisterKey: Content]?,
    deleted: [RegisterKey: Content]? = nil, owner: String = "ftuu", isHeld: (Digest) -> Bool = { _ in false }
  ) -> [[Int64]] {
    let notes = notes.map { LostTail.Note(mask: $0.0, at: $0.1) }
    let row = typed.map { SealPlan.Row(federation: Array(owner.utf8), contents: $0) }
    return LostTail(arrivals, of: me.node, isHeld: isHeld)
      .unsealed(notes, kind: 1, key: key, typed: row, deleted: deleted)
      .map { [Int64($0.index), $0.mask] }
  }

  @Test("The same register, raw time and value is dropped; another stays")
  func edits() {
    let tail = [arrival([change(.edit, [1: 5], at: 100)])]
    #expect(rest([(0b10, 100)], tail, typed: typed([1: 5])) == [])
    #expect(rest([(0b110, 100)], tail, typed: typed([1: 5, 2: 7])) == [[0, 0b100]])
    #expect(rest([(0b10, 101)], tail, typed: typed([1: 5])) == [[0, 0b10]])
    #expect(rest([(0b10, 100)], tail, typed: typed([1: 6])) == [[0, 0b10]])
    #expect(rest([(0b10, 100), (0b10, 200)], tail, typed: typed([1: 5])) == [[0, 0b10], [1, 0b10]])
    #expect(rest([(0b10, 50), (0b10, 100)], tail, typed: typed([1: 5])) == [])
  }

  @Test("A whole row is dropped when the tail inserted it as it is, a deletion when the tail deleted it")
  func wholeRecords() {
    let inserted = [arrival([change(.insertion, [1: 5, 2: 6], at: 100)])]
    #expect(rest([(-1, 90), (0b10, 100)], inserted, typed: typed([1: 5, 2: 6])) == [])
    #expect(rest([(-1, 90), (0b10, 100)], inserted, typed: typed([1: 5, 2: 7])) == [[0, -1], [1, 0b10]])
    #expect(rest([(-1, 100), (0b10, 120)], inserted, typed: typed([1: 5, 2: 6])) == [[0, -1], [1, 0b10]])
    let deleted = [arrival([change(.deletion, at: 100)])]
    #expect(rest([(0, 100), (-1, 110)], deleted, typed: typed([1: 5])) == [[1, -1]])
    #expect(rest([(0, 101)], deleted, typed: nil) == [[0, 0]])
  }

  /// Two living copies of a machine may delete one record in the same moment, each after edits of its own.
  @Test("A deletion is dropped only where the tail holds the edits before it as well")
  func editsBeforeDeletion() {
    let alone = [arrival([change(.deletion, at: 100)])]
    let both = [arrival([change(.edit, [1: 5], at: 90), change(.deletion, at: 100)])]
    let notes: [(Int64, Int64)] = [(0b10, 80), (0b10, 90), (0, 100)]
    let kept: [[Int64]] = [[0, 0b10], [1, 0b10], [2, 0]]
    #expect(rest(notes, both, typed: nil, deleted: typed([1: 5])) == [])
    #expect(rest(notes, alone, typed: nil, deleted: typed([1: 5])) == kept)
    #expect(rest(notes, both, typed: nil, deleted: typed([1: 6])) == kept)
    #expect(rest(notes, both, typed: nil) == kept)
    #expect(rest([(0b10, 91), (0, 100)], both, typed: nil, deleted: typed([1: 5])) == [[0, 0b10], [1, 0]])
    #expect(rest([(-1, 90), (0, 100)], both, typed: nil, deleted: typed([1: 5])) == [[0, -1], [1, 0]])
    #expect(rest(notes + [(-1, 110), (0, 120)], both, typed: nil, deleted: typed([1: 5])) == [[3, -1], [4, 0]])
  }

  @Test("A value of another owner's row is not what was sealed of this one's")
  func owners() {
    let tail = [arrival([change(.edit, [1: 5], at: 100), change(.insertion, [1: 5], at: 200)])]
    #expect(rest([(0b10, 100)], tail, typed: typed([1: 5]), owner: "ktr") == [[0, 0b10]])
    #expect(rest([(-1, 200)], tail, typed: typed([1: 5]), owner: "ktr") == [[0, -1]])
    #expect(rest([(-1, 200)], tail, typed: typed([1: 5])) == [])
  }

  @Test("Only what is this node's own, is not held and can be placed counts")
  func whatCounts() {
    let edit = change(.edit, [1: 5], at: 100)
    let note: [(Int64, Int64)] = [(0b10, 100)]
    let row = typed([1: 5])
    #expect(rest(note, [arrival([edit], of: origin(2))], typed: row) == [[0, 0b10]])
    #expect(rest(note, [arrival([edit], of: origin(1, nonce: 7))], typed: row) == [])
    #expect(rest(note, [arrival([edit])], typed: row, isHeld: { _ in true }) == [[0, 0b10]])
    let missing = Digest(77, 0, 0, 0)
    #expect(rest(note, [arrival([edit], after: missing)], typed: row) == [[0, 0b10]])
    let tip = Tip(origin: origin(3), sequence: 1, hash: missing)
    #expect(rest(note, [arrival([edit], context: [tip])], typed: row) == [[0, 0b10]])
    #expect(rest(note, [arrival([edit], context: [tip])], typed: row, isHeld: { $0 == missing }) == [])
    let before = arrival([change(.edit, [2: 1], at: 1)], hash: 77)
    #expect(rest(note, [arrival([edit], after: missing), before], typed: row) == [])
  }
}
