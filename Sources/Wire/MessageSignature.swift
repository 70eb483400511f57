import Crypto
import HTTPTypes
import Limits
import RawStructuredFieldValues
import SyncCore

/// Why a message could not be signed, or its signature not verified.
public struct MessageSignatureError: Error, Equatable, Sendable {
  public enum Code: String, Sendable {
    /// A header that the signature needs is missing, or occurs twice.
    case missing
    /// A header differs from Birlik's spelling, or the message has a method or path that cannot be signed.
    case malformed
    /// No node with this key identifier is known.
    case unknownSigner
    /// The signature is not the signer's, or the body is not the one that was signed.
    case forged
    /// The signature is the signer's, but its time is too far from here.
    case clock
  }

  public var code: Code
  /// What was being done, such as "verify request".
  public var operation: String
  /// What the operator can do next.
  public var hint: String

  init(_ code: Code, _ operation: String, hint: String? = nil) {
    self.code = code
    self.operation = operation
    self.hint = hint ?? Self.hint(for: code)
  }

  private static func hint(for code: Code) -> String {
    switch code {
    case .missing, .malformed: "The other side does not speak Birlik's protocol, or a proxy changed the headers."
    case .unknownSigner: "Join headquarters again with a new invitation."
    case .forged: "Something between the two sides changed the message, or it was signed with another key."
    case .clock: "Set the clock of this machine."
    }
  }
}

/// A node that signs messages, with its key.
public struct MessageSigner: Sendable {
  /// The node's id, which names its key.
  public let keyID: NodeID
  private let privateKey: Curve25519.Signing.PrivateKey

  public init(keyID: NodeID, privateKey: Curve25519.Signing.PrivateKey) {
    self.keyID = keyID
    self.privateKey = privateKey
  }

