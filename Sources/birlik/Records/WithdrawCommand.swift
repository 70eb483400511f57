import ArgumentParser
import Limits
import Node
import Store
import SyncCore

/// Withdraws a record that is written once.
struct WithdrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "birlik withdraw figure ftuu/members/2026/report --reason \"misprint\"",
    discussion: """
      Records of some kinds, such as published figures, are written once: nobody edits or removes them. Their owner can \
      withdraw a mistake, with a reason. The record is no longer shown or counted; its history keeps it, and the reason. \
      The right one may then be entered under the same key.
      """)

  @OptionGroup var record: RecordArguments

  @Option(help: "Why, for everybody who may read the record.")
  var reason: String

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if reason.isEmpty { throw ValidationError("Say why: --reason \"...\".") }
    try InputLimits.checkReason(reason)
  }

  func run() throws {
    try node.open().store.withdraw(kind: record.kind, key: record.key, reason: reason)
    if output.json {
      return try Output.answer(["kind": .string(record.kind), "key": .string(record.key), "outcome": "withdrawn"])
    }
    try Output.print("\(record.kind) \(record.key) is withdrawn; the next sync tells the others, with the reason.")
  }
}
