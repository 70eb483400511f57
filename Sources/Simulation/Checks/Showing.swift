import SyncCore

/// What a record shows by the oracle: values and conflicts, computed from the true heads.
struct Showing {
  /// As in `KindShape.fields`; all NULL where they were not wanted.
  private(set) var values: [Value]
  /// As people read them, with the channel.
  private(set) var conflicts: [String] = []

  init(_ truth: Oracle.Record, _ shape: KindShape, _ registers: [RegisterKey], wantsValues: Bool) {
    values = Array(repeating: .null, count: shape.fields.count)
    if truth.isLiving, !truth.deletions.isEmpty { conflicts.append("\(truth.channel) (record)") }
    guard truth.isLiving else { return }
    var sets: [(register: RegisterID, elements: [[UInt8]])] = []
    for (index, key) in registers.enumerated() where !truth.heads[index].isEmpty {
      guard let place = shape.registers.firstIndex(where: { $0.id == key.id }) else { continue }
      let rule = shape.registers[place].rule
      let choice = Oracle.choose(truth.heads[index], rule) { Self.isValid($0, key, shape) }
      if choice.isConflict {
        let element = key.element.map { "[\(String(decoding: $0, as: UTF8.self))]" } ?? ""
        conflicts.append("\(truth.channel) \(shape.registers[place].name)\(element)")
      }
      guard wantsValues, let shown = choice.shown, !shown.isEmpty else { continue }
      guard let element = key.element else {
        for cell in shown.cells {
          if let field = shape.fieldIndex(id: cell.field) { values[field] = cell.value }
        }
        continue
      }
      if let known = sets.firstIndex(where: { $0.register == key.id }) {
        sets[known].elements.append(element)
      } else {
        sets.append((key.id, [element]))
      }
    }
    for (register, elements) in sets {
      if let field = shape.fieldIndex(id: FieldID(aloneIn: register)) { values[field] = .text(TextSet(elements).json) }
    }
  }

  /// What the simulated clerks' nonsense looks like.
  private static func isValid(_ content: Content, _ key: RegisterKey, _ shape: KindShape) -> Bool {
    if let element = key.element { return element.first != 0 || content.isEmpty }
    return content.cells.allSatisfy { cell in
      guard let field = shape.fieldIndex(id: cell.field) else { return true }
      switch (cell.value, shape.fields[field].type) {
      case (.integer(let number), .integer(let minimum, _)): return number >= minimum ?? .min
      case (.text(let bytes), .code(let codes)): return codes.contains { $0.utf8.elementsEqual(bytes) }
      case (.text(let bytes), _): return !bytes.contains(0)
      default: return true
      }
    }
  }
}
