import Crypto
import SyncCore
import Wire

/// Who the node is: what a process needs to seal and to sign.
public struct Identity: Sendable {
  /// A node's private key, or why this process does not have it.
  public typealias Key = Result<Curve25519.Signing.PrivateKey, any Error>

  private let heldKey: Key
  public let card: NodeCard
  /// The 32 bytes of headquarters' public key, by which every card is checked.
  public let headquarters: [UInt8]

  public init(key: Curve25519.Signing.PrivateKey, card: NodeCard, headquarters: [UInt8]) {
    self.init(.success(key), card: card, headquarters: headquarters)
  }

  /// - Parameter key: a failure for whoever may use the file without the key: everything works but what seals or signs.
  init(_ key: Key, card: NodeCard, headquarters: [UInt8]) {
    heldKey = key
    self.card = card
    self.headquarters = headquarters
  }

  /// The node's private key; from a file of its own, never from the database.
  ///
  /// - Throws: why this process does not have it.
  public var key: Curve25519.Signing.PrivateKey { get throws { try heldKey.get() } }

  /// Why this process can neither seal nor sign; nil where it can.
  public var keyProblem: (any Error)? {
    if case .failure(let problem) = heldKey { problem } else { nil }
  }

  public var node: NodeID { card.id }
  public var role: NodeRole { card.role }
  public var publicKey: [UInt8] { card.publicKey }
}
