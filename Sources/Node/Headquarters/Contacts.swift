import Store
import SyncCore
import Synchronization

/// Records the last exchange of each node. An uneventful one is recorded at most once a minute, because it is not worth a
/// durable commit.
final class Contacts: Sendable {
  static let restMilliseconds: Int64 = 60_000
  /// How long the name may be that a program gives itself, in bytes.
  static let agentBytes = 64

  private struct Facts {
    var at: Int64 = 0
    var catalogVersion = 0
    var lag: Int64 = 0
  }

  private struct Known {
    var facts: [NodeID: Facts] = [:]
    /// What was written last, with the lag seen since.
    var recorded: [NodeID: NodeContact] = [:]
  }

  private let known = Mutex(Known())

  /// Remembers what an exchange showed, until it is answered.
  ///
  /// - Parameter at: a time before the lag was computed: the node cannot hold anything that is sealed later.
  func recordExchange(_ node: NodeID, at: Int64, catalogVersion: Int, lag: Int64) {
    known.withLock { $0.facts[node] = Facts(at: at, catalogVersion: catalogVersion, lag: max(0, lag)) }
  }

  /// Records that the exchange was answered.
  func record(_ node: NodeID, agent: String?, in store: Store) throws {
    // The node chose this text, so only plain characters are kept.
    let name = String(
      decoding: (agent ?? "").utf8.filter { (33...126).contains($0) }.prefix(Self.agentBytes), as: UTF8.self)
    let contact = known.withLock { known -> NodeContact? in
      guard let facts = known.facts.removeValue(forKey: node), !Program.isDryRun(agent: agent) else {
        return nil
      }
      let contact = NodeContact(
        at: facts.at, agent: name, catalogVersion: facts.catalogVersion, lag: facts.lag)
      if let last = known.recorded[node], last.agent == contact.agent, last.catalogVersion == contact.catalogVersion,
        (0..<Self.restMilliseconds).contains(facts.at &- last.at)
      {
        // That it still lacks something is not worth a commit: the end of its sync is recorded, because its lag differs.
        if contact.lag > 0 { known.recorded[node]?.lag = contact.lag }
        if contact.lag > 0 || last.lag == 0 { return nil }
      }
      known.recorded[node] = contact
      return contact
    }
    if let contact { try store.record(contact, of: node) }
  }
}
