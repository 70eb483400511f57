import Logging
import Server
import Store
import SyncCore
import Wire

/// What headquarters does about its nodes' keys and contacts.
extension Headquarters {
  func renewablePublicKey(of node: NodeID) async throws -> [UInt8]? {
    try await lookUp { try store.statement(on: node)?.state == .revoked ? nil : store.card(of: node)?.publicKey }
  }

  func renewKey(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    do {
      let renewal = try KeyRenewal(bytes: body)
      guard NodeCard.id(of: renewal.oldKey) == node else { return Self.notRenewed }
      let card = try await offload {
        try store.replace(renewal) { card in
          try NodeCard.issue(
            publicKey: renewal.newKey, role: card.role, name: card.name, at: SystemClock.now(), by: store.identity.key)
        }
      }
      guard let card else { return Self.notRenewed }
      logger.notice("a node renewed its key", metadata: ["name": "\(card.name)", "node": "\(card.id.hex)"])
      return ServiceAnswer(body: card.bytes)
    } catch {
      return answer(to: error)
    }
  }

  private static let notRenewed = ServiceAnswer.error(
    status: 403, code: "not_renewed", message: "Headquarters does not accept this key.",
    hint: "The node may have been revoked, or may have another key already: ask headquarters.")

  func recordContact(_ node: NodeID, agent: String?) async {
    do {
      try await offload { try contacts.record(node, agent: agent, in: store) }
    } catch {
      // The next exchange records it.
      logger.debug("a contact could not be recorded", metadata: ["reason": "\(error)"])
    }
  }
}
