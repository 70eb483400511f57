import ArgumentParser
import Foundation
import Node
import Store
import SyncCore
import Wire

/// Checks the log: every hash, signature and receipt.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "birlik audit --database uz.db",
    discussion: """
      Proves that nothing in the log was altered, dropped or reordered since it was signed: it checks every hash chain \
      and every signature from the first change to the last, every node's card, and headquarters' receipts. Of each \
      node's changes it lists the first fault, and it ends with 65. It changes nothing. Whether rows and totals match the \
      log is checked by `birlik verify`.

      Headquarters could show two members different logs. To find out, one member writes what headquarters signed for it \
      to a file with --export, and another compares it with its own by --compare; so can headquarters.
      """)

  /// How many findings are shown to a person.
  private static let shown = 20
  /// The largest file of evidence that is read, in bytes.
  private static let evidenceBytes = 64 << 20

  @Option(help: ArgumentHelp("Write what headquarters signed for this node, for others to compare.", valueName: "file"))
  var export: String?

  @Option(
    help: ArgumentHelp(
      "Compare with what headquarters signed for the node that wrote the file (- for standard input).",
      valueName: "file"))
  var compare: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if export == "-" { throw ValidationError("--export needs the name of a file that does not exist yet.") }
  }

  func run() throws {
    let store = try node.open(isForReading: true).store
    let line = ProgressLine()
    defer { line.clear() }
    let report = try store.audit { count in line.show { "audited \(Words.grouped(count))" } }
    line.clear()
    // An altered log is no evidence.
    if report.ok, let export { try write(try store.evidence(), to: export) }
    let comparison = try report.ok ? compare.map { try store.compare(evidence: try read($0)) } : nil
    let output = Output()
    if self.output.json {
      output.line(Self.json(report, comparison))
    } else {
      Self.print(report, to: output)
      if let comparison { Self.print(comparison, to: output) }
      if report.ok, let export { output.print("What headquarters signed for this node is in \(export).") }
      if !report.ok, export != nil || compare != nil { output.print("Nothing was exported or compared.") }
    }
    try output.finish()
    guard report.ok, comparison?.outcome != .split else { throw ExitStatus.data.exit }
    if comparison?.outcome == .inconclusive { throw ExitStatus.tryLater.exit }
  }

  // MARK: Files

  private func write(_ evidence: Evidence, to path: String) throws {
    do {
      try Data(evidence.bytes).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
      // A part of it would be in the way of the next call, and no file was there before.
      try? FileManager.default.removeItem(atPath: path)
      throw Failure(
        .tryLater, "the disk is full, so \(path) cannot be written", hint: "free some space, or name another folder")
    } catch {
      throw Failure(
        .inputOutput, "\(path) cannot be written", hint: "name a file that does not exist, in a folder that does")
    }
  }

  private func read(_ path: String) throws -> [UInt8] {
    if path == "-" { return try StandardInput.bytes(limit: Self.evidenceBytes) }
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: Self.evidenceBytes + 1)
    else { throw Failure(.inputOutput, "\(path) cannot be read", hint: "check the path") }
    guard data.count <= Self.evidenceBytes else { throw Failure(.data, "\(path) is larger than any evidence") }
    return Array(data)
  }

  // MARK: Words

  private static func print(_ report: AuditReport, to output: Output) {
    for finding in report.findings.prefix(shown) { output.print("\(finding.sentence). Hint: \(finding.hint).") }
    if report.findings.count > shown { output.print("And \(report.findings.count - shown) more.") }
    let counted =
      "\(Words.count(report.changes, "change")) in \(Words.count(report.segments, "segment")) of "
      + Words.count(report.streams, "stream")
    guard report.ok else { return output.print("Something is wrong in the log: \(counted) checked.") }
    output.print("Nothing was altered, dropped or reordered: \(counted), every chain and signature checked.")
    if report.prunedSegments > 0 {
      output.print(
        "Of \(Words.count(report.prunedSegments, "segment")) the changes themselves are no longer kept here.")
    }
    if report.receipts > 0 {
      output.print(
        "The log agrees with \(Words.count(report.receipts, "receipt")) that headquarters signed.")
    }
    output.print("`birlik verify` checks whether rows and totals match the log.")
  }

  private static func print(_ comparison: AuditComparison, to output: Output) {
    for finding in comparison.findings.prefix(shown) { output.print("\(finding.sentence). Hint: \(finding.hint).") }
    switch comparison.outcome {
    case .same: output.print("Headquarters signed the same for \(comparison.node) and this node.")
    case .consistent: output.print("This node holds everything that headquarters signed for \(comparison.node).")
    case .inconclusive: output.print("It cannot be decided yet: \(comparison.reason ?? "").")
    case .split: output.print("Headquarters contradicts what it signed for \(comparison.node).")
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
