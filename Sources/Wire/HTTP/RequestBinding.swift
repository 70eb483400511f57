import HTTPTypes

/// The parts of a request that its response's signature covers.
///
/// Of a request that was not signed (joining) these are the method, the path and the digest.
public struct RequestBinding: Equatable, Sendable {
  var components: [MessageSignature.Component]

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
