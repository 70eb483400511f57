import HTTPTypes
import Limits
import SyncCore

/// Who signed a request and when, as its headers claim before anything is verified.
public struct RequestClaim: Sendable {
  private static let operation = "verify request"
  private let signature: SignatureClaim
  private let digest: String

  /// The node that claims to have signed.
  public var keyID: NodeID { signature.keyID }

  /// The SHA-256 of the body that was signed.
  public var bodyDigest: Digest? { ContentDigest.bytes(inHeader: digest).flatMap { Digest(bytes: $0) } }

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
