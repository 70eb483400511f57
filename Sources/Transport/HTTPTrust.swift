/// By what a server is known that answers over TLS.
///
/// A key is named by its pin: `sha256//` and the base64 of the SHA-256 of the public key (SubjectPublicKeyInfo, DER).
public enum HTTPTrust: Equatable, Sendable {
  /// An authority that this machine trusts vouches for the certificate and the name in it.
  case authorities
  /// The server has one of these keys; whoever signed the certificate, for whatever name and time, does not matter.
  case keys([String])
  /// Both.
  case keysAndAuthorities([String])

  var pins: [String] {
    switch self {
    case .authorities: []
    case .keys(let pins), .keysAndAuthorities(let pins): pins
    }
  }

  /// Whether libcurl is to check the certificate. Never left out without a pin that decides in its place.
  var checksCertificate: Bool {
    if case .keys(let pins) = self { pins.isEmpty } else { true }
  }
}
