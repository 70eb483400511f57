import Crypto

/// Ed25519 signatures.
enum Signature {
  /// Bytes of a signature, and of a public key.
  static let byteCount = 64
  static let keyByteCount = 32

  /// Whether the owner of a public key (32 bytes) signed the bytes; false for what is no key or no signature.
  static func isValid(_ signature: [UInt8], of bytes: [UInt8], by publicKey: [UInt8]) -> Bool {
    // Bytes that are no key cannot have signed anything.
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: bytes)
  }
}
