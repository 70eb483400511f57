import ArgumentParser
import Node
import Store

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

      With --dry-run it only asks: it says what would be sent, what would come in, which conflicts would open and which \
      totals would move, and changes nothing, neither this file nor headquarters'.
      """)

  @Flag(help: "Say what would be sent, come in, open and move, and change nothing.")
  var dryRun = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    if dryRun {
      let report = try await node.open(isForReading: true).dryRunSync()
      return try DryRunText(report, options: node.repeated).answer(asJSON: output.json)
    }
    let opened = try node.openToSync()
    let report = try await SyncRun.sync(opened)
    let inbox = try opened.store.newInboxCount()
    let clock = try opened.store.clockReading()
    if output.json {
      try Output.answer(SyncRun.json(report, inbox: inbox, clock))
    } else {
      try Output.say(SyncRun.words(report))
      if inbox > 0 {
        try Output.say("There is news of \(Words.count(inbox, "edit")) typed here: see `birlik inbox`.")
      }
      for line in SyncRun.notes(report) + [clock.warning].compactMap({ $0 }) { StandardError.note(line) }
    }
    if report.outcome == .partial { throw ExitStatus.tryLater.exit }
  }
}
