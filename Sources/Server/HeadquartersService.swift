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

  /// A piece of a snapshot for a node whose signature was verified.
  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

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
}
