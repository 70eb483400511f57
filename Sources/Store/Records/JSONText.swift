import SyncCore

/// Writes a record as a line of JSON (RFC 8259).
enum JSONText {
  static func object(_ members: [(String, Value)]) -> String {
    "{" + members.map { "\(string(Array($0.0.utf8))):\(value($0.1))" }.joined(separator: ",") + "}"
  }

  private static func value(_ value: Value) -> String {
    switch value {
    case .null: "null"
    case .integer(let number): String(number)
    case .text(let bytes): string(bytes)
    }
  }

  private static func string(_ bytes: [UInt8]) -> String {
    // A set of one text is that text as a JSON string in brackets.
    String(decoding: TextSet([bytes]).json.dropFirst().dropLast(), as: UTF8.self)
  }
}
