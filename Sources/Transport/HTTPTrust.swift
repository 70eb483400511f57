/// How a client recognizes a server that answers over TLS.
///
/// A pin identifies a key: `sha256//` and the base64 of the SHA-256 of the public key (SubjectPublicKeyInfo, DER).
public enum HTTPTrust: Equatable, Sendable {
  /// An authority that this machine trusts signed the certificate, for the server's name.
  case authorities
  /// The server has one of these keys; the signer, the name and the dates of the certificate do not matter.
  case keys([String])
  /// Both.
  case keysAndAuthorities([String])

  var pins: [String] {
    switch self {
    case .authorities: []
    case .keys(let pins), .keysAndAuthorities(let pins): pins
    }
  }

  /// Whether libcurl checks the certificate. It does unless there is a pin to check instead.
  var checksCertificate: Bool {
    if case .keys(let pins) = self { pins.isEmpty } else { true }
  }
}
