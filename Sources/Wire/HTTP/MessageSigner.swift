import Crypto
import SyncCore

/// A node that signs messages, with its key.
public struct MessageSigner: Sendable {
  /// The node's id, which names its key.
  public let keyID: NodeID
  private let privateKey: Curve25519.Signing.PrivateKey

  /// - Parameters:
  ///   - keyID: the node's id.
  ///   - privateKey: the node's key.
  public init(keyID: NodeID, privateKey: Curve25519.Signing.PrivateKey) {
    self.keyID = keyID
    self.privateKey = privateKey
  }

  func signature(over base: String, operation: String) throws(MessageSignatureError) -> [UInt8] {
    do {
      return Array(try privateKey.signature(for: Array(base.utf8)))
    } catch {
      throw MessageSignatureError(.malformed, operation, hint: "The node's private key cannot sign; restore it.")
    }
  }
}
