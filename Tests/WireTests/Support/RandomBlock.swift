import Limits
import SyncCore
import TestSupport

@testable import Wire

/// A block with the changes that were put in.
struct RandomBlock {
  var block: KindBlock
  var changes: [Change]
  /// The fields of each register.
  let fields: [RegisterID: [FieldID]]
  private let sets: Set<RegisterID>

  init(_ random: inout SeededRandom, kind: KindID, changes count: Int) {
    let keyColumns = random.below(WireLimits.keyColumns) + 1
    var fields: [RegisterID: [FieldID]] = [:]
    var sets: Set<RegisterID> = []
    for number in 1...(random.below(12) + 1) {
      let register = RegisterID(number)
      switch random.below(4) {
      case 0: sets.insert(register)
      case 1: fields[register] = (0...random.below(4)).map { FieldID(number * 20 + $0) }
      default: fields[register] = [FieldID(aloneIn: register)]
      }
    }
    self.fields = fields
    self.sets = sets
    block = KindBlock(kind: kind, keyColumns: keyColumns)
    changes = []
    var keys = (0..<count).map { _ in RecordKey(columns: (0..<keyColumns).map { _ in random.keyText() }) }
    if random.chance(50) { keys.sort() }
    for key in keys { changes.append(change(&random, kind: kind, key: key)) }
    for change in changes { block.append(change) { fields[$0.id] ?? [] } }
  }

  private func change(_ random: inout SeededRandom, kind: KindID, key: RecordKey) -> Change {
    let operation = random.pick([Change.Operation.deletion, .insertion, .edit, .edit])
    let captured = random.time()
    var registers: [RegisterContent] = []
    for (register, fields) in fields.sorted(by: { $0.key < $1.key }) where random.chance(60) {
      let cells = fields.map { Cell(field: $0, value: value(&random)) }
      registers.append(RegisterContent(RegisterKey(register), Content(cells)))
    }
    for register in sets.sorted() where random.chance(60) {
      for element in Set((0...random.below(4)).map { _ in random.text() }) {
        registers.append(
          RegisterContent(
            RegisterKey(register, element: element),
            .element(of: FieldID(aloneIn: register), present: random.chance(70))))
      }
    }
    registers.sort { $0.key < $1.key }
    return Change(
      kind: kind, key: key, operation: operation, registers: operation == .deletion ? [] : registers,
      captured: captured, time: random.chance(80) ? captured &+ 250 : random.time(),
      isFlagged: random.chance(5))
  }

  private func value(_ random: inout SeededRandom) -> Value {
    switch random.below(3) {
    case 0: .null
    case 1: .integer(random.integer())
    default: .text(random.text())
    }
  }
}
