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