  fileprivate func signature(over base: String, operation: String) throws(MessageSignatureError) -> [UInt8] {
    do {
      return Array(try privateKey.signature(for: Array(base.utf8)))
    } catch {
      throw MessageSignatureError(.malformed, operation, hint: "The node's private key cannot sign; restore it.")
    }
  }
}

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

  fileprivate static func coveredList(_ components: [Component]) -> String {
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
  fileprivate static func value(
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
  fileprivate static func number(_ text: some StringProtocol, digits: Int) -> Int64? {
    guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int64(text)
  }

  fileprivate static func isMethod(_ method: String) -> Bool {
    (1...WireLimits.signatureMethodBytes).contains(method.utf8.count)
      && method.utf8.allSatisfy { (65...90).contains($0) }
  }

  /// A query is refused because `@path` does not cover it.
  fileprivate static func isPath(_ path: String) -> Bool {
    path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= WireLimits.signaturePathBytes
      && path.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }
}

/// The parts of a request that its response's signature covers.
///
/// Of a request that was not signed (joining) these are the method, the path and the digest.
public struct RequestBinding: Equatable, Sendable {
  fileprivate var components: [MessageSignature.Component]

  public static func == (a: Self, b: Self) -> Bool {
    a.components.elementsEqual(b.components) { $0.identifier == $1.identifier && $0.value == $1.value }
  }

  /// Never fails: a part of a hostile request that is not well formed is left out.
  public init(method: String, path: String, headers: HTTPFields) {
    components = []
    if MessageSignature.isMethod(method) { components.append(("\"@method\";req", method)) }
    if MessageSignature.isPath(path) { components.append(("\"@path\";req", path)) }
    let operation = "bind response"
    if let digest = try? MessageSignature.value(of: .contentDigest, in: headers, operation),
      ContentDigest.bytes(inHeader: digest) != nil
    {
      components.append(("\"content-digest\";req", digest))
    }
    if let signature = try? SignatureClaim.signature(in: headers, operation) {
      let identifier = "\"signature\";req;key=\"\(MessageSignature.label)\""
      components.append((identifier, StructuredField.value(signature)))
    }
  }
}

/// Who signed a request and when, as its headers claim before anything is verified.
public struct RequestClaim: Sendable {
  private static let operation = "verify request"
  private let signature: SignatureClaim
  private let digest: String

  /// The node that claims to have signed.
  public var keyID: NodeID { signature.keyID }

  /// Reads the headers of a request.
  ///
  /// - Throws: `missing` or `malformed` for headers that differ from Birlik's spelling.
  public init(method: String, path: String, headers: HTTPFields) throws(MessageSignatureError) {
    digest = try MessageSignature.value(of: .contentDigest, in: headers, Self.operation)
    guard MessageSignature.isMethod(method), MessageSignature.isPath(path),
      ContentDigest.bytes(inHeader: digest) != nil
    else { throw MessageSignatureError(.malformed, Self.operation) }
    signature = try SignatureClaim(
      components: MessageSignature.requestComponents(method: method, path: path, digest: digest),
      headers: headers, operation: Self.operation)
  }

  /// Checks who signed.
  ///
  /// - Throws: `forged` unless the owner of `publicKey` (32 bytes) signed these headers.
  public func verifySignature(publicKey: [UInt8]) throws(MessageSignatureError) {
    try signature.verify(publicKey: publicKey, Self.operation)
  }

  /// Checks the body.
  ///
  /// - Throws: `forged` unless `body` is the one that was signed.
  public func verify(body: [UInt8]) throws(MessageSignatureError) {
    guard digest == ContentDigest.header(for: body) else { throw MessageSignatureError(.forged, Self.operation) }
  }

  /// Checks the time. To be called last, so that only the node itself learns that its clock differs.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - tolerance: seconds, in both directions.
  /// - Throws: `clock` when the signature is from another time.
  public func verifyTime(
    now: Int64, tolerance: Int64 = WireLimits.clockToleranceSeconds
  ) throws(MessageSignatureError) {
    // `created` has at most 15 digits and `now` was divided by a thousand: the difference cannot overflow.
    guard (now / 1000 - signature.created).magnitude <= tolerance.magnitude else {
      throw MessageSignatureError(.clock, Self.operation)
    }
  }
}

/// The two signature headers, read strictly against the components that they must cover.
private struct SignatureClaim: Sendable {
  let keyID: NodeID
  /// Seconds since 1970.
  let created: Int64
  private let base: String
  private let signature: [UInt8]

  init(
    components: [MessageSignature.Component], headers: HTTPFields, operation: String
  ) throws(MessageSignatureError) {
    let input = try MessageSignature.value(of: .signatureInput, in: headers, operation)
    let covered = MessageSignature.label + "=" + MessageSignature.coveredList(components)
    signature = try Self.signature(in: headers, operation)
    guard input.hasPrefix(covered),
      case .innerList(let list)? = StructuredField.member(MessageSignature.label, of: input),
      let (created, keyID) = Self.values(of: list.rfc9651Parameters)
    else { throw MessageSignatureError(.malformed, operation) }
    self.created = created
    self.keyID = keyID
    base = MessageSignature.signatureBase(
      components, parameters: String(input.dropFirst(MessageSignature.label.count + 1)))
  }

  func verify(publicKey: [UInt8], _ operation: String) throws(MessageSignatureError) {
    guard Signature.isValid(signature, of: Array(base.utf8), by: publicKey) else {
      throw MessageSignatureError(.forged, operation)
    }
  }

  static func signature(in headers: HTTPFields, _ operation: String) throws(MessageSignatureError) -> [UInt8] {
    let value = try MessageSignature.value(of: .signature, in: headers, operation)
    guard let bytes = StructuredField.bytes(MessageSignature.label, of: value, count: Signature.byteCount) else {
      throw MessageSignatureError(.malformed, operation)
    }
    return bytes
  }

  /// The values of `created`, `keyid` and `alg`, which may come in any order; nil where one is missing or there is more.
  private static func values(of parameters: OrderedMap<String, RFC9651BareItem>) -> (created: Int64, keyID: NodeID)? {
    guard parameters.count == 3, case .string("ed25519")? = parameters["alg"],
      case .integer(let created)? = parameters["created"], created >= 0,
      case .string(let hex)? = parameters["keyid"], let keyID = NodeID(hex: hex)
    else { return nil }
    return (created, keyID)
  }
}
