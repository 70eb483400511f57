import ArgumentParser
import Limits
import Node
import Store

/// Syncs once.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "birlik sync --database uz.db",
    discussion: """
      Exchanges changes with headquarters until both sides hold the same, then ends. It may be interrupted at any \
      moment: the next sync goes on from there. It may run beside `birlik serve` and while clerks work on the file.

      Edits that would delete or empty more than \(StoreLimits.removalsWithoutPerson) records of a kind at once, and \
      more than \(StoreLimits.removalsWithoutPersonPercent) % of them, are not sent until you confirm them: see \
      `birlik held`. Everything else is.

      It ends with 0 when both sides hold the same, 75 when one side did not accept everything, 69 when headquarters \
      cannot be reached.

      Where another program holds the file, or headquarters is busy, it waits and tries again: at each step up to the \
      seconds of --wait. On a line that cuts connections or is very slow it sends less at once, and goes on with what \
      came.

      With --dry-run it changes nothing, neither here nor at headquarters. It lists what would be sent and received, \
      which conflicts would open, and which totals would change.
      """)

  @Flag(help: "Show what a sync would do, and change nothing.")
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
      try Output.print(SyncRun.words(report))
      if let held = SyncRun.held(report.held) { try Output.print(held) }
      if inbox > 0 {
        try Output.print("There is news about \(Words.count(inbox, "edit")) typed here: see `birlik inbox`.")
      }
      for line in SyncRun.notes(report) + [clock.warning].compactMap({ $0 }) { StandardError.printNote(line) }
    }
    if report.outcome == .partial { throw ExitStatus.tryLater.exit }
  }
}
