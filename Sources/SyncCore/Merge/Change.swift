/// The name of a unit that has heads: a lone field, a group, or one element of a set.
public struct RegisterKey: Hashable, Comparable, Sendable {
  /// The id of the field or group.
  public var id: RegisterID
  /// The element's text where the register is one element of a set, else nil.
  public var element: [UInt8]?

  public init(_ id: RegisterID, element: [UInt8]? = nil) {
    self.id = id
    self.element = element
  }

  public static func < (a: Self, b: Self) -> Bool {
    if a.id != b.id { return a.id < b.id }
    switch (a.element, b.element) {
    case (nil, nil), (_, nil): return false
    case (nil, _): return true
    case (let x?, let y?): return x.lexicographicallyPrecedes(y)
    }
  }
}

/// One field's value within a register.
public struct Cell: Hashable, Sendable {
  public var field: FieldID
  public var value: Value

  public init(field: FieldID, value: Value) {
    self.field = field
    self.value = value
  }
}

/// The values of a register: its cells that are not NULL, in ascending order of field.
///
/// A set's element is present with one cell of 1 and absent with no cell. So two contents are equal exactly when a
/// person would call them the same value, and a field that an older catalog does not know counts as NULL.
public struct Content: Hashable, Sendable {
  public private(set) var cells: [Cell]

  public init(_ cells: [Cell]) {
    self.cells = cells.filter { !$0.value.isNull }.sorted { $0.field < $1.field }
  }

  public static let empty = Content([])

  /// An element that is in the set, or one that is not.
  public static func element(of field: FieldID, present: Bool) -> Content {
    present ? Content([Cell(field: field, value: .integer(1))]) : .empty
  }

  public subscript(field: FieldID) -> Value { cells.first { $0.field == field }?.value ?? .null }

  public var isEmpty: Bool { cells.isEmpty }
}

/// One register with its values.
public struct RegisterContent: Hashable, Sendable {
  public var key: RegisterKey
  public var content: Content

  public init(_ key: RegisterKey, _ content: Content) {
    self.key = key
    self.content = content
  }
}

/// One sealed edit of one record.
public struct Change: Hashable, Sendable {
  public enum Operation: UInt8, Sendable {
    case deletion = 0
    /// A whole row: it replaces every head it has seen of every field, known to its catalog or not.
    case insertion = 1
    case edit = 2
  }

  public var kind: KindID
  public var key: RecordKey
  public var operation: Operation
  /// The registers with new values, in ascending order; empty for a deletion.
  public var registers: [RegisterContent]
  /// The wall time of the capture, in milliseconds since 1970: evidence, never used to order.
  public var captured: Int64
  /// The time that the rule of time stamped, in milliseconds since 1970.
  public var time: Int64
  /// True when the author's catalog did not allow one of the values.
  public var isFlagged: Bool

  public init(
    kind: KindID, key: RecordKey, operation: Operation, registers: [RegisterContent], captured: Int64, time: Int64,
    isFlagged: Bool = false
  ) {
    self.kind = kind
    self.key = key
    self.operation = operation
    self.registers = registers
    self.captured = captured
    self.time = time
    self.isFlagged = isFlagged
  }
}

extension Change {
  /// The change in pieces that can travel: merging can make a record larger than any edit may be, and who then edits it
  /// or empties it writes all of that at once. The first piece is what the change was, the others edit what it left out.
  ///
  /// - Parameters:
  ///   - limit: how large a piece becomes; one register is never cut.
  ///   - size: how large a register is.
  public func pieces(limit: Int, size: (RegisterContent) -> Int) -> [Change] {
    var pieces: [Change] = []
    var current = self
    current.registers = []
    var sum = 0
    for register in registers {
      let bytes = size(register)
      if !current.registers.isEmpty, sum + bytes > limit {
        pieces.append(current)
        current.operation = .edit
        current.registers = []
        sum = 0
      }
      current.registers.append(register)
      sum += bytes
    }
    return pieces + [current]
  }
}
