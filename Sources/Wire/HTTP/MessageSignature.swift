import HTTPTypes
import Limits
import SyncCore

/// HTTP Message Signatures (RFC 9421) with Ed25519, in the one profile that Birlik uses.
///
/// A request is signed over its method, path and `Content-Digest` (RFC 9530). A response is signed over its status,
/// digest and `Birlik-Time`, and bound to its request by covering the request's method, path, digest and signature.
/// Everything has one spelling, and any other is refused.
public enum MessageSignature {
  /// The label of the signature in both headers.
  public static let label = "birlik"

  /// Signs a request.
  ///
  /// - Parameters:
  ///   - method: upper case, such as `POST`.
  ///   - path: begins with `/`, without a query.
  ///   - created: milliseconds since 1970; the signature carries whole seconds.
  /// - Returns: the three headers to send along.
  /// - Throws: `malformed` for a method or path that cannot be signed.
  public static func sign(
    method: String, path: String, body: [UInt8], created: Int64, signer: MessageSigner
  ) throws(MessageSignatureError) -> HTTPFields {
    let operation = "sign request"
    let digest = ContentDigest.header(for: body)
    guard isMethod(method), isPath(path) else { throw MessageSignatureError(.malformed, operation) }
    let components = requestComponents(method: method, path: path, digest: digest)
    let parameters = try self.parameters(components, time: created, keyID: signer.keyID, operation: operation)
    let signature = try signer.signature(
      over: signatureBase(components, parameters: parameters), operation: operation)
    return signed([.contentDigest: digest], parameters: parameters, signature: signature)
  }

  /// Signs a response.
  ///
  /// - Parameters:
  ///   - time: milliseconds since 1970, sent along in `Birlik-Time`.
  ///   - request: what the client sent.
  /// - Returns: the four headers to send along.
  public static func sign(
    status: Int, body: [UInt8], time: Int64, answering request: RequestBinding, signer: MessageSigner
  ) throws(MessageSignatureError) -> HTTPFields {
    let operation = "sign response"
    guard time >= 0 else { throw MessageSignatureError(.malformed, operation) }
    let digest = ContentDigest.header(for: body)
    let components = responseComponents(status: status, digest: digest, time: String(time), request: request)
    let parameters = try self.parameters(components, time: time, keyID: signer.keyID, operation: operation)
    let signature = try signer.signature(
      over: signatureBase(components, parameters: parameters), operation: operation)
    return signed([.contentDigest: digest, .birlikTime: String(time)], parameters: parameters, signature: signature)
  }

  /// Verifies a response. Its time is not checked: the binding to the request shows that it is fresh, and it may be the
  /// client's clock that is wrong.
  ///
  /// - Parameters:
  ///   - request: the request as this side sent it.
  ///   - keyID: who must have signed.
  ///   - publicKey: the 32 bytes of that node's key.
  /// - Returns: the signer's time, milliseconds since 1970.
  public static func verify(
    status: Int, headers: HTTPFields, body: [UInt8], answering request: RequestBinding, keyID: NodeID,
    publicKey: [UInt8]
  ) throws(MessageSignatureError) -> Int64 {
    let operation = "verify response"
    let digest = try value(of: .contentDigest, in: headers, operation)
    let time = try value(of: .birlikTime, in: headers, operation)
    guard ContentDigest.bytes(inHeader: digest) != nil, let milliseconds = number(time, digits: 15) else {
      throw MessageSignatureError(.malformed, operation)
    }
    let components = responseComponents(status: status, digest: digest, time: time, request: request)
    let claim = try SignatureClaim(components: components, headers: headers, operation: operation)
    guard claim.keyID == keyID else { throw MessageSignatureError(.unknownSigner, operation) }
    try claim.verify(publicKey: publicKey, operation)
    guard digest == ContentDigest.header(for: body) else { throw MessageSignatureError(.forged, operation) }
    return milliseconds
  }

  // MARK: The signature base

  /// A component identifier as RFC 9421 writes it, quotes and parameters included, and its value.
  typealias Component = (identifier: String, value: String)

  /// The text that is signed (RFC 9421, 2.5). The caller checks that no value holds a line feed.
  static func signatureBase(_ components: [Component], parameters: String) -> String {
    var lines = ""
    for component in components { lines += component.identifier + ": " + component.value + "\n" }
    return lines + "\"@signature-params\": " + parameters
  }

  static func requestComponents(method: String, path: String, digest: String) -> [Component] {
    [("\"@method\"", method), ("\"@path\"", path), ("\"content-digest\"", digest)]
  }

  private static func responseComponents(
    status: Int, digest: String, time: String, request: RequestBinding
  ) -> [Component] {
    [("\"@status\"", String(status)), ("\"content-digest\"", digest), ("\"birlik-time\"", time)] + request.components
  }

  static func coveredList(_ components: [Component]) -> String {
    "(" + components.map(\.identifier).joined(separator: " ") + ")"
  }

  private static func parameters(
    _ components: [Component], time: Int64, keyID: NodeID, operation: String
  ) throws(MessageSignatureError) -> String {
    guard time >= 0 else { throw MessageSignatureError(.malformed, operation) }
    return coveredList(components) + ";created=\(time / 1000);keyid=\"\(keyID.hex)\";alg=\"ed25519\""
  }

  private static func signed(_ headers: HTTPFields, parameters: String, signature: [UInt8]) -> HTTPFields {
    var headers = headers
    headers[.signatureInput] = label + "=" + parameters
    headers[.signature] = label + "=" + StructuredField.value(signature)
    return headers
  }

  // MARK: Reading

  /// The value of a header that must occur exactly once, in printable ASCII and no longer than a valid one can be.
  static func value(
    of name: HTTPField.Name, in headers: HTTPFields, _ operation: String
  ) throws(MessageSignatureError) -> String {
    let values = headers[values: name]
    guard let value = values.first, values.count == 1 else { throw MessageSignatureError(.missing, operation) }
    guard value.utf8.count <= WireLimits.signatureHeaderBytes, value.utf8.allSatisfy({ (32...126).contains($0) }) else {
      throw MessageSignatureError(.malformed, operation)
    }
    return value
  }

  /// A number of 1 to `digits` digits without a sign.
  static func number(_ text: some StringProtocol, digits: Int) -> Int64? {
    guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int64(text)
  }

  static func isMethod(_ method: String) -> Bool {
    (1...WireLimits.signatureMethodBytes).contains(method.utf8.count)
      && method.utf8.allSatisfy { (65...90).contains($0) }
  }

  /// A query is refused because `@path` does not cover it.
  static func isPath(_ path: String) -> Bool {
    path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= WireLimits.signaturePathBytes
      && path.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }
}
