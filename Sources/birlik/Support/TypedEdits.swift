import Node
import Store
import SyncCore

/// What was typed a moment ago and is not sealed yet.
enum TypedEdits {
  /// Makes an answer tell of what was just typed where that is possible: headquarters seals first. Elsewhere sealing
  /// waits for the sync, which compares the clocks, and a note says how much is missing.
  static func include(in store: Store) throws {
    guard store.identity.role.isHeadquarters else {
      let unsealed = try store.status().unsealed
      guard unsealed > 0 else { return }
      return StandardError.note(
        "\(Words.count(unsealed, "edit")) \(unsealed == 1 ? "is" : "are") not sealed yet and not in this answer; "
          + "`birlik sync` seals")
    }
    do {
      let report = try store.seal()
      guard report.refused > 0 else { return }
      StandardError.note("\(Words.count(report.refused, "edit")) cannot be taken; `birlik status` lists them")
    } catch let error as StoreError where error.code == .busy || error.code == .full {
      StandardError.note("what was just typed is not in this answer: \(error.detail)")
    }
  }
}
