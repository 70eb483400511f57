import Crypto
import Foundation
import Glibc
import SwiftASN1
import X509

/// A key of headquarters' server with a certificate that it signs for itself.
///
/// Nodes check only the pin of the key, so the names and the dates in the certificate are for other programs. It is valid
/// for a hundred years, so that it need not be renewed.
public struct SelfSigned: Sendable {
  private static let validDays = 36_500.0

  /// In PEM.
  public let certificate: [UInt8]
  /// In PEM.
  public let key: [UInt8]

  /// Makes a P-256 key and its certificate.
  ///
  /// - Parameters:
  ///   - hosts: names and addresses of the server; those of this machine to itself are always added.
  ///   - pem: an existing key for the certificate; nil makes a new one.
  /// - Throws: `ServerError` when the certificate cannot be made, or `pem` holds no such key.
  public init(hosts: [String], key pem: [UInt8]? = nil) throws(ServerError) {
    do {
      let key =
        try pem.map { try .init(pemRepresentation: String(decoding: $0, as: UTF8.self)) } ?? P256.Signing.PrivateKey()
      let name = try DistinguishedName { CommonName("Birlik headquarters") }
      let extensions = try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(Self.names(hosts))
      }
      let now = Date()
      let certificate = try Certificate(
        version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
        // A node's clock may be a little behind.
        notValidBefore: now - 86_400, notValidAfter: now + Self.validDays * 86_400, issuer: name, subject: name,
        signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: .init(key))
      self.certificate = Array((try certificate.serializeAsPEM().pemString + "\n").utf8)
      self.key = Array((key.pemRepresentation + "\n").utf8)
    } catch {
      throw ServerError(
        code: .certificate, operation: "making the server's certificate", hint: "report it with this sentence",
        detail: "\(error)")
    }
  }

  private static func names(_ hosts: [String]) -> [GeneralName] {
    var seen: Set<String> = []
    return (["localhost", "127.0.0.1", "::1"] + hosts).compactMap { host in
      let host = host.lowercased()
      // No client connects to these.
      guard !["", "0.0.0.0", "::", "*"].contains(host), seen.insert(host).inserted else { return nil }
      if let address = address(host) { return .ipAddress(ASN1OctetString(contentBytes: address[...])) }
      return host.utf8.allSatisfy { $0 > 32 && $0 < 127 } ? .dnsName(host) : nil
    }
  }

  /// The bytes of an IPv4 or IPv6 address; nil for a name.
  private static func address(_ host: String) -> [UInt8]? {
    for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: size)
      if inet_pton(family, host, &bytes) == 1 { return bytes }
    }
    return nil
  }
}
