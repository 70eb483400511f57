import Synchronization

/// The certificate that new connections are shown. It may change while the server runs; connections that stand go on.
public final class CurrentCertificate: Sendable {
  private let certificate: Mutex<ServerCertificate>

  public init(_ certificate: ServerCertificate) { self.certificate = Mutex(certificate) }

  public var value: ServerCertificate { certificate.withLock { $0 } }

  public func use(_ new: ServerCertificate) { certificate.withLock { $0 = new } }
}
