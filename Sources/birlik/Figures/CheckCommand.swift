import ArgumentParser
import Consolidation
import Limits
import Node
import Store
import SyncCore

/// Lists what makes figures doubtful.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "birlik check --database uz.db",
    discussion: """
      Looks through the registers for what makes figures doubtful, such as two keys that look alike, and says what to do \
      about each. It changes nothing and needs no network. Of each sort the first \(StoreLimits.findingsPerCode) are \
      listed and the rest are counted.

      It ends with 0 when there is nothing to tell, 65 otherwise.
      """)

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try node.open().store
    let report = try store.findings()
    try store.remember(report)
    if output.json { try Output.answer(json(report)) } else { try print(report) }
    if report.count > 0 { throw ExitStatus.data.exit }
  }

  private func json(_ report: FindingReport) -> JSON {
    [
      "findings": .number(report.count),
      "codes": .array(
        report.codes.map { code in
          [
            "code": .string(code.rawValue), "count": .number(report.counts[code] ?? 0),
            "findings": .array(report.listed(code).map(json)),
          ]
        }),
    ]
  }

  private func json(_ finding: Finding) -> JSON {
    [
      "code": .string(finding.code.rawValue), "kind": .string(finding.kind), "keys": .strings(finding.keys),
      "sentence": .string(finding.sentence), "remedy": .string(remedy(finding)),
    ]
  }

  private func print(_ report: FindingReport) throws {
    let output = Output()
    guard report.count > 0 else {
      output.print("Nothing found.")
      return try output.finish()
    }
    for code in report.codes {
      let count = report.counts[code] ?? 0
      let listed = report.listed(code)
      output.print("\(code.rawValue) (\(Words.grouped(count))): \(code.title)")
      for finding in listed {
        output.print("  \(finding.sentence)")
        if let remedy = remedy(finding) { output.print("    \(remedy)") }
      }
      if count > listed.count { output.print("  and \(Words.grouped(count - listed.count)) more") }
      output.print()
    }
    output.print("\(Words.count(report.count, "finding")).")
    try output.finish()
  }

  private func remedy(_ finding: Finding) -> String? {
    switch finding.remedy {
    case nil: nil
    case .advice(let words): words
    case .command(let verb, let words): ShellWords.command(verb, words, options: node.repeated)
    }
  }
}
