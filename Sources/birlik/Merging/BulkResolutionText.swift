import Store
import SyncCore

/// What one decision about many conflicts did, for people and scripts.
struct BulkResolutionText {
  private let report: BulkResolution
  private let kind: String
  private let isDryRun: Bool
  /// What happens to the decisions now.
  private let next: String
  /// How many of the totals that change are listed.
  private static let shown = 20

  init(_ report: BulkResolution, kind: String, isDryRun: Bool, next: String) {
    self.report = report
    self.kind = kind
    self.isDryRun = isDryRun
    self.next = next
  }

  func write(asJSON: Bool) throws { asJSON ? try Output.answer(json) : try print() }

  private var json: JSON {
    [
      "kind": .string(kind), "dry_run": .bool(isDryRun), "decided": .number(report.decided),
      "fields": Self.counts(report.fields), "shown": Self.counts(report.shown),
      "set_aside": Self.counts(report.setAside), "left": Self.counts(report.left),
      "totals": .array(report.totals.map { .object(ConflictText.members($0)) }),
    ]
  }

  /// In order of the names.
  private static func sorted(_ counts: [String: Int]) -> [(name: String, count: Int)] {
    counts.map { (name: $0.key, count: $0.value) }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func counts(_ counts: [String: Int]) -> JSON {
    .object(sorted(counts).map { (name: $0.name, value: .number($0.count)) })
  }

  private static func words(_ counts: [String: Int]) -> String {
    sorted(counts).map { "\(Words.grouped($0.count)) of \($0.name)" }.joined(separator: ", ")
  }

  private func print() throws {
    let output = Output()
    let conflicts = Words.count(report.decided, "conflict")
    let fields = Self.sorted(report.fields).map { "\($0.name) \(Words.grouped($0.count))" }.joined(separator: ", ")
    output.print(
      "\(isDryRun ? "Would decide" : "Decided") \(conflicts) of \(kind)\(fields.isEmpty ? "" : ": \(fields)").")
    if !report.shown.isEmpty { output.print("  shown      values \(Self.words(report.shown))") }
    if !report.setAside.isEmpty { output.print("  set aside  values \(Self.words(report.setAside))") }
    for move in report.totals.prefix(Self.shown) { output.print("  total      \(move.words)") }
    if report.totals.count > Self.shown {
      output.print("  total      and \(Words.count(report.totals.count - Self.shown, "more figure")): --json lists all")
    }
    if isDryRun, report.decided > 0, report.totals.isEmpty { output.print("  total      none changes") }
    for (reason, count) in Self.sorted(report.left) {
      output.print("  left open  \(Words.grouped(count)): \(reason)")
    }
    if report.decided > 0 {
      output.print(
        isDryRun
          ? "Nothing was changed: the command without --dry-run decides."
          : next.prefix(1).uppercased() + next.dropFirst() + ".")
    }
    try output.finish()
  }
}
