import ArgumentParser
import Foundation
import Node
import Store
import SyncCore
import Wire

/// Proves that the log is what was sealed.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "birlik audit --database uz.db",
    discussion: """
      Proves that nothing was altered, dropped or reordered since it was sealed: every chain and every signature from \
      the first change to the last, every card, and what headquarters signed that it holds. It names the first thing \
      that is wrong of each stream and ends with 65. It changes nothing; what rows and heads show is for `birlik verify`.

      Headquarters could show two members different things. To find out, one writes what it was told to a file with \
      --export and the other reads it with --compare; headquarters may compare as well, with what it signed.
      """)

  /// How many findings are shown to a person.
  private static let shown = 20
  /// Bytes of the largest file of evidence that is read.
  private static let evidenceBytes = 64 << 20

  @Option(help: ArgumentHelp("Write what headquarters told this node, for another to compare.", valueName: "file"))
  var export: String?

  @Option(help: ArgumentHelp("Compare with what headquarters told the node that wrote the file.", valueName: "file"))
  var compare: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open(isForReading: true).store
    let line = ProgressLine()
    defer { line.clear() }
    let report = try store.audit { count in line.show { "audited \(Words.grouped(count))" } }
    line.clear()
    // What is altered is not evidence.
    if report.ok, let export { try write(try store.evidence(), to: export) }
    let comparison = try report.ok ? compare.map { try store.compare(evidence: try read($0)) } : nil
    let output = Output()
    if self.output.json {
      output.line(Self.json(report, comparison))
    } else {
      Self.say(report, to: output)
      if let comparison { Self.say(comparison, to: output) }
      if report.ok, let export { output.say("What headquarters told this node is in \(export).") }
      if !report.ok, export != nil || compare != nil { output.say("Nothing was exported or compared.") }
    }
    try output.finish()
    guard report.ok, comparison?.outcome != .split else { throw ExitStatus.data.exit }
    if comparison?.outcome == .inconclusive { throw ExitStatus.tryLater.exit }
  }

  // MARK: Files

  private func write(_ evidence: Evidence, to path: String) throws {
    do {
      try Data(evidence.bytes).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch {
      throw Failure(
        .inputOutput, "\(path) cannot be written", hint: "name a file that does not exist, in a folder that does")
    }
  }

  private func read(_ path: String) throws -> [UInt8] {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: Self.evidenceBytes + 1)
    else { throw Failure(.inputOutput, "\(path) cannot be read", hint: "check the path") }
    guard data.count <= Self.evidenceBytes else { throw Failure(.data, "\(path) is larger than any evidence") }
    return Array(data)
  }

  // MARK: Words

  private static func say(_ report: AuditReport, to output: Output) {
    for finding in report.findings.prefix(shown) { output.say("\(finding.sentence). Hint: \(finding.hint).") }
    if report.findings.count > shown { output.say("And \(report.findings.count - shown) more.") }
    let counted =
      "\(Words.count(report.changes, "change")) in \(Words.count(report.segments, "segment")) of "
      + Words.count(report.streams, "stream")
    guard report.ok else { return output.say("Not all is well among \(counted).") }
    output.say("Nothing was altered, dropped or reordered: \(counted), every chain and signature checked.")
    if report.prunedSegments > 0 {
      output.say("Of \(Words.count(report.prunedSegments, "segment")) the changes themselves are not kept here.")
    }
    if report.receipts > 0 {
      output.say(
        "Headquarters signed \(Words.count(report.receipts, "receipt")) kept here, and the log bears them out.")
    }
    output.say("Whether rows and totals are what the log says: `birlik verify`.")
  }

  private static func say(_ comparison: AuditComparison, to output: Output) {
    for finding in comparison.findings.prefix(shown) { output.say("\(finding.sentence). Hint: \(finding.hint).") }
    switch comparison.outcome {
    case .same: output.say("Headquarters signed the same for \(comparison.node) and this node.")
    case .consistent: output.say("All that headquarters signed for \(comparison.node) is held here.")
    case .inconclusive: output.say("It cannot be told yet: \(comparison.reason ?? "").")
    case .split: output.say("Headquarters did not stand by what it signed for \(comparison.node).")
    }
  }

  private static func json(_ report: AuditReport, _ comparison: AuditComparison?) -> JSON {
    var members: [(name: String, value: JSON)] = [
      ("ok", .bool(report.ok)), ("streams", .number(report.streams)), ("segments", .number(report.segments)),
      ("changes", .integer(report.changes)), ("segments_without_changes", .number(report.prunedSegments)),
      ("cards", .number(report.cards)), ("receipts", .number(report.receipts)),
      ("last_receipt_at", .number(report.lastReceiptAt)), ("findings", .array(report.findings.map(json))),
    ]
    if let comparison {
      members.append(
        (
          "comparison",
          [
            "outcome": .string(comparison.outcome.rawValue), "node": .string(comparison.node),
            "reason": .string(comparison.reason), "findings": .array(comparison.findings.map(json)),
          ]
        ))
    }
    return .object(members)
  }

  private static func json(_ finding: AuditFinding) -> JSON {
    [
      "code": .string(finding.code.rawValue), "channel": .string(finding.channel?.description),
      "node": .string(finding.node), "origin": .string(finding.origin?.hex), "first": .number(finding.first),
      "last": .number(finding.last), "detail": .string(finding.detail), "hint": .string(finding.hint),
    ]
  }
}
