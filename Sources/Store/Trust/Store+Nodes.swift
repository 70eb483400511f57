import SyncCore
import Wire

/// When and as what a node last had an exchange with headquarters.
public struct NodeContact: Sendable, Equatable {
  /// In milliseconds since 1970, by headquarters' clock.
  public var at: Int64
  /// The program and its version by its own word, such as `birlik/1.0`; empty where it did not say.
  public var agent: String
  public var catalogVersion: Int
  /// How many changes the node lacked as it asked; those that the answer brought are among them.
  public var lag: Int64

  public init(at: Int64, agent: String, catalogVersion: Int, lag: Int64) {
    self.at = at
    self.agent = agent
    self.catalogVersion = catalogVersion
    self.lag = lag
  }
}

/// One node as it is known here.
public struct NodeView: Sendable, Equatable {
  public var node: NodeID
  /// What people call it, such as `ftuu/Samarkand`.
  public var name: String
  public var role: NodeRole
  /// When headquarters signed its card, in milliseconds since 1970.
  public var since: Int64
  /// Nil for one that never had an exchange, and anywhere else than at headquarters.
  public var contact: NodeContact?
  /// Nil for a node in good standing.
  public var statement: NodeStatement?
}

extension Store {
  /// Every node of which a card is held, by name.
  public func nodes() throws -> [NodeView] {
    try read { transaction in
      let statements = try transaction.statements.all()
      let contacts = try transaction.directory.contacts()
      let views = transaction.directory.cards.values.map { card in
        NodeView(
          node: card.id, name: card.name, role: card.role, since: card.issuedAt, contact: contacts[card.id],
          statement: statements[card.id])
      }
      return views.sorted { a, b in
        a.name.sameBytes(as: b.name) ? a.node < b.node : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
      }
    }
  }

  /// The node that a person means by its name, or by the beginning of its id.
  ///
  /// - Throws: `StoreError` with code `unknown` for none and for several.
  public func node(called text: String) throws -> NodeView {
    let all = try nodes()
    let active = all.filter { $0.statement == nil && $0.name.sameBytes(as: text) }
    let byID = text.utf8.count >= 4 ? all.filter { $0.node.hex.hasPrefix(text.lowercased()) } : []
    let found = active.isEmpty ? byID.isEmpty ? all.filter { $0.name.sameBytes(as: text) } : byID : active
    guard let only = found.first, found.count == 1 else {
      throw StoreError(
        .unknown, "looking up the node",
        found.isEmpty ? "there is no node '\(text)'" : "'\(text)' is not one node alone",
        hint: "`birlik nodes` lists names and ids; the first digits of an id will do")
    }
    return only
  }

  /// Records that a node had an exchange.
  public func record(_ contact: NodeContact, of node: NodeID) throws {
    try write { try $0.directory.save(contact, of: node) }
  }
}
