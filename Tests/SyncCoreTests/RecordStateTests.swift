import SyncCore
import Testing

/// The state of one record, case by case.
@Suite struct RecordStateTests {
  @Test("Nothing absorbed: nothing exists")
  func emptyRecord() {
    let state = RecordState()
    #expect(state.isEmpty && !state.hasLivingEdit && !state.existenceIsContested)
    #expect(!state.exists(.editWins) && !state.exists(.deleteWins))
    #expect(state.heads(RegisterKey(1)).isEmpty && state.knownRegisters.isEmpty)
  }

  @Test("An edit replaces the head that it saw and leaves one that it did not see")
  func editReplacesWhatItSaw() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 10, 2: 20])
    let here = scene.absorb(.edit, [1: 11], seeing: [row])
    #expect(scene.heads(1) == [here] && scene.heads(2) == [row])
    let there = scene.absorb(.edit, [1: 12], seeing: [row])
    #expect(scene.heads(1) == [here, there])
    let resolved = scene.absorb(.edit, [1: 12], seeing: [row, here, there])
    #expect(scene.heads(1) == [resolved])
    #expect(scene.state.heads(RegisterKey(2)).first?.content == content(20))
  }

  @Test("Edits of different registers do not touch each other")
  func registersAreIndependent() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1, 2: 2])
    let first = scene.absorb(.edit, [1: 5], seeing: [row])
    let second = scene.absorb(.edit, [2: 6], seeing: [row])
    #expect(scene.heads(1) == [first] && scene.heads(2) == [second])
    #expect(scene.state.rows.count == 1, "the row still holds every other register")
    #expect(scene.state.rows.first?.contents.isEmpty == true, "and keeps no value twice")
  }

  @Test("Two insertions of one key are one record whose registers may conflict")
  func concurrentInsertions() {
    var scene = Scene()
    let first = scene.absorb(.insertion, [1: 1, 2: 2])
    let second = scene.absorb(.insertion, [1: 3])
    #expect(scene.heads(1) == [first, second] && scene.heads(2) == [first, second])
    #expect(scene.state.heads(RegisterKey(2)).first { $0.clock == second }?.content == .empty)
    #expect(scene.heads(60) == [first, second], "also of a register that nobody named")
    #expect(scene.state.registers.isEmpty && scene.state.exists(.editWins))
  }

  @Test("An insertion replaces what it saw of every register, and also of those that it does not name")
  func insertionIsAWholeRow() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let edit = scene.absorb(.edit, [7: 70], seeing: [row])
    let again = scene.absorb(.insertion, [1: 2], seeing: [row, edit])
    #expect(scene.heads(1) == [again] && scene.heads(7) == [again])
    #expect(scene.state.heads(RegisterKey(7)).first?.content == .empty)
    #expect(scene.state.rows.count == 1 && scene.state.registers.isEmpty, "folded back into one row")
  }

  @Test("An insertion leaves the edit that it did not see")
  func insertionMeetsUnseenEdit() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1, 2: 2])
    let edit = scene.absorb(.edit, [2: 3], seeing: [row])
    let again = scene.absorb(.insertion, [1: 5, 2: 6], seeing: [row])
    #expect(scene.heads(1) == [again] && scene.heads(2) == [edit, again])
    let whole = scene.absorb(.insertion, [1: 7, 2: 8], seeing: [row, edit, again])
    #expect(scene.heads(2) == [whole] && scene.state.registers.isEmpty)
    #expect(scene.state.heads(RegisterKey(2)).first?.content == content(8), "folding keeps the value")
  }

  @Test("Folding back over two rows gives each its own value")
  func foldsOverTwoRows() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let edit = scene.absorb(.edit, [1: 2], seeing: [row])
    let left = scene.absorb(.insertion, [1: 3], seeing: [row, edit])
    let right = scene.absorb(.insertion, [1: 4], seeing: [row, edit])
    #expect(scene.state.registers.isEmpty && scene.heads(1) == [left, right])
    let values = scene.state.heads(RegisterKey(1)).map(\.content)
    #expect(Set(values) == [content(3), content(4)])
  }

  @Test("A deletion that saw everything removes the row and keeps the heads")
  func plainDeletion() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let gone = scene.absorb(.deletion, seeing: [row])
    #expect(!scene.state.exists(.editWins) && !scene.state.exists(.deleteWins))
    #expect(!scene.state.existenceIsContested && scene.heads(1) == [row])
    let back = scene.absorb(.insertion, [1: 2], seeing: [row, gone])
    #expect(scene.state.deletions.isEmpty && scene.state.exists(.deleteWins) && scene.heads(1) == [back])
  }

  @Test("A deletion that meets a concurrent edit: the row stays or goes by the kind's rule, and it is a conflict")
  func deletionMeetsEdit() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1, 2: 2])
    let gone = scene.absorb(.deletion, seeing: [row])
    let edit = scene.absorb(.edit, [1: 3], seeing: [row])
    #expect(scene.state.existenceIsContested && scene.state.survivingEdits == [edit])
    #expect(scene.state.exists(.editWins) && !scene.state.exists(.deleteWins))
    #expect(scene.heads(2) == [row], "a row that comes back is whole")
    _ = scene.absorb(.edit, [1: 3], seeing: [row, gone, edit])
    #expect(scene.state.deletions.isEmpty && scene.state.exists(.deleteWins), "who saw both and edits keeps the row")
  }

  @Test("The same contest with the edit first, and deciding it for the deletion")
  func editMeetsDeletion() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let edit = scene.absorb(.edit, [1: 3], seeing: [row])
    let gone = scene.absorb(.deletion, seeing: [row])
    #expect(scene.state.existenceIsContested)
    let decided = scene.absorb(.deletion, seeing: [row, edit, gone])
    #expect(scene.state.deletions.map(\.clock) == [decided] && !scene.state.exists(.editWins))
  }

  @Test("An edit that saw one of two concurrent deletions leaves the other current")
  func twoDeletions() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let first = scene.absorb(.deletion, seeing: [row])
    let second = scene.absorb(.deletion, seeing: [row])
    #expect(scene.state.deletions.count == 2 && !scene.state.exists(.editWins))
    _ = scene.absorb(.insertion, [1: 2], seeing: [row, first])
    #expect(scene.state.deletions.map(\.clock) == [second] && scene.state.existenceIsContested)
  }

  @Test("A deletion's cover forgets what is no head any more")
  func coverIsTrimmed() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    let edit = scene.absorb(.edit, [1: 2], seeing: [row])
    _ = scene.absorb(.deletion, seeing: [row, edit])
    #expect(scene.state.deletions.first?.covered == [row, edit])
    let late = scene.absorb(.edit, [1: 3], seeing: [row, edit])
    #expect(scene.state.deletions.first?.covered == [row])
    #expect(scene.state.survivingEdits == [late])
  }

  @Test("A state that was written down and read again goes on alike")
  func survivesBeingStored() {
    var scene = Scene()
    let row = scene.absorb(.insertion, [1: 1])
    _ = scene.absorb(.edit, [1: 2], seeing: [row])
    _ = scene.absorb(.deletion, seeing: [row])
    let state = scene.state
    #expect(RecordState(rows: state.rows, registers: state.registers, deletions: state.deletions) == state)
  }

  @Test("A content is its values: NULL and absent are one, order is none")
  func contents() {
    let cells = [Cell(field: 2, value: .integer(1)), Cell(field: 1, value: .null), Cell(field: 3, value: .text("a"))]
    #expect(Content(cells) == Content(cells.reversed()))
    #expect(Content(cells).cells.map(\.field) == [2, 3])
    #expect(Content(cells)[1] == .null && Content(cells)[3] == .text("a") && Content(cells)[9] == .null)
    #expect(Content([Cell(field: 1, value: .null)]).isEmpty && Content.element(of: 1, present: false).isEmpty)
    #expect(Content.element(of: 1, present: true)[1] == .integer(1))
  }

  @Test("Registers are ordered by id, then the field itself, then its elements bytewise")
  func registerOrder() {
    let ordered = [
      RegisterKey(1), RegisterKey(1, element: []), RegisterKey(1, element: bytes("a")),
      RegisterKey(1, element: bytes("ab")), RegisterKey(1, element: bytes("b")), RegisterKey(2),
    ]
    #expect(ordered.reversed().sorted() == ordered)
    for key in ordered { #expect(!(key < key)) }
  }
}
