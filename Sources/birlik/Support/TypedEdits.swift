import Node
import Store
import SyncCore

/// Edits that were typed and are not in the log yet.
enum TypedEdits {
  /// Adds them to the log first, so that an answer includes them; that needs no network. Whoever may not do that is told how
  /// many edits the answer lacks.
  static func include(in store: Store) throws {
    guard store.identity.keyProblem == nil else { return try noteMissing(in: store) }
    do {
      let report = try store.seal()
      for note in try store.notes(on: report.typed).words(atMost: 10) { StandardError.printNote(note) }
      guard report.refused > 0 else { return }
      StandardError.printNote("\(Words.count(report.refused, "edit")) cannot be used; `birlik status` lists them")
    } catch let error as StoreError where error.code == .notPermitted {
      try noteMissing(in: store)
    } catch let error as StoreError where error.code == .busy || error.code == .full {
      StandardError.printNote("what was just typed is not in this answer: \(error.detail)")
    }
  }

  /// Says how many edits an answer lacks for whoever may not add them to the log.
  private static func noteMissing(in store: Store) throws {
    let unsealed = try store.status().unsealed
    guard unsealed > 0 else { return }
    StandardError.printNote(
      "\(Words.count(unsealed, "edit")) typed here \(unsealed == 1 ? "is" : "are") not in this answer yet: this user may "
        + "not add \(unsealed == 1 ? "it" : "them") to the log, which the service does")
  }
}
