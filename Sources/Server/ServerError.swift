/// Why the server does not run.
public struct ServerError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Another program listens on that port.
    case addressInUse = "address_in_use"
    /// The address is not this machine's, or the port is not for this user.
    case addressRefused = "address_refused"
    /// The certificate or its key cannot be used.
    case certificate
    /// Plain HTTP was asked for where other machines could reach it.
    case plain
    /// Anything else.
    case failed
  }

  public var code: Code
  /// What was being done, such as "listen on 127.0.0.1:8650".
  public var operation: String
  /// What the operator can do next.
  public var hint: String
  /// What is wrong, as a clause.
  public var detail: String

  public var description: String { "\(operation): \(detail) (\(hint))" }

  static func plain(host: String, port: Int) -> ServerError {
    ServerError(
      code: .plain, operation: "starting the server",
      hint: "let it speak TLS (`birlik rotate-tls` makes a key), or listen on 127.0.0.1 behind a web server with TLS",
      detail: "plain HTTP is for this machine only, not for \(ListenAddress.text(host: host, port: port))")
  }
}
