import Crypto
import Limits
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// The certificate and the key with which the server proves over TLS that it is headquarters' server.
public struct ServerCertificate: Sendable {
  /// SHA-256 of the public key (SubjectPublicKeyInfo, DER): 32 bytes by which nodes recognize the server.
  public let pin: [UInt8]
  /// As it was read, in PEM.
  public let certificate: [UInt8]
  let context: NIOSSLContext

  /// Reads a certificate and its key.
  ///
  /// - Parameters:
  ///   - certificate: in PEM: the server's own certificate, then those that lead to an authority.
  ///   - key: its private key in PEM, without a password.
  /// - Throws: `ServerError` with code `certificate` when they cannot be read or do not belong together.
  public init(certificate: [UInt8], key: [UInt8]) throws(ServerError) {
    let chain = try Self.chain(certificate)
    guard let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
      throw Self.error("the key is no private key in PEM without a password")
    }
    pin = try Self.pin(ofCertificate: certificate)
    self.certificate = certificate
    do {
      context = try NIOSSLContext(configuration: Self.configuration(chain, privateKey))
    } catch {
      throw Self.error("the key does not belong to the certificate, or is of a kind that TLS does not use")
    }
  }

  /// The pin of the first certificate of a PEM text.
  ///
  /// - Throws: `ServerError` with code `certificate` when it holds none.
  public static func pin(ofCertificate pem: [UInt8]) throws(ServerError) -> [UInt8] {
    guard let first = try chain(pem).first, let publicKey = try? first.extractPublicKey().toSPKIBytes() else {
      throw error("the certificate holds no key that can be read")
    }
    return Array(SHA256.hash(data: publicKey))
  }

  /// Whether the first certificate of a PEM text was signed with its own key and not by an authority.
  public static func isSelfSigned(_ pem: [UInt8]) -> Bool {
    guard let first = try? chain(pem).first, let bytes = try? first.toDERBytes(),
      let certificate = try? Certificate(derEncoded: bytes)
    else { return false }
    return certificate.issuer == certificate.subject
      && certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
  }

  private static func chain(_ pem: [UInt8]) throws(ServerError) -> [NIOSSLCertificate] {
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(pem), !chain.isEmpty else {
      throw error("there is no certificate in PEM")
    }
    return chain
  }

  private static func configuration(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    // For TLS 1.2 only ciphers with forward secrecy; 1.3 has no others.
    configuration.cipherSuiteValues = [
      .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    configuration.applicationProtocols = ["http/1.1"]
    configuration.shutdownTimeout = .seconds(ServerLimits.tlsCloseSeconds)
    return configuration
  }

  private static func error(_ detail: String) -> ServerError {
    ServerError(
      code: .certificate, operation: "reading the server's certificate and key",
      hint: "name a certificate and its key in PEM with tls_certificate and tls_key", detail: detail)
  }
}
