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
  ///
  /// - Parameter others: amounts of the record, whose currencies may not be among the fields.
  static func json(_ fields: [(String, Value)], _ kind: Kind?, besides others: Amounts? = nil) -> String {
    let known = fields.map { (field: $0, value: $1) }
    let amounts = (others ?? Amounts(kind) { _ in nil }).replaced(kind, known)
    let members = known.map { name, value in
      let value = amounts.shown(value, of: name)
      return switch value {
      case .null: (name: name, value: JSON.null)
      case .integer(let number): (name: name, value: JSON.integer(number))
      case .text(let bytes): (name: name, value: JSON.text(bytes, .canonical))
      }
    }
    return String(decoding: JSON.object(members).bytes, as: UTF8.self)
  }
}
