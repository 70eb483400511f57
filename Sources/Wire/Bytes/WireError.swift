import Limits

/// Why bytes from outside were not accepted.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The bytes end before what they announce.
    case truncated
    /// A number, a length or a tag that the format does not allow.
    case malformed
    /// Something is larger than `WireLimits` allows.
    case tooLarge = "too_large"
    /// The bytes were altered: a hash differs.
    case altered
    /// The signature does not fit the bytes and the key.
    case badSignature = "bad_signature"
    /// Written by a newer version than this one reads.
    case unsupported
    /// An invitation that is used, expired or unknown.
    case badInvitation = "bad_invitation"
  }

  public var code: Code
  /// What was being done, as in "reading a segment".
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
