/// What one cell of a shared record holds. No floating point: it does not add up exactly.
public enum Value: Hashable, Sendable {
  case null
  case integer(Int64)
  /// UTF-8 as the clerk's tool stored it. Bytes, because `String` compares by Unicode equivalence and SQLite bytewise.
  case text([UInt8])

  public static func text(_ string: String) -> Value { .text(Array(string.utf8)) }

  /// The value in words for a person or a CSV cell; NULL is empty.
  public var display: String {
    switch self {
    case .null: ""
    case .integer(let number): String(number)
    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }

  public var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  public var isNull: Bool { self == .null }
}

extension Value: Comparable {
  /// NULL, then integers by size, then text bytewise: SQLite's own order.
  public static func < (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.null, .null): false
    case (.null, _): true
    case (_, .null): false
    case (.integer(let x), .integer(let y)): x < y
    case (.integer, .text): true
    case (.text, .integer): false
    case (.text(let x), .text(let y)): x.lexicographicallyPrecedes(y)
    }
  }
}

/// The key of a record within its kind: the key columns' UTF-8 joined by a zero byte.
///
/// A zero byte cannot occur in a column, and it sorts before all others, so keys order as their columns do.
public struct RecordKey: Hashable, Comparable, Sendable {
  public static let separator: UInt8 = 0
  public var bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  public init(columns: [[UInt8]]) { bytes = Array(columns.joined(separator: [Self.separator])) }

  public init(_ columns: String...) { self.init(columns: columns.map { Array($0.utf8) }) }

  public var columns: [[UInt8]] {
    bytes.split(separator: Self.separator, omittingEmptySubsequences: false).map(Array.init)
  }

  /// The key as people write it: columns joined by `/`, with `%2F` and `%25` for a slash and a percent sign in one.
  public var display: String {
    let parts = columns.map { column in
      column.flatMap { byte -> [UInt8] in
        switch byte {
        case 0x2F: Array("%2F".utf8)
        case 0x25: Array("%25".utf8)
        default: [byte]
        }
      }
    }
    return String(decoding: Array(parts.joined(separator: [0x2F])), as: UTF8.self)
  }

  /// The key that people wrote, with that many columns; nil when the number of parts differs.
  ///
  /// With one column a slash needs no escape.
  public init?(written text: String, columnCount: Int) {
    let bytes = Array(text.utf8)
    let parts =
      columnCount == 1 ? [bytes] : bytes.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init)
    guard parts.count == columnCount, !bytes.contains(0) else { return nil }
    self.init(columns: parts.map(Self.unescaped))
  }

  private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      let next = rest.prefix(2)
      if byte == 0x25, next.elementsEqual("2F".utf8) || next.elementsEqual("2f".utf8) {
        result.append(0x2F)
        rest = rest.dropFirst(2)
      } else if byte == 0x25, next.elementsEqual("25".utf8) {
        result.append(0x25)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
