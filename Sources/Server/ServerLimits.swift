import Wire

/// What the outside may ask of the server. Memory is bounded by about `bodyBytes` times
/// (`concurrentRequests` + `concurrentStrangers`), four times over while a message is taken apart.
///
/// What a message may hold stands in `WireLimits`, what SQLite may do with a file in `SQLiteLimits`, what a node takes
/// of an answer in `TransferLimits`; the page "Wire format" lists those that both sides have to know.
///
/// A request that is repeated within the time tolerance is not refused: every route is idempotent (segments by their
/// hashes, invitations by key), so a replay changes nothing and tells nothing that its first answer did not.
public struct ServerLimits: Equatable, Sendable {
  /// Bytes of the body of an exchange.
  public var bodyBytes = WireLimits.messageBytes
  /// Bytes of the body of a request to join.
  public var joinBytes = 64 << 10
  /// Bytes of all headers together, and of each.
  public var headerBytes = 16 << 10
  public var headerCount = 64
  /// Connections at once; for another one, that which waits longest without a request is closed.
  public var connections = 256
  /// Connections beyond those while none of them can be closed; more wait in the system's queue.
  public var spareConnections = 64
  /// Connections from one address (or one IPv6 network of 64 bits); more are closed at once. Callers on this machine
  /// are not told apart: a proxy there speaks for all, and has limits of its own.
  public var connectionsPerAddress = 32
  /// Requests from one address before anything of them is looked at, and those of them whose sender is not verified
  /// before the body is read. Not for callers on this machine, as above.
  public var requestsPerAddress = RequestRate(burst: 2000, perMinute: 1200)
  public var strangersPerAddress = RequestRate(burst: 60, perMinute: 30)
  /// Requests of one verified node. A first sync at full speed needs about ten a second.
  public var requestsPerNode = RequestRate(burst: 3000, perMinute: 1200)
  /// Addresses, and nodes, that are remembered for these.
  public var rememberedAskers = 4096
  /// Requests of verified nodes that are read and processed at once; more are told to come again.
  public var concurrentRequests = 6
  /// Those of one node among them: a node asks one thing at a time, and again when its line broke. Without this one
  /// member that lets its requests drip keeps all others out.
  public var concurrentRequestsPerNode = 2
  /// The same for requests whose sender is not verified before the body is read: joining and unknown nodes. Counted
  /// apart, so that strangers cannot keep members out.
  public var concurrentStrangers = 4
  /// Those of one address among them. Not for callers on this machine.
  public var concurrentStrangersPerAddress = 2
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
