import Settings
import Store
import SyncCore

/// What a sync does where old bodies are not kept.
extension SyncSession {
  /// Notes what headquarters lacks and cannot be given back.
  mutating func note(_ unkept: [Store.Unkept]) async throws {
    report.cannotGive = unkept.map { part in
      let changes = part.first == part.last ? "change \(part.first)" : "changes \(part.first) to \(part.last)"
      return "\(changes) of \(part.node) in \(part.channel)"
    }
    guard !unkept.isEmpty, prunedEnds.isEmpty else { return }
    // It may hold them all the same and only show another branch. Asked for the ends, it says so.
    let (store, role) = (store, role)
    prunedEnds = try await offload { try store.prunedEnds(visibleTo: role) }
  }

  /// Drops what the settings do not keep, of what headquarters showed to hold in this sync.
  func dropOldBodies(_ held: [FrontierEntry]) async throws {
    guard report.outcome == .even else { return }
    let (store, keepLog) = (store, keepLog)
    try await offload {
      let now = SystemClock.now() &+ (try store.clockOffset())
      guard let cutoff = keepLog.cutoff(now: now) else { return }
      try store.dropBodies(sealedBefore: cutoff, heldBy: held)
    }
  }
}
