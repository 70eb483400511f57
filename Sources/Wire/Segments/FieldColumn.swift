import SyncCore

/// The values of one field over the changes of a block.
public struct FieldColumn: Equatable, Sendable {
  /// What a change sets the field to.
  public enum State: UInt8, Sendable {
    /// The change does not set the field.
    case absent = 0
    case null = 1
    case integer = 2
    case text = 3
    /// Elements added to and removed from a set.
    case elements = 4
  }

  /// The field's id within its kind.
  public let field: FieldID
  /// The id of the register that the field belongs to.
  public let register: RegisterID
  /// One state a change; may be shorter than the block while it is built.
  public private(set) var states: [UInt8] = []
  /// The integers of the changes in state `integer`, in order.
  public private(set) var integers: [Int64] = []
  /// The texts of the changes in state `text`, in order.
  public private(set) var texts = TextColumn()
  /// How many elements each change in state `elements` names, in order.
  public private(set) var elementCounts: [Int] = []
  /// Those elements.
  public private(set) var elements = TextColumn()
  /// 1 for an element added, 0 for one removed.
  public private(set) var elementFlags: [UInt8] = []

  public init(field: FieldID, register: RegisterID) {
    self.field = field
    self.register = register
  }

  /// What the change at a place sets the field to; also while the column is built and shorter than the block.
  public func state(_ place: Int) -> State {
    place < states.count ? State(rawValue: states[place]) ?? .absent : .absent
  }

  mutating func pad(to count: Int) {
    while states.count < count { states.append(State.absent.rawValue) }
  }

  mutating func appendNull() { states.append(State.null.rawValue) }

  mutating func append(_ integer: Int64) {
    states.append(State.integer.rawValue)
    integers.append(integer)
  }

  mutating func append(_ text: some Sequence<UInt8>) {
    states.append(State.text.rawValue)
    texts.append(text)
  }

  mutating func append(elements named: [(text: [UInt8], present: Bool)]) {
    states.append(State.elements.rawValue)
    elementCounts.append(named.count)
    for element in named {
      elements.append(element.text)
      elementFlags.append(element.present ? 1 : 0)
    }
  }

  // MARK: Bytes

  func encode(into writer: inout ByteWriter) {
    writer.id(field)
    writer.id(register)
    Runs.encode(states.map(UInt64.init), into: &writer)
    if !integers.isEmpty { Self.encode(integers, into: &writer) }
    if texts.count > 0 { texts.encode(into: &writer) }
    if !elementCounts.isEmpty {
      for count in elementCounts { writer.count(count) }
      if elements.count > 0 {
        elements.encode(into: &writer)
        Runs.encode(elementFlags.map(UInt64.init), into: &writer)
      }
    }
  }

  static func decode(_ reader: inout ByteReader, changes: Int, elements limit: Int) throws(WireError) -> FieldColumn {
    var column = FieldColumn(field: try reader.id(of: "fields"), register: try reader.id(of: "registers"))
    column.states = try Runs.decode(&reader, count: changes, limit: UInt64(State.elements.rawValue)).map(UInt8.init)
    var perState = [0, 0, 0, 0, 0]
    for state in column.states { perState[Int(state)] += 1 }
    if perState[2] > 0 { column.integers = try decodeIntegers(&reader, count: perState[2]) }
    if perState[3] > 0 { column.texts = try TextColumn.decode(&reader, count: perState[3]) }
    var total = 0
    for _ in 0..<perState[4] {
      let count = try reader.count(limit: limit - total, of: "elements")
      column.elementCounts.append(count)
      total += count
    }
    if total > 0 {
      column.elements = try TextColumn.decode(&reader, count: total)
      column.elementFlags = try Runs.decode(&reader, count: total, limit: 1).map(UInt8.init)
    }
    return column
  }

  /// Numbers as they are, or as steps from one to the next where that is shorter.
  private static func encode(_ numbers: [Int64], into writer: inout ByteWriter) {
    var plain = ByteWriter()
    var steps = ByteWriter()
    var previous: Int64 = 0
    for number in numbers {
      plain.zigzag(number)
      steps.zigzag(number &- previous)
      previous = number
    }
    writer.byte(steps.bytes.count < plain.bytes.count ? 1 : 0)
    writer.raw(steps.bytes.count < plain.bytes.count ? steps.bytes : plain.bytes)
  }

  private static func decodeIntegers(_ reader: inout ByteReader, count: Int) throws(WireError) -> [Int64] {
    let mode = try reader.byte()
    guard mode <= 1 else { throw reader.error(.unsupported, "numbers are written in an unknown way") }
    guard count <= reader.remaining else { throw reader.error(.truncated, "the bytes end too early") }
    var numbers: [Int64] = []
    numbers.reserveCapacity(count)
    var previous: Int64 = 0
    for _ in 0..<count {
      let number = try reader.zigzag()
      previous = mode == 1 ? previous &+ number : number
      numbers.append(previous)
    }
    return numbers
  }
}

/// Runs of equal numbers: how many, and which.
enum Runs {
  static func encode(_ numbers: [UInt64], into writer: inout ByteWriter) {
    var start = 0
    while start < numbers.count {
      var end = start + 1
      while end < numbers.count, numbers[end] == numbers[start] { end += 1 }
      writer.count(end - start)
      writer.varint(numbers[start])
      start = end
    }
  }

  static func decode(_ reader: inout ByteReader, count: Int, limit: UInt64) throws(WireError) -> [UInt64] {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(count)
    while numbers.count < count {
      let run = try reader.count(limit: count - numbers.count, of: "repetitions")
      let number = try reader.varint()
      guard run > 0, number <= limit else {
        throw reader.error(.malformed, "a run holds nothing or too large a number")
      }
      numbers.append(contentsOf: repeatElement(number, count: run))
    }
    return numbers
  }
}
