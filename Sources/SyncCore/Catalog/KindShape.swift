/// One kind as the merge reads and writes its rows: shared fields, registers, and what the catalog allows in them.
///
/// ```swift
/// let shape = KindShape(kind)
/// let contents = shape.contents { row[$0] }        // a row's values by register
/// shape.problem(.integer(-1), field: 0)            // "-1 is less than 0"
/// ```
public final class KindShape: Sendable {
  public let kind: Kind
  /// Shared fields in ascending order of id; local ones are never read or written by the engine.
  public let fields: [Field]
  public let registers: [Register]
  /// For each of `fields` the index of its register.
  public let registerOfField: [Int]
  /// The registers that are sets, one bit each.
  public let setMask: Int64
  /// For each of `fields` the codes that it allows, where it is a code.
  private let codes: [Set<[UInt8]>?]

  public init(_ kind: Kind) {
    self.kind = kind
    let shared = kind.recordClass == .local ? [] : kind.fields.filter { !$0.isLocal }
    let registers = kind.recordClass == .local ? [] : kind.registers
    fields = shared
    self.registers = registers
    registerOfField = shared.map { field in
      registers.firstIndex { $0.fields.contains { $0.id == field.id } } ?? 0
    }
    setMask = registers.reduce(0) { $1.isSet ? $0 | $1.id.bit : $0 }
    codes = shared.map { field in
      if case .code(let codes) = field.type { Set(codes.map { Array($0.utf8) }) } else { nil }
    }
  }

  public var isShared: Bool { kind.recordClass != .local }

  public func registerIndex(id: RegisterID) -> Int? { registers.firstIndex { $0.id == id } }

  public func fieldIndex(id: FieldID) -> Int? { fields.firstIndex { $0.id == id } }

  /// A row's values by register: a set's elements one by one, a group's fields together.
  ///
  /// Values are brought into the catalog's form where that is certain (`TypedValue`).
  ///
  /// - Parameter value: the value of one of `fields`, by its index.
  public func contents(_ value: (Int) -> Value) -> [RegisterKey: Content] {
    var contents: [RegisterKey: Content] = [:]
    for register in registers {
      if register.isSet {
        guard let field = register.fields.first, let index = fieldIndex(id: field.id),
          case .text(let json) = normal(value(index), field: index)
        else { continue }
        for element in elements(json) {
          contents[RegisterKey(register.id, element: element)] = .element(of: field.id, present: true)
        }
      } else {
        let cells = register.fields.compactMap { field in
          fieldIndex(id: field.id).map { Cell(field: field.id, value: normal(value($0), field: $0)) }
        }
        contents[RegisterKey(register.id)] = Content(cells)
      }
    }
    return contents
  }

  private func normal(_ value: Value, field index: Int) -> Value {
    // Most values need no look.
    guard case .text(let bytes) = value else { return value }
    switch fields[index].type {
    case .text, .ref: return value
    default: return codes[index]?.contains(bytes) == true ? value : TypedValue.normal(value, fields[index].type)
    }
  }

  /// A key in the catalog's form; nil where it has that form, or it is not certain which is meant.
  public func normal(key: RecordKey) -> RecordKey? {
    guard kind.key.contains(where: { $0.type == .date }) else { return nil }
    let columns = key.columns
    guard columns.count == kind.key.count else { return nil }
    let normal = RecordKey(columns: zip(kind.key, columns).map { TypedValue.normal(key: $1, $0.type) })
    return normal == key ? nil : normal
  }

  /// A set's elements. Text that is no JSON array becomes one element that no valid set could hold.
  public func elements(_ json: [UInt8]) -> [[UInt8]] {
    if let set = TextSet(json: json) { return set.elements }
    return json.isEmpty ? [] : [Self.malformedSet + json]
  }

  /// Marks an element made of a text that was no set at all.
  public static let malformedSet: [UInt8] = [0]

  /// Why the catalog does not allow a register's content, with the field's name; nil when it does.
  public func problem(_ content: Content, of key: RegisterKey) -> (field: String, value: Value, reason: String)? {
    if let element = key.element {
      guard element.first == Self.malformedSet.first, !content.isEmpty, let field = kind.field(FieldID(aloneIn: key.id))
      else {
        return nil
      }
      let text = Value.text(Array(element.dropFirst()))
      return (field.name, text, Validity.problem(text, .set) ?? "it is not a JSON array of texts")
    }
    for cell in content.cells {
      guard let index = fieldIndex(id: cell.field) else { continue }
      if let reason = problem(cell.value, field: index) { return (fields[index].name, cell.value, reason) }
    }
    return nil
  }

  /// Why the catalog does not allow a value in one of `fields`; nil when it does.
  public func problem(_ value: Value, field index: Int) -> String? {
    if let codes = codes[index], case .text(let bytes) = value, codes.contains(bytes) { return nil }
    // The system's own records have no limit: a list of streams, somebody's edit in hexadecimal.
    if SystemKind.isReserved(kind.id), case .text = value, case .text = fields[index].type { return nil }
    return Validity.problem(value, fields[index].type)
  }

  /// Why a key may not be typed; nil for one that may.
  public func problem(typedKey key: RecordKey) -> (field: String, reason: String)? {
    if let problem = problem(key: key) { return problem }
    for (column, bytes) in zip(kind.key, key.columns) {
      if let reason = TypedValue.problem(key: bytes, column.type) { return (column.name, reason) }
    }
    return nil
  }

  /// Why a record with this key is not shown; nil for a proper key.
  public func problem(key: RecordKey) -> (field: String, reason: String)? {
    let columns = key.columns
    guard columns.count == kind.key.count else { return ("key", "the key has \(columns.count) columns") }
    for (column, bytes) in zip(kind.key, columns) {
      if let reason = Validity.problem(key: bytes, column.type) { return (column.name, reason) }
    }
    return nil
  }
}
