/// What a person should know of a record: conflicts and values that the catalog does not allow.
public struct RecordNotes: Sendable {
  /// The label of a conflict about whether the record exists.
  public static let existence = "(record)"
  /// The label of a conflict between two owners that use one key.
  public static let keyCollision = "(key)"

  /// What people call each register whose heads differ, `existence` and `keyCollision` first.
  public private(set) var conflicts: [String] = []
  /// Values that the catalog does not allow, with the reason.
  public private(set) var invalid: [(field: String, value: Value, reason: String)] = []

  /// - Parameters:
  ///   - facts: the order and the authors of heads.
  ///   - collides: whether several owners' records exist under the key.
  public init<Facts: HeadFacts>(
    _ shape: KindShape, _ key: RecordKey, _ state: RecordState, facts: Facts, collides: Bool
  ) throws(Facts.Failure) {
    if let problem = shape.problem(key: key) {
      invalid.append((problem.field, .text(key.display), problem.reason))
    }
    if state.existenceIsContested { conflicts.append(Self.existence) }
    if collides { conflicts.append(Self.keyCollision) }
    guard state.hasLivingEdit else { return }
    for key in state.knownRegisters {
      guard let index = shape.registerIndex(id: key.id) else { continue }
      let heads = state.heads(key)
      let choice = try Choice(among: heads, rule: shape.registers[index].rule, facts: facts) {
        shape.problem($0, of: key) == nil
      }
      if choice.isConflict { conflicts.append(Self.label(shape, key)) }
      // One is listed of each field: on every node the same, the latest.
      for head in try facts.latestFirst(heads, \.clock).reversed() {
        if let problem = shape.problem(head.content, of: key) { invalid.append(problem) }
      }
    }
  }

  /// How people name a register: the field, the group, or one element of a set.
  public static func label(_ shape: KindShape, _ key: RegisterKey) -> String {
    let name = shape.registers.first { $0.id == key.id }?.name ?? "field \(key.id)"
    guard let element = key.element else { return name }
    return "\(name)[\(String(decoding: element, as: UTF8.self))]"
  }

  /// The register that a person named so.
  public static func register(_ shape: KindShape, label: String) -> RegisterKey? {
    if let register = shape.registers.first(where: { $0.name.sameBytes(as: label) }) { return RegisterKey(register.id) }
    if let register = shape.registers.first(where: { $0.fields.contains { $0.name.sameBytes(as: label) } }) {
      return RegisterKey(register.id)
    }
    guard label.hasSuffix("]"), let open = label.firstIndex(of: "["),
      let register = shape.registers.first(where: { $0.isSet && $0.name.sameBytes(as: String(label[..<open])) })
    else { return nil }
    return RegisterKey(register.id, element: Array(label[label.index(after: open)...].dropLast().utf8))
  }
}
