import ArgumentParser
import Node

/// Syncs once.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "birlik sync --database uz.db",
    discussion: """
      Exchanges with headquarters until both sides are even, then ends. It may be cut at any place and goes on where it \
      was; it may run beside `birlik serve` and beside clerks at work.

      It ends with 0 when both sides are even, 75 when one side did not take everything, 69 when headquarters cannot be \
      reached.
      """)

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let report = try await SyncRun.sync(try node.openToSync())
    if output.json {
      try Output.answer(SyncRun.json(report))
    } else {
      try Output.say(SyncRun.words(report))
      for line in SyncRun.notes(report) { StandardError.note(line) }
    }
    if report.outcome == .partial { throw ExitStatus.tryLater.exit }
  }
}
