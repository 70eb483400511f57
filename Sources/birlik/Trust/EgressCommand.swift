import ArgumentParser
import Node
import Store

/// Lists what leaves this machine and what stays.
struct EgressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "egress",
    abstract: "birlik egress --database uz.db",
    discussion: """
      Lists exactly what the next sync would send, value by value, and who will be able to read it. Lists also what \
      stays: local records and columns, and edits that must not be sent. Edits that were typed since the last sync are \
      included. The command asks headquarters what it already holds, sends nothing else and changes nothing.

      With --dry-run it does not ask either; it relies on the last receipt that headquarters signed.
      """)

  @Flag(help: "Ask nobody; rely on headquarters' last receipt.")
  var dryRun = false

  @Option(help: "How many changes to list; the rest are counted.")
  var limit = 100

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is a number from 0.") }
  }

  func run() async throws {
    let opened = try node.open(isForReading: true)
    // The question is signed.
    let mayAsk = opened.store.identity.keyProblem == nil
    if !mayAsk, !dryRun {
      StandardError.printNote("without the key headquarters cannot be asked what it holds: this is by its last receipt")
    }
    let report = try await opened.egress(asks: !dryRun && mayAsk, limit: limit)
    try EgressText(report).answer(asJSON: output.json)
  }
}
