import HTTPTypes

extension HTTPField.Name {
  /// SHA-256 of the body (RFC 9530).
  public static let contentDigest = constant("content-digest")
  /// What a message's signature covers (RFC 9421).
  public static let signatureInput = constant("signature-input")
  /// A message's signature (RFC 9421).
  public static let signature = constant("signature")
  /// Milliseconds since 1970 at which a response was signed.
  public static let birlikTime = constant("birlik-time")

  /// The version of headquarters' catalog, sent where the node that asks follows a later one: headquarters lost it.
  public static let birlikCatalog = constant("birlik-catalog")

  private static func constant(_ name: String) -> Self {
    guard let name = Self(name) else { preconditionFailure("\(name) is no name of a header") }
    return name
  }
}
