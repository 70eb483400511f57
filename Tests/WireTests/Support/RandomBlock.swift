import Limits
import SyncCore
import TestSupport

@testable import Wire

/// A block with the changes that were put in.
struct RandomBlock {
  var block: KindBlock
  var changes: [Change]
  /// The fields of each register.
  private let fields: [Int: [Int]]
  private let sets: Set<Int>

  init(_ dice: inout SeededRandom, kind: Int, changes count: Int) {
    let keyColumns = dice.below(WireLimits.keyColumns) + 1
    var fields: [Int: [Int]] = [:]
    var sets: Set<Int> = []
    for register in 1...(dice.below(12) + 1) {
      switch dice.below(4) {
      case 0: sets.insert(register)
      case 1: fields[register] = (0...dice.below(4)).map { register * 20 + $0 }
      default: fields[register] = [register]
      }
    }
    self.fields = fields
    self.sets = sets
    block = KindBlock(kind: kind, keyColumns: keyColumns)
    changes = []
    var keys = (0..<count).map { _ in RecordKey(columns: (0..<keyColumns).map { _ in dice.keyText() }) }
    if dice.chance(50) { keys.sort() }
    for key in keys { changes.append(change(&dice, kind: kind, key: key)) }
    for change in changes { block.append(change) { fields[$0.id] ?? [] } }
  }

  private func change(_ dice: inout SeededRandom, kind: Int, key: RecordKey) -> Change {
    let operation = dice.pick([Change.Operation.deletion, .insertion, .edit, .edit])
    let captured = dice.time()
    var registers: [RegisterContent] = []
    for (register, fields) in fields.sorted(by: { $0.key < $1.key }) where dice.chance(60) {
      let cells = fields.map { Cell(field: $0, value: value(&dice)) }
      registers.append(RegisterContent(RegisterKey(register), Content(cells)))
    }
    for register in sets.sorted() where dice.chance(60) {
      for element in Set((0...dice.below(4)).map { _ in dice.text() }) {
        registers.append(
          RegisterContent(
            RegisterKey(register, element: element),
            .element(of: register, present: dice.chance(70))))
      }
    }
    registers.sort { $0.key < $1.key }
    return Change(
      kind: kind, key: key, operation: operation, registers: operation == .deletion ? [] : registers,
      captured: captured, time: dice.chance(80) ? captured &+ 250 : dice.time(),
      isFlagged: dice.chance(5))
  }

  private func value(_ dice: inout SeededRandom) -> Value {
    switch dice.below(3) {
    case 0: .null
    case 1: .integer(dice.integer())
    default: .text(dice.text())
    }
  }
}
