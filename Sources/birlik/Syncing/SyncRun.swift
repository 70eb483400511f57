import Node
import Store
import SyncCore

/// One sync, its progress on the terminal, and its outcome for people and scripts.
enum SyncRun {
  static func sync(_ node: LocalNode) async throws -> SyncReport {
    let line = SyncProgressLine()
    defer { line.clear() }
    return try await node.sync { line.show($0) }
  }

  /// - Parameter inbox: how many edits of this node have news in the inbox.
  static func json(_ report: SyncReport, inbox: Int, _ clock: ClockReading) -> JSON {
    [
      "outcome": .string(report.outcome.rawValue), "rounds": .number(report.rounds), "sent": json(report.sent),
      "received": json(report.received),
      "deleted": ["sent": .number(report.deleted.sent), "received": .number(report.deleted.received)],
      "held": .number(report.held), "conflicts_opened": .number(report.conflictsOpened), "inbox": .number(inbox),
      "clock": ClockJSON.reading(clock),
      "refusals": .strings(report.refusals), "notices": .strings(report.notices),
      "cannot_give": .strings(report.cannotGive),
      "snapshot": report.snapshot.map {
        ["records": .number($0.records), "bytes": .number($0.bytes), "changes_not_kept": .integer($0.changes)]
      } ?? .null,
    ]
  }

  private static func json(_ amount: SyncReport.Amount) -> JSON {
    ["changes": .number(amount.changes), "bytes": .number(amount.bytes)]
  }

  /// What is printed beside the outcome, on standard error.
  static func notes(_ report: SyncReport) -> [String] {
    report.refusals + report.notices
      + (report.cannotGive.isEmpty ? [] : [Self.cannotGive(report.cannotGive.joined(separator: "; "))])
  }

  /// Says that headquarters lost what this node no longer keeps.
  static func cannotGive(_ parts: String) -> String {
    "headquarters lost changes that this node no longer keeps: \(parts). A member that keeps the whole log gives them back "
      + "at its next sync; else restore a backup of headquarters"
  }

  /// Says that edits wait for a person; nil where none does.
  static func held(_ count: Int) -> String? {
    guard count > 0 else { return nil }
    return "Edits of \(Words.count(count, "record")) are not sent until you confirm them: see `birlik held`."
  }

  /// The outcome in one line.
  static func words(_ report: SyncReport) -> String {
    let moved = [("sent", report.sent), ("received", report.received)].filter { $0.1.changes > 0 }
      .map { "\($0.0) \(Words.count($0.1.changes, "change")) (\(Words.bytes($0.1.bytes)))" }
    var words = moved.isEmpty ? "nothing new" : moved.joined(separator: ", ")
    for (count, whose) in [(report.deleted.sent, "here"), (report.deleted.received, "by others")] where count > 0 {
      words += ", \(Words.count(count, "record")) deleted \(whose)"
    }
    if let snapshot = report.snapshot {
      words =
        "started from a snapshot of \(Words.count(snapshot.records, "record")) (\(Words.bytes(snapshot.bytes))); \(words)"
    }
    if report.conflictsOpened > 0 {
      words += ", \(Words.count(report.conflictsOpened, "conflict")) opened: see `birlik conflicts`"
    }
    switch report.outcome {
    case .even: return "In sync with headquarters: \(words)."
    case .partial: return "Not yet in sync with headquarters: \(words). Run `birlik sync` again."
    }
  }
}

/// Shows how far a sync has got. One task at a time calls it, from any thread.
final class SyncProgressLine: Sendable {
  private let line = Guarded(ProgressLine())

  func show(_ progress: SyncProgress) {
    line.use { line in
      line.show {
        var words = "sent \(Words.grouped(progress.sentChanges))"
        if progress.toSend > 0 { words += ", \(Words.grouped(progress.toSend)) to go" }
        return words + "; received \(Words.grouped(progress.receivedChanges))"
      }
    }
  }

  func clear() { line.use { $0.clear() } }
}
