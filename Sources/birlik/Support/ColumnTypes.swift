import Store
import SyncCore

/// The types of a kind's columns, for writing their values as JSON.
struct ColumnTypes {
  private let types: [String: FieldType]
  private let kind: Kind?

  init(_ kind: Kind?) {
    self.kind = kind
    var types: [String: FieldType] = [:]
    for field in kind?.fields ?? [] { types[field.name] = field.type }
    self.types = types
  }

  /// Numbers as numbers, sets as arrays, NULL as null, everything else as text, amounts as well (`Amounts`).
  func json(_ value: Value, of column: String) -> JSON {
    switch value {
    case .null: return .null
    case .integer(let number): return .integer(number)
    case .text(let bytes):
      guard types[column] == .set, let set = TextSet(json: bytes) else { return .text(bytes) }
      return .array(set.elements.map { .text($0) })
    }
  }

  func json(_ record: RecordView) -> JSON {
    [
      "kind": .string(record.kind), "key": .string(record.key), "fields": fields(record),
      "conflicts": .strings(record.conflicts),
      "invalid": .array(record.invalid.map { ["field": .string($0.field), "reason": .string($0.reason)] }),
      "hidden": record.isHidden ? .bool(true) : .array(record.hidden.map(fields)),
    ]
  }

  /// The columns alone: one flat object.
  func fields(_ record: RecordView) -> JSON {
    let columns = Amounts(kind, among: record.columns).shown(record.columns)
    return .object(columns.map { ($0.name, json($0.value, of: $0.name)) })
  }

  /// A plain value for a single field, an object for a group.
  func json(_ value: AttributedValue) -> JSON { .object(members(value)) }

  func members(_ value: AttributedValue) -> [(name: String, value: JSON)] {
    let cells = value.shownCells.map { (name: $0.field, value: json($0.value, of: $0.field)) }
    let plain = cells.count == 1 ? cells[0].value : JSON.object(cells)
    let office = value.node.split(separator: "/", maxSplits: 1).dropFirst().first.map(String.init)
    return [
      ("value", plain), ("node", .string(value.node)), ("at", .string(Moment(value.at).iso)),
      ("federation", .string(value.federation)), ("office", .string(office)), ("allowed", .bool(value.isAllowed)),
    ]
  }
}
