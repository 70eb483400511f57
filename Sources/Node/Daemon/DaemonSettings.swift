/// How the daemon runs.
public struct DaemonSettings: Sendable {
  /// The address to listen on, such as `127.0.0.1:8650`; headquarters only. Nil for the one in the database.
  public var listen: String?
  /// Seconds between scheduled syncs; federations only.
  public var intervalSeconds: Int
  /// How its server speaks TLS; headquarters only.
  public var tls: TLSSettings

  public init(listen: String? = nil, intervalSeconds: Int = 300, tls: TLSSettings = TLSSettings()) {
    self.listen = listen
    self.intervalSeconds = intervalSeconds
    self.tls = tls
  }
}
