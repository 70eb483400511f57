import Server
import SyncCore
import Wire

/// Headquarters that does as another one but for what a test changes; without snapshots and renewals unless it passes
/// them on itself.
protocol PassingOn: HeadquartersService {
  var inner: any HeadquartersService { get }
}

extension PassingOn {
  func publicKey(of node: NodeID) async throws -> [UInt8]? { try await inner.publicKey(of: node) }
  func enrol(_ body: [UInt8], node: NodeID) async throws -> [UInt8]? { try await inner.enrol(body, node: node) }
  func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer { await inner.exchange(body, from: node) }
  func recordContact(_ node: NodeID, agent: String?) async { await inner.recordContact(node, agent: agent) }
  func join(_ body: [UInt8]) async -> ServiceAnswer { await inner.join(body) }
  func health() async -> ServiceAnswer { await inner.health() }
  func now() -> Int64 { inner.now() }
  func signer() async -> MessageSigner { await inner.signer() }
}
