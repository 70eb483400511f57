import Crypto
import Foundation
import Server
import Store
import SyncCore
import Transport
import Wire

extension LocalNode {
  /// Joins headquarters with an invitation: makes a key and a database with the catalog.
  ///
  /// The records come with the first sync. The key is written before headquarters is asked: if the answer is lost, the next
  /// call uses the same key, and headquarters answers it a second time. A call with the invitation that made the database
  /// opens it: the one before may have been cut before it could say so.
  ///
  /// - Parameter waiting: how long each call waits for a busy headquarters, and for another program that holds the file.
  public static func join(
    invitation line: String, database given: String, waiting: Duration = .zero
  ) async throws -> LocalNode {
    let database = DatabasePath.resolved(given)
    let invitation = try Invitation(line: line)
    let operation = "joining headquarters"
    let token = SyncCore.Digest(sha256: invitation.token)
    guard !FileManager.default.fileExists(atPath: database) else {
      if let node = await offload({ made(database, with: token) }) { return node }
      throw StoreError(
        .invalid, operation, "\(database) exists already", hint: "name another file, or move that one away first")
    }
    let file = KeyFile(beside: database)
    let (key, isNew) = try await offload {
      if file.exists { return (try KeyFile.find(beside: database).read(), false) }
      let key = Curve25519.Signing.PrivateKey()
      try file.write(key)
      return (key, true)
    }
    do {
      return try await join(invitation, as: key, database: database, waiting: waiting, operation)
    } catch {
      if isNew, wasRefused(error) { file.remove() }
      throw error
    }
  }

  /// The node whose database a call with an invitation made; nil for any other file, and for one that cannot be read: the
  /// caller then says that the file is in the way.
  private static func made(_ database: String, with token: SyncCore.Digest) -> LocalNode? {
    guard let node = try? LocalNode.open(database: database), let own = try? node.store.ownInvitation() else {
      return nil
    }
    return own == token ? node : nil
  }

  /// Whether headquarters certainly does not know the new key.
  private static func wasRefused(_ error: any Error) -> Bool {
    if let error = error as? NodeError { return error.code == .denied }
    guard let error = error as? TransportError else { return false }
    return [.unreachable, .refusedInsecure, .tls, .wrongKey, .invalidRequest].contains(error.code)
  }

  private static func join(
    _ invitation: Invitation, as key: Curve25519.Signing.PrivateKey, database: String, waiting: Duration,
    _ operation: String
  ) async throws -> LocalNode {
    let publicKey = Array(key.publicKey.rawRepresentation)
    let client = HeadquartersClient(
      url: invitation.url, trust: invitation.trust, headquarters: invitation.headquarters, signer: nil,
      waiting: waiting)
    let before = SystemClock.now()
    let body: [UInt8]
    do {
      body = try await client.post("/v1/join", JoinRequest(token: invitation.token, publicKey: publicKey).bytes)
    } catch var error as TransportError where error.code == .wrongKey {
      error.message = "Headquarters' server shows another key than the invitation names, so nothing was sent."
      error.hint = "Ask headquarters for a new invitation; if headquarters changed nothing, somebody is in between."
      throw error
    }
    let after = SystemClock.now()
    let answer = try JoinAnswer(bytes: body)
    let card = try NodeCard(bytes: answer.card, signedBy: invitation.headquarters)
    guard card.publicKey == publicKey else {
      throw NodeError(.data, operation, "headquarters answered for another node", hint: "ask for a new invitation")
    }
    var beginning = Store.Beginning(
      identity: Identity(key: key, card: card, headquarters: invitation.headquarters),
      headquartersCard: try NodeCard(bytes: answer.headquartersCard, signedBy: invitation.headquarters),
      catalog: try PublishedCatalog(bytes: answer.catalog, signedBy: invitation.headquarters),
      upstream: invitation.url, offset: answer.now &- (before / 2 &+ after / 2))
    beginning.trust = invitation.trust
    beginning.invitation = SyncCore.Digest(sha256: invitation.token)
    return try await offload { [beginning] in try makeDatabase(database, beginning, waiting: waiting) }
  }
}
