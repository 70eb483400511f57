/// One HTTP request.
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }

  public var method: Method
  /// `https://…`, or `http://…` for this machine.
  public var url: String
  public var headers: [(name: String, value: String)]
  /// Sent with `POST` only.
  public var body: [UInt8]
  public var limits: TransferLimits

  public init(
    method: Method, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    limits: TransferLimits = TransferLimits()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.limits = limits
  }
}

/// What one transfer may take. Beyond any of these it is stopped.
public struct TransferLimits: Equatable, Sendable {
  /// Bytes of the answer's body.
  public var responseBytes = 8 << 20
  /// Bytes of the answer's headers, all together.
  public var headerBytes = 32 << 10
  /// Until the connection stands.
  public var connectTime: Duration = .seconds(15)
  /// From the beginning to the last byte.
  public var totalTime: Duration = .seconds(300)
  /// The transfer is given up when fewer bytes per second than this move for `slowSeconds`. The time in which the
  /// server thinks counts as slow.
  public var slowBytesPerSecond = 50
  public var slowSeconds = 60

  public init() {}
}
