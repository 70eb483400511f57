import SyncCore

/// An edit that this node may not seal.
public struct RefusedView: Sendable, Equatable {
  /// What the person wanted to do.
  public enum Operation: String, Sendable {
    case insert, edit, delete
  }

  /// In milliseconds since 1970.
  public var at: Int64
  public var kind: String
  public var key: String
  public var operation: Operation
  /// The whole record as it was typed, as JSON.
  public var record: String
  public var reason: String
}

extension RefusedView {
  /// The fields of a record as `record` holds them.
  static func json(_ fields: [(String, Value)]) -> String {
    let members = fields.map { name, value in
      switch value {
      case .null: (name: name, value: JSON.null)
      case .integer(let number): (name: name, value: JSON.integer(number))
      case .text(let bytes): (name: name, value: JSON.text(bytes, .canonical))
      }
    }
    return String(decoding: JSON.object(members).bytes, as: UTF8.self)
  }
}
