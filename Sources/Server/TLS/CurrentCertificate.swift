import Synchronization

/// The certificate that new connections get. It may change while the server runs; open connections are not affected.
public final class CurrentCertificate: Sendable {
  private let certificate: Mutex<ServerCertificate>

  /// Starts with `certificate`.
  public init(_ certificate: ServerCertificate) { self.certificate = Mutex(certificate) }

  /// The certificate for the next connection.
  public var value: ServerCertificate { certificate.withLock { $0 } }

  /// Replaces the certificate.
  public func use(_ new: ServerCertificate) { certificate.withLock { $0 = new } }
}
