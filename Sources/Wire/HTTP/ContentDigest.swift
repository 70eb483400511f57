import Crypto

/// The `Content-Digest` header of RFC 9530 with SHA-256, the only algorithm that Birlik speaks.
public enum ContentDigest {
  private static let algorithm = "sha-256"

  /// The header's value for `body`: `sha-256=:` base64 `:`.
  public static func header(for body: [UInt8]) -> String {
    algorithm + "=" + StructuredField.value(SHA256.hash(data: body))
  }

  /// The 32 bytes in a header's value; nil unless it is exactly one SHA-256 digest.
  public static func bytes(inHeader value: String) -> [UInt8]? {
    StructuredField.bytes(algorithm, of: value, count: SHA256.byteCount)
  }
}
