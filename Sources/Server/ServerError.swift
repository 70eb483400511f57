/// Why the server does not run.
public struct ServerError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Another program listens on that port.
    case addressInUse = "address_in_use"
    /// The address is not this machine's, or the port is not for this user.
    case addressRefused = "address_refused"
    /// Anything else.
    case failed
  }

  public var code: Code
  /// What was being done, such as "listen on 127.0.0.1:8650".
  public var operation: String
  /// What the operator can do next.
  public var hint: String
  /// The system's own words, for the log.
  public var detail: String

  public var description: String { "\(operation): \(code.rawValue) [\(detail)] (\(hint))" }
}
