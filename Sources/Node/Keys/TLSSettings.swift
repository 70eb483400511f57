/// What settings and options say about the TLS of headquarters' server; nil where they say nothing.
public struct TLSSettings: Equatable, Sendable {
  /// False for plain HTTP on this machine, behind a web server that speaks TLS.
  public var isOn: Bool?
  /// Files in PEM, in place of those that `birlik init` made.
  public var certificate: String?
  public var key: String?

  public init(isOn: Bool? = nil, certificate: String? = nil, key: String? = nil) {
    self.isOn = isOn
    self.certificate = certificate
    self.key = key
  }
}
