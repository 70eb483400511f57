import SyncCore
import Wire

extension Store {
  /// What headquarters said of a node that may seal no more; nil for one in good standing.
  public func statement(on node: NodeID) throws -> NodeStatement? { try read { try $0.statements.all()[node] } }

  /// The ids of a node under the keys that it had before.
  public func earlier(than node: NodeID) throws -> Set<NodeID> { try read { try $0.statements.earlier(than: node) } }

  public func nodeStatements() throws -> [NodeStatement] {
    try read { try $0.statements.all().values.sorted { $0.node < $1.node } }
  }

  /// Takes a node's right away, from now on and for everybody.
  ///
  /// - Throws: `StoreError` with code `notPermitted` anywhere else than at headquarters, and for headquarters itself;
  ///   `invalid` for a node that goes on under another key.
  public func revoke(_ node: NodeID, reason: String, now: Int64 = SystemClock.now()) throws -> NodeStatement {
    try state(about: node, now: now) { transaction, at in
      NodeStatement(node: node, state: .revoked, at: at, tips: transaction.log.tips(of: node), reason: reason)
    }
  }

  func state(
    about node: NodeID, now: Int64, _ statement: (Transaction, _ at: Int64) throws -> NodeStatement
  ) throws -> NodeStatement {
    let operation = "stopping a node"
    guard identity.role.isHeadquarters else {
      throw StoreError(.notPermitted, operation, "only headquarters does that", hint: "ask headquarters")
    }
    guard node != NodeCard.id(of: identity.headquarters), node != identity.node else {
      throw StoreError(.notPermitted, operation, "headquarters cannot stop itself")
    }
    return try write { transaction in
      guard let channel = transaction.directory.headquartersChannel else {
        throw StoreError(.damaged, operation, "the card of headquarters is missing")
      }
      let statements = transaction.statements
      if let known = try statements.all()[node] {
        let latest = try statements.latest(of: node)
        guard try statements.all()[latest] != nil else {
          throw StoreError(
            .invalid, operation, "the node goes on under another key, and so under another id",
            hint: "name it by that: \(latest.hex.prefix(12))")
        }
        return known
      }
      let made = try statement(transaction, now)
      try Sealer(transaction, wall: now).sealAll { sealer in
        try sealer.seal(SystemKind.node, key: RecordKey(node.hex), in: channel, at: now, made.values)
      }
      return made
    }
  }
}
