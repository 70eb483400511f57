import HTTPTypes
import RawStructuredFieldValues
import SyncCore

/// The two signature headers, read strictly against the components that they must cover.
struct SignatureClaim: Sendable {
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
