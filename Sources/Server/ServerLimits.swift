import Wire

/// What the outside may ask of the server. Memory is bounded by about `bodyBytes` times
/// (`concurrentRequests` + `concurrentStrangers`).
public struct ServerLimits: Equatable, Sendable {
  /// Bytes of the body of an exchange.
  public var bodyBytes = WireLimits.messageBytes
  /// Bytes of the body of a request to join.
  public var joinBytes = 64 << 10
  /// Bytes of all headers together, and of each.
  public var headerBytes = 16 << 10
  public var headerCount = 64
  /// Connections at once; more wait in the system's queue until one closes.
  public var connections = 256
  /// Requests of verified nodes that are read and processed at once; more are told to come again.
  public var concurrentRequests = 6
  /// The same for requests whose sender is not verified before the body is read: joining and unknown nodes. Counted
  /// apart, so that strangers cannot keep members out.
  public var concurrentStrangers = 4
  /// From the head of a request to the end of its body, however steadily it drips.
  public var bodyTime: Duration = .seconds(120)
  /// From the head of a request to the end of its answer.
  public var requestTime: Duration = .seconds(300)
  /// From the beginning of a connection to the end of its TLS handshake.
  public var handshakeTime: Duration = .seconds(10)
  /// Without a complete head, or between requests.
  public var idleTime: Duration = .seconds(30)
  /// How long, and how many bytes, a client may still send after an answer that came before the end of its request.
  /// Without this it would see a reset connection in place of the answer.
  public var lingerTime: Duration = .seconds(2)
  public var lingerBytes = 1 << 20
  /// Seconds by which a request's time may differ from ours.
  public var clockToleranceSeconds = MessageSignature.clockToleranceSeconds
  /// Told to those who come when the server is busy.
  public var retryAfterSeconds = 5

  public init() {}
}
