import Store
import SyncCore
import Synchronization

/// Notes when nodes were last met, but an uneventful exchange no more than once a minute: it is not worth a durable commit.
final class Contacts: Sendable {
  static let restMilliseconds: Int64 = 60_000
  /// How long a program's own word on itself may be, in bytes.
  static let agentBytes = 64

  private struct Facts {
    var at: Int64 = 0
    var catalogVersion = 0
    var lag: Int64 = 0
  }

  private struct Known {
    var facts: [NodeID: Facts] = [:]
    /// What was written last, with the lag that was seen since.
    var noted: [NodeID: NodeContact] = [:]
  }

  private let known = Mutex(Known())

  /// Remembers what an exchange told, until it is answered.
  ///
  /// - Parameter at: a time before it was looked up what the node lacks: what is sealed later it cannot have heard.
  func saw(_ node: NodeID, at: Int64, catalogVersion: Int, lag: Int64) {
    known.withLock { $0.facts[node] = Facts(at: at, catalogVersion: catalogVersion, lag: max(0, lag)) }
  }

  /// Notes that the exchange was answered.
  func note(_ node: NodeID, agent: String?, in store: Store) throws {
    // Whoever it is says this of itself, so only plain characters are kept.
    let words = String(
      decoding: (agent ?? "").utf8.filter { (33...126).contains($0) }.prefix(Self.agentBytes), as: UTF8.self)
    let contact = known.withLock { known -> NodeContact? in
      guard let facts = known.facts.removeValue(forKey: node), !Program.isRehearsing(agent) else {
        return nil
      }
      let contact = NodeContact(
        at: facts.at, agent: words, catalogVersion: facts.catalogVersion, lag: facts.lag)
      if let last = known.noted[node], last.agent == contact.agent, last.catalogVersion == contact.catalogVersion,
        (0..<Self.restMilliseconds).contains(facts.at &- last.at)
      {
        // That it lacks something is not worth a commit of its own: the end of its sync is noted, as another lag than this.
        if contact.lag > 0 { known.noted[node]?.lag = contact.lag }
        if contact.lag > 0 || last.lag == 0 { return nil }
      }
      known.noted[node] = contact
      return contact
    }
    if let contact { try store.record(contact, of: node) }
  }
}
