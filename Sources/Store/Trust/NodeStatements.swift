import SyncCore

/// What headquarters said of nodes that may seal no more, kept in memory until something is sealed or absorbed that could
/// change it.
final class NodeStatements {
  private let records: SystemRecords
  private let directory: Directory
  private let pending: PendingEffects
  private var known: [NodeID: NodeStatement]?

  init(_ records: SystemRecords, _ directory: Directory, _ pending: PendingEffects) {
    self.records = records
    self.directory = directory
    self.pending = pending
  }

  /// The statements by the node that they are about.
  func all() throws -> [NodeID: NodeStatement] {
    if let known { return known }
    let channel = directory.headquartersChannel
    var found: [NodeID: NodeStatement] = [:]
    for record in try records.all(SystemKind.node, where: { $0 == channel }) {
      guard let statement = NodeStatement(record) else { continue }
      found[statement.node] = statement
    }
    known = found
    return found
  }

  /// Lets what was read go: it may be of a transaction that was rolled back, or another process changed it.
  func forget() { known = nil }

  /// To be called when a record of a system's kind was sealed or absorbed.
  func forgetBecauseOfChange() {
    known = nil
    pending.changeWhatOthersRemember()
  }

  /// The ids of a node under the keys that it had before.
  func earlier(than node: NodeID) throws -> Set<NodeID> {
    let statements = try all().values
    var found: Set<NodeID> = []
    var next = [node]
    while let node = next.popLast() {
      // A hostile log may bend the successors into a ring, which ends here as well.
      next += statements.filter { $0.successor == node && found.insert($0.node).inserted }.map(\.node)
    }
    return found
  }

  /// Under which id a node goes on now: its own, or that of its latest key.
  func latest(of node: NodeID) throws -> NodeID {
    let statements = try all()
    var latest = node
    var passed: Set<NodeID> = []
    // As above.
    while passed.insert(latest).inserted, let next = statements[latest]?.successor { latest = next }
    return latest
  }
}
