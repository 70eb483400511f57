import Crypto
import SyncCore
import Wire

/// Who the node is: what a process needs to seal and to sign.
public struct Identity: Sendable {
  /// The node's private key; from a file of its own, never from the database.
  public let key: Curve25519.Signing.PrivateKey
  public let card: NodeCard
  /// The 32 bytes of headquarters' public key, by which every card is checked.
  public let headquarters: [UInt8]

  public init(key: Curve25519.Signing.PrivateKey, card: NodeCard, headquarters: [UInt8]) {
    self.key = key
    self.card = card
    self.headquarters = headquarters
  }

  public var node: NodeID { card.id }
  public var role: NodeRole { card.role }
  public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }
}
