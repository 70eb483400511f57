/// Why a node could not do something, apart from the errors of its store, its wire format and its transport.
public struct NodeError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The settings or the files beside the database are wrong.
    case config
    /// Headquarters cannot be reached.
    case unreachable
    /// Headquarters refused.
    case denied
    /// This user may not use a file.
    case notPermitted = "not_permitted"
    /// The call is wrong.
    case usage
    /// What headquarters answered cannot be read.
    case data
    /// Headquarters is busy; try later.
    case busy
    /// The disk is full, here or at headquarters.
    case full
  }

  public var code: Code
  /// What was being done, as in "joining headquarters".
  public var operation: String
  /// What is wrong, as a clause.
  public var detail: String
  /// What the operator can do next.
  public var hint: String

  public init(_ code: Code, _ operation: String, _ detail: String, hint: String = "") {
    self.code = code
    self.operation = operation
    self.detail = detail
    self.hint = hint
  }

  public var description: String { "\(operation): \(detail)" + (hint.isEmpty ? "" : " (\(hint))") }
}
