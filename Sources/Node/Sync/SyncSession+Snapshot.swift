import Store
import SyncCore
import Wire

/// Whether a new node begins from a snapshot of heads.
public enum SnapshotUse: Sendable {
  /// Where headquarters finds that the log is much longer.
  case whereShorter
  case always
  /// Fetch the whole log, so that the node can give all of it back should headquarters lose it.
  case never
}

/// How a new node begins: from a snapshot where that is much shorter than the log.
extension SyncSession {
  /// Fetches what is missing of a snapshot and installs it. Each page is stored as it comes, so that a sync that is cut
  /// off is continued by the next one.
  mutating func beginFromSnapshot() async throws {
    let store = store
    guard try await offload({ try store.wantsSnapshot() }) else { return }
    guard snapshotUse != .never else { return try await offload { try store.declineSnapshot() } }
    do {
      guard try await fetchSnapshot() else { return try await offload { try store.declineSnapshot() } }
      let taken = try await offload { try store.installSnapshot() }
      report.snapshot = taken
      report.conflictsOpened += taken.conflictsOpened
      report.received.bytes += taken.bytes
    } catch let error as NodeError where error.code == .denied {
      // An older headquarters has no snapshots.
      try await offload { try store.declineSnapshot() }
    } catch let error as WireError {
      try await refuseSnapshot(error.detail)
    } catch let error as StoreError where [.damaged, .notPermitted, .missing].contains(error.code) {
      try await refuseSnapshot(error.detail)
    }
  }

  private mutating func refuseSnapshot(_ detail: String) async throws {
    let store = store
    try await offload { try store.declineSnapshot() }
    report.notices.append(
      "the snapshot of headquarters was not taken, because \(detail); the whole log is fetched in its place")
  }

  /// - Returns: false when headquarters finds the log shorter.
  private mutating func fetchSnapshot() async throws -> Bool {
    let store = store
    var pending = try await offload { try store.pendingSnapshot() }
    while pending == nil || pending?.missing != nil {
      let request = SnapshotRequest(
        name: pending?.manifest.name ?? .zero, first: pending?.missing ?? 0, answerLimit: snapshotAnswerBytes,
        insists: snapshotUse == .always)
      let answer = try await ask(request)
      let first = answer.manifest == nil ? request.first : 0
      if let bytes = answer.manifest {
        let manifest = try SnapshotManifest(bytes: bytes, signedBy: store.identity.headquarters)
        try await offload { try store.beginSnapshot(manifest) }
      }
      guard let current = try await offload({ try store.pendingSnapshot() })?.manifest,
        answer.manifest != nil || !answer.pages.isEmpty
      else { return false }
      for (number, page) in answer.pages.enumerated() {
        try await offload { try store.storePage(page, number: first + number, of: current) }
      }
      let next = try await offload { try store.pendingSnapshot() }
      guard next != pending else {
        throw StoreError(.damaged, "fetching a snapshot", "headquarters does not send all of its pages")
      }
      pending = next
    }
    return true
  }

  private mutating func ask(_ request: SnapshotRequest) async throws -> SnapshotAnswer {
    let store = store
    let offset = try await offload { try store.clockOffset() }
    return try SnapshotAnswer(
      bytes: try await client.post("/v1/snapshot", offset: offset) { limit in
        var request = request
        request.answerLimit = min(request.answerLimit, limit)
        return request.bytes
      })
  }
}
