import Store
import SyncCore

/// Whom headquarters knows to hold what it said in the log at some time, and whom not.
struct AnnouncementReach {
  /// Names that a sentence lists before it only counts.
  private static let listed = 5

  struct Unaware: Equatable {
    var name: String
    /// Whether it never had an exchange, under this key or an earlier one.
    var isNew: Bool
  }

  /// How many nodes are to hear of it.
  let count: Int
  /// Those of which it is not known that they have, by name.
  let unaware: [Unaware]

  /// Nodes in good standing are to hear of it, headquarters excepted. A revoked one is answered nothing anyway, and one
  /// whose key was renewed has its successor, to which what the earlier key heard belongs as well.
  ///
  /// A node that joined and never had an exchange counts as one that did not hear: its invitation may be older than the
  /// announcement.
  ///
  /// - Parameter saidAt: when it was sealed, in milliseconds since 1970, by headquarters' clock.
  init(_ nodes: [NodeView], saidAt: Int64) {
    var earlier: [NodeID: [NodeView]] = [:]
    for view in nodes {
      if let successor = view.statement?.successor { earlier[successor, default: []].append(view) }
    }
    let listeners = nodes.filter { $0.statement == nil && !$0.role.isHeadquarters }
    count = listeners.count
    unaware = listeners.compactMap { view in
      let contacts = Self.lives(of: view, earlier).compactMap(\.contact)
      // Whoever still lacked something then may have lacked this.
      let hasHeard = contacts.contains { $0.at > saidAt && $0.lag == 0 }
      return hasHeard ? nil : Unaware(name: view.name, isNew: contacts.isEmpty)
    }
  }

  /// A node under its key of today and all earlier ones.
  private static func lives(of view: NodeView, _ earlier: [NodeID: [NodeView]]) -> [NodeView] {
    var lives = [view]
    var (seen, next) = (Set([view.node]), 0)
    // What a hostile log bends into a ring ends as well.
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
