import Node
import Store
import SyncCore

/// One sync with its progress on the terminal and its outcome in words.
enum SyncRun {
  static func sync(_ node: LocalNode) async throws -> SyncReport {
    let line = SyncProgressLine()
    defer { line.clear() }
    return try await node.sync { line.show($0) }
  }

  /// - Parameter inbox: how many edits of this node there is news of.
  static func json(_ report: SyncReport, inbox: Int, _ clock: ClockReading) -> JSON {
    [
      "outcome": .string(report.outcome.rawValue), "rounds": .number(report.rounds), "sent": json(report.sent),
      "received": json(report.received), "conflicts_opened": .number(report.conflictsOpened), "inbox": .number(inbox),
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

  /// What is said beside the outcome.
  static func notes(_ report: SyncReport) -> [String] {
    report.refusals + report.notices
      + (report.cannotGive.isEmpty ? [] : [Self.cannotGive(report.cannotGive.joined(separator: "; "))])
  }

  /// That headquarters lost what this node cannot give back.
  static func cannotGive(_ parts: String) -> String {
    "headquarters lacks what is not kept in the log here: \(parts). Members that keep the whole log give it back at their "
      + "next sync, or restore a backup of headquarters"
  }

  /// One line that a person understands.
  static func words(_ report: SyncReport) -> String {
    let moved = [("sent", report.sent), ("received", report.received)].filter { $0.1.changes > 0 }
      .map { "\($0.0) \(Words.count($0.1.changes, "change")) (\(Words.bytes($0.1.bytes)))" }
    var words = moved.isEmpty ? "nothing was new" : moved.joined(separator: ", ")
    if let snapshot = report.snapshot {
      words =
        "began from a snapshot of \(Words.count(snapshot.records, "record")) (\(Words.bytes(snapshot.bytes))); \(words)"
    }
    if report.conflictsOpened > 0 {
      words += ", \(Words.count(report.conflictsOpened, "conflict")) opened: see `birlik conflicts`"
    }
    switch report.outcome {
    case .even: return "Even with headquarters: \(words)."
    case .partial: return "Not even with headquarters yet: \(words). Run `birlik sync` again."
    }
  }
}

/// Shows how far a sync is. Its calls come from one task at a time, but from any thread.
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
