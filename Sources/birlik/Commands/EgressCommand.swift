import ArgumentParser
import Node
import Store

/// Lists what leaves this machine.
struct EgressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "egress",
    abstract: "birlik egress --database uz.db",
    discussion: """
      Lists precisely what the next sync would send, value by value, and who will be able to read it; and what stays: \
      local records and columns, and edits that may not be sent. What was typed and not sealed yet is in it. Nothing is \
      sent but the question what headquarters holds, and nothing changes.

      With --dry-run not even that is asked: what headquarters last signed that it holds is taken for what it holds.
      """)

  @Flag(help: "Ask nobody: reckon with headquarters' last receipt.")
  var dryRun = false

  @Option(help: "How many changes to list; the rest are counted.")
  var limit = 100

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is a number from 0.") }
  }

  func run() async throws {
    let report = try await node.open(isForReading: true).egress(asks: !dryRun, limit: limit)
    try EgressText(report).answer(asJSON: output.json)
  }
}
