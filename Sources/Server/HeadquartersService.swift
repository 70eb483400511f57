import SyncCore
import Wire

/// What headquarters does with requests; the server only carries them.
public protocol HeadquartersService: Sendable {
  /// The 32 bytes of a node's Ed25519 key; nil when the node is unknown or revoked.
  func publicKey(of node: NodeID) async -> [UInt8]?

  /// The key of a node that is not known yet, from a card in `body` that headquarters signed; nil without such a card
  /// and for a revoked node.
  ///
  /// Called before the signature of the request is verified: it must not change anything.
  func enrol(_ body: [UInt8], node: NodeID) async -> [UInt8]?

  /// One exchange of a node whose signature was verified.
  func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// A page of a snapshot for a node whose signature was verified.
  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// The key of a node that may renew it: as `publicKey`, and of one that was replaced under a new key already.
  func renewablePublicKey(of node: NodeID) async -> [UInt8]?

  /// A node goes on under another key; its old one signed the request.
  func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// A node had its exchange answered.
  ///
  /// - Parameter agent: the program by its own word.
  func met(_ node: NodeID, agent: String?) async

  /// Somebody wants to join. Nothing is verified; the invitation is inside the body.
  func join(_ body: [UInt8]) async -> ServiceAnswer

  /// Public and unsigned; JSON.
  func health() async -> ServiceAnswer

  /// Milliseconds since 1970.
  func now() -> Int64

  /// Who signs the answers: headquarters.
  func signer() async -> MessageSigner
}

extension HeadquartersService {
  /// Headquarters that have no snapshots answer as to any path that they do not know.
  public func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { .denied }

  /// Nor do they renew keys.
  public func renewablePublicKey(of node: NodeID) async -> [UInt8]? { await publicKey(of: node) }
  public func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { .denied }

  public func met(_ node: NodeID, agent: String?) async {}
}
