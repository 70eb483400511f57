import Store
import SyncCore

/// Which nodes hold something that headquarters announced in the log at some time, as far as headquarters knows.
struct AnnouncementReach {
  /// How many names a sentence lists before it only counts the rest.
  private static let listed = 5

  struct Unaware: Equatable {
    var name: String
    /// Whether it never had an exchange, neither under this key nor under an earlier one.
    var isNew: Bool
  }

  /// How many nodes need to know it.
  let count: Int
  /// The nodes that may not know it, by name.
  let unaware: [Unaware]

  /// Every valid node except headquarters needs to know it. A revoked node gets no answers anyway. A node whose key was
  /// renewed is counted under its latest key, together with what it received under earlier ones.
  ///
  /// A node that joined and never had an exchange counts as one that does not know: its invitation may be older than the
  /// announcement.
  ///
  /// - Parameter saidAt: when the announcement was sealed, in milliseconds since 1970, by headquarters' clock.
  init(_ nodes: [NodeView], saidAt: Int64) {
    var earlier: [NodeID: [NodeView]] = [:]
    for view in nodes {
      if let successor = view.statement?.successor { earlier[successor, default: []].append(view) }
    }
    let listeners = nodes.filter { $0.statement == nil && !$0.role.isHeadquarters }
    count = listeners.count
    unaware = listeners.compactMap { view in
      let contacts = Self.lives(of: view, earlier).compactMap(\.contact)
      // A node that still lacked something then may have lacked this.
      let hasHeard = contacts.contains { $0.at > saidAt && $0.lag == 0 }
      return hasHeard ? nil : Unaware(name: view.name, isNew: contacts.isEmpty)
    }
  }

  /// A node under its present key and all earlier ones.
  private static func lives(of view: NodeView, _ earlier: [NodeID: [NodeView]]) -> [NodeView] {
    var lives = [view]
    var (seen, next) = (Set([view.node]), 0)
    // Ends even if a hostile log makes the successors a ring.
    while next < lives.count {
      lives += (earlier[lives[next].node] ?? []).filter { seen.insert($0.node).inserted }
      next += 1
    }
    return lives
  }

  /// The first names and how many more there are.
  var names: String {
    let first = unaware.prefix(Self.listed).map { $0.name + ($0.isNew ? " (never)" : "") }.joined(separator: ", ")
    let rest = unaware.count - Self.listed
    return rest > 0 ? "\(first) and \(rest) more" : first
  }

  /// As in "2 of 7 nodes have not synced".
  var amount: String {
    "\(unaware.count) of \(count) \(count == 1 ? "node" : "nodes") \(unaware.count == 1 ? "has" : "have") not synced"
  }
}
