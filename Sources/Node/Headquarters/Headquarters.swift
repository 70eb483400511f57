import Logging
import Server
import Store
import SyncCore
import Wire

/// What headquarters does with requests.
struct Headquarters: HeadquartersService {
  let store: Store
  let logger: Logger
  let snapshots = SnapshotDesk()
  let contacts = Contacts()
  private let answerSigner: MessageSigner

  /// - Throws: why this process does not have headquarters' key.
  init(_ store: Store, logger: Logger) throws {
    self.store = store
    self.logger = logger
    answerSigner = try MessageSigner(keyID: store.identity.node, privateKey: store.identity.key)
  }

  func publicKey(of node: NodeID) async throws -> [UInt8]? {
    try await lookUp { try store.statement(on: node) == nil ? store.card(of: node)?.publicKey : nil }
  }

  func enrol(_ body: [UInt8], node: NodeID) async throws -> [UInt8]? {
    // A request without a card that headquarters signed may come from anybody and is no error.
    guard let bytes = ExchangeRequest.card(inRequest: body),
      let card = try? NodeCard(bytes: bytes, signedBy: store.identity.headquarters), card.id == node
    else { return nil }
    return try await lookUp { try store.statement(on: node) == nil ? card.publicKey : nil }
  }

  /// Looks up a key. If that fails, nobody is let in, and the node is asked to come again.
  func lookUp(_ key: @escaping @Sendable () throws -> [UInt8]?) async throws -> [UInt8]? {
    do {
      return try await offload(key)
    } catch {
      logger.error("a node could not be looked up", metadata: ["reason": "\(error)"])
      throw error
    }
  }

  func now() -> Int64 { SystemClock.now() }

  func signer() async -> MessageSigner { answerSigner }

  func health() async -> ServiceAnswer {
    do {
      let version = try await offload { try store.catalog().version }
      return ServiceAnswer(["status": "ok", "role": "headquarters", "catalog": .number(version)])
    } catch {
      return answer(to: error)
    }
  }

  // MARK: Joining

  func join(_ body: [UInt8]) async -> ServiceAnswer {
    do {
      let request = try JoinRequest(bytes: body)
      let card = try await offload {
        try store.useInvitation(token: request.token, publicKey: request.publicKey, now: SystemClock.now()) {
          federation, name in
          try NodeCard.issue(
            publicKey: request.publicKey,
            role: NodeRole(
              isHeadquarters: federation.sameBytes(as: store.identity.role.federation), federation: federation),
            name: name, at: SystemClock.now(), by: store.identity.key)
        }
      }
      guard let card else {
        return .error(
          status: 403, code: "bad_invitation", message: "The invitation is used, expired or unknown.",
          hint: "Ask headquarters for a new one.")
      }
      logger.info("a node joined", metadata: ["name": "\(card.name)", "node": "\(card.id.hex)"])
      let catalog = try await offload { try store.publishedCatalog() }
      return ServiceAnswer(
        body: JoinAnswer(
          card: card.bytes, headquartersCard: store.identity.card.bytes, catalog: catalog.bytes, now: SystemClock.now()
        ).bytes)
    } catch {
      return answer(to: error)
    }
  }

  // MARK: Exchange

  func exchange(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    do {
      return try await offload { try exchange(try ExchangeRequest(bytes: body), from: node) }
    } catch {
      return answer(to: error)
    }
  }

  private func exchange(_ request: ExchangeRequest, from node: NodeID) throws -> ServiceAnswer {
    let lookedAt = SystemClock.now()
    let reply = try store.answer(request, from: node)
    let absorbed = reply.absorbed
    if absorbed.segments > 0 || !absorbed.refusals.isEmpty {
      logger.info(
        "absorbed",
        metadata: [
          "node": "\(node.hex)", "segments": "\(absorbed.segments)", "changes": "\(absorbed.changes)",
          "refused": "\(absorbed.refusals.count)",
        ])
    }
    if reply.showsRestoration {
      logger.warning("this database was restored or copied; it goes on under a new identity and nothing is lost")
    }
    if let lag = reply.lag {
      contacts.recordExchange(node, at: lookedAt, catalogVersion: request.catalogVersion, lag: lag)
    }
    var answer = reply.answer
    answer.now = SystemClock.now()
    var service = ServiceAnswer(body: answer.bytes)
    if reply.lacksCatalog { service.laggingCatalog = try store.catalog().version }
    return service
  }

  func answer(to error: any Error) -> ServiceAnswer {
    switch error {
    case let error as WireError:
      return .error(
        status: error.code == .tooLarge ? 413 : 400, code: error.code.rawValue,
        message: "The request cannot be read: \(error.detail).",
        hint: "The sender may be another program or another version.")
    case let error as StoreError where error.code == .full:
      logger.error("the disk is full: members cannot send anything", metadata: ["reason": "\(error)"])
      return .diskFull
    case let error as StoreError where error.code == .busy || error.needsRestart:
      logger.warning("the database cannot be used now", metadata: ["reason": "\(error)"])
      return .busy()
    default:
      logger.error("a request failed", metadata: ["reason": "\(error)"])
      return .failed
    }
  }
}
