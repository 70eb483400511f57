import SyncCore
import Wire

/// An invitation as it is kept: only the hash of its secret, which is its key.
struct StoredInvitation {
  var federation: String
  var name: String
  /// In milliseconds since 1970.
  var expiresAt: Int64
  var isUsed: Bool
}

extension Directory {
  // MARK: Contacts

  /// When and as what each node last had an exchange with headquarters.
  func contacts() throws -> [NodeID: NodeContact] {
    let select = try connection.prepared("SELECT node, at, agent, catalog, lag FROM birlik_contact")
    var found: [NodeID: NodeContact] = [:]
    while try select.step() {
      guard let node = NodeID(bytes: select.bytes(0)) else { continue }
      found[node] = NodeContact(
        at: select.int64(1), agent: select.string(2), catalogVersion: select.int(3), lag: select.int64(4))
    }
    return found
  }

  func save(_ contact: NodeContact, of node: NodeID) throws {
    let statement = try connection.prepared(
      "INSERT OR REPLACE INTO birlik_contact(node, at, agent, catalog, lag) VALUES(?1, ?2, ?3, ?4, ?5)")
    statement.bind(1, blob: node.bytes)
    statement.bind(2, contact.at)
    statement.bind(3, text: contact.agent)
    statement.bind(4, contact.catalogVersion)
    statement.bind(5, contact.lag)
    try statement.step()
  }

  // MARK: Invitations

  func addInvitation(token: Digest, federation: String, name: String, expiresAt: Int64) throws {
    let statement = try connection.prepared(
      "INSERT INTO birlik_invitation(token, federation, name, expires_at) VALUES(?1, ?2, ?3, ?4)")
    statement.bind(1, blob: token.bytes)
    statement.bind(2, text: federation)
    statement.bind(3, text: name)
    statement.bind(4, expiresAt)
    try statement.step()
  }

  func invitation(_ token: Digest) throws -> StoredInvitation? {
    let find = try connection.prepared(
      "SELECT federation, name, expires_at, used_at IS NOT NULL FROM birlik_invitation WHERE token=?1")
    find.bind(1, blob: token.bytes)
    guard try find.step() else { return nil }
    defer { find.reset() }
    return StoredInvitation(
      federation: find.string(0), name: find.string(1), expiresAt: find.int64(2), isUsed: find.int(3) == 1)
  }

  func markUsed(_ token: Digest, at time: Int64) throws {
    let use = try connection.prepared("UPDATE birlik_invitation SET used_at=?2 WHERE token=?1")
    use.bind(1, blob: token.bytes)
    use.bind(2, time)
    try use.step()
  }

  // MARK: Receipts

  /// The bytes of every receipt, the earliest first.
  func storedReceipts() throws -> [[UInt8]] {
    let select = try connection.prepared("SELECT receipt FROM birlik_receipt ORDER BY at")
    var receipts: [[UInt8]] = []
    while try select.step() { receipts.append(select.bytes(0)) }
    return receipts
  }

  /// Adds a receipt, later than all others.
  func add(_ receipt: Receipt, now: Int64) throws {
    let latest = try connection.prepared("SELECT coalesce(max(at), 0) FROM birlik_receipt")
    let last = try latest.step() ? latest.int64(0) : 0
    latest.reset()
    let insert = try connection.prepared("INSERT OR REPLACE INTO birlik_receipt(at, receipt) VALUES(?1, ?2)")
    insert.bind(1, max(now, last &+ 1))
    insert.bind(2, blob: receipt.bytes)
    try insert.step()
  }

  /// Deletes earlier receipts: the latest stay each, of those before the last of each day and of each month.
  func thinReceipts(latest: Int, days: Int) throws {
    let thin = try connection.prepared(
      """
      DELETE FROM birlik_receipt WHERE at NOT IN (SELECT at FROM birlik_receipt ORDER BY at DESC LIMIT ?1)
        AND at NOT IN (SELECT max(at) FROM birlik_receipt GROUP BY at/86400000 ORDER BY 1 DESC LIMIT ?2)
        AND at NOT IN (SELECT max(at) FROM birlik_receipt GROUP BY at/2629746000)
      """)
    thin.bind(1, latest)
    thin.bind(2, days)
    try thin.step()
  }
}
