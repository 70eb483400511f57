/// What a record's row shows, chosen among its heads.
public struct Projection: Sendable {
  /// One value for each of `KindShape.fields`.
  public private(set) var values: [Value]
  /// True when every head's value can be read back from the row.
  public private(set) var isExact: Bool

  /// - Parameter facts: the order and the authors of heads.
  public init<Facts: HeadFacts>(_ shape: KindShape, _ state: RecordState, facts: Facts) throws(Facts.Failure) {
    values = Array(repeating: .null, count: shape.fields.count)
    isExact = state.deletions.isEmpty
    var sets: [RegisterID: [[UInt8]]] = [:]
    var keys = Set(state.knownRegisters)
    for register in shape.registers where !register.isSet { keys.insert(RegisterKey(register.id)) }
    for key in keys {
      let heads = state.heads(key)
      guard let index = shape.registerIndex(id: key.id) else {
        // A field of a later catalog: it is shown after the upgrade.
        if heads.contains(where: { !$0.content.isEmpty }) { isExact = false }
        continue
      }
      let register = shape.registers[index]
      if heads.count > 1 { isExact = false }
      let choice = try Choice(among: heads, rule: register.rule, facts: facts) { shape.problem($0, of: key) == nil }
      guard let shown = choice.shown else {
        isExact = isExact && heads.isEmpty
        continue
      }
      if let element = key.element {
        if !shown.content.isEmpty { sets[key.id, default: []].append(element) }
        continue
      }
      for cell in shown.content.cells {
        if let field = shape.fieldIndex(id: cell.field) { values[field] = cell.value } else { isExact = false }
      }
    }
    for (register, elements) in sets {
      if let field = shape.fieldIndex(id: FieldID(aloneIn: register)) { values[field] = .text(TextSet(elements).json) }
    }
  }

  /// The shown values by register.
  public func contents(_ shape: KindShape) -> [RegisterKey: Content] { shape.contents { values[$0] } }
}
