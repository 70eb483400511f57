import SyncCore
import Wire

/// What headquarters does with requests. The server verifies who sent them and calls this.
public protocol HeadquartersService: Sendable {
  /// The 32 bytes of a node's Ed25519 key; nil when the node is unknown or revoked. What cannot be looked up now throws:
  /// the node is asked to come again, and is not told that it is unknown.
  func publicKey(of node: NodeID) async throws -> [UInt8]?

  /// The key of a node that is not known yet, from a card in `body` that headquarters signed; nil without such a card
  /// and for a revoked node.
  ///
  /// Called before the signature of the request is verified: it must not change anything.
  func enrol(_ body: [UInt8], node: NodeID) async throws -> [UInt8]?

  /// One exchange of a node whose signature was verified.
  func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// A page of a snapshot for a node whose signature was verified.
  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// Takes back a catalog that headquarters signed and lost.
  func restoreCatalog(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// The key of a node that may renew it: as `publicKey`, and also of one that was replaced under a new key already.
  func renewablePublicKey(of node: NodeID) async throws -> [UInt8]?

  /// Renews the key of a node whose old key signed the request.
  func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer

  /// Called when the exchange of a node was answered.
  ///
  /// - Parameter agent: the `User-Agent` of the request.
  func recordContact(_ node: NodeID, agent: String?) async

  /// Answers a request to join. Nothing of it is verified; the body holds the invitation's token.
  func join(_ body: [UInt8]) async -> ServiceAnswer

  /// The state of the server as JSON, public and unsigned.
  func health() async -> ServiceAnswer

  /// Milliseconds since 1970.
  func now() -> Int64

  /// Who signs the answers: headquarters.
  func signer() async -> MessageSigner
}

extension HeadquartersService {
  /// Without snapshots the answer is that of an unknown path.
  public func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { .denied }

  /// Where nothing is taken back, the answer is that of an unknown path.
  public func restoreCatalog(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { .denied }

  /// Without renewal there are no other keys.
  public func renewablePublicKey(of node: NodeID) async throws -> [UInt8]? { try await publicKey(of: node) }
  /// Without renewal the answer is that of an unknown path.
  public func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { .denied }

  /// Does nothing.
  public func recordContact(_ node: NodeID, agent: String?) async {}
}
