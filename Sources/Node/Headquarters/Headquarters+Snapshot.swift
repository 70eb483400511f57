import Logging
import Server
import Store
import SyncCore
import Wire

extension Headquarters {
  /// Answers with a snapshot of heads, from which a new node starts.
  func snapshot(_ body: [UInt8], from node: NodeID) async -> ServiceAnswer {
    do {
      let answer = try await offload { try snapshot(try SnapshotRequest(bytes: body), from: node) }
      return ServiceAnswer(body: answer.bytes)
    } catch {
      return answer(to: error)
    }
  }

  private func snapshot(_ request: SnapshotRequest, from node: NodeID) throws -> SnapshotAnswer {
    guard let role = try store.card(of: node).map({ try store.role(of: $0) }) else {
      throw WireError(.malformed, "sending a snapshot", "its sender is not known here")
    }
    let limit = min(Store.BatchLimit.standard.bytes, request.answerLimit / 2)
    if request.name != .zero,
      let (manifest, pages) = try store.snapshotPages(request.name, from: request.first, limit: limit),
      manifest.federation.sameBytes(as: role.federation)
    {
      return SnapshotAnswer(now: SystemClock.now(), pages: pages)
    }
    let offer = try snapshots.enter { try store.offerSnapshot(to: role, insists: request.insists) }
    guard let offer, let (_, pages) = try store.snapshotPages(offer.name, from: 0, limit: limit) else {
      return SnapshotAnswer(now: SystemClock.now())
    }
    logger.info(
      "sends a snapshot",
      metadata: ["node": "\(node.hex)", "bytes": "\(offer.size)", "pages": "\(offer.pages.count)"])
    return SnapshotAnswer(now: SystemClock.now(), manifest: offer.bytes, pages: pages)
  }
}
