import ArgumentParser
import Glibc
import Node
import Store
import SyncCore

/// Joins headquarters.
struct JoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join",
    abstract: "birlik join INVITATION --database uz.db",
    discussion: """
      Makes this node's file and key, fetches the catalog, and then what the node may see.

      With - in place of the invitation it is read from standard input, so that it stands in no list of processes.
      The key is kept in FILE.key: back it up, and let nobody else read it.
      """)

  @Argument(help: "The line that `birlik invite` printed, or - to read it from standard input.")
  var invitation: String

  @Flag(
    help: "Fetch the whole log, however long, in place of a snapshot: should headquarters lose it, this node has it.")
  var wholeLog = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let path = try node.path()
    var line = invitation
    if line == "-" { line = readLine() ?? "" }
    var joined = try await LocalNode.join(invitation: line, database: path)
    if wholeLog { joined.snapshotUse = .never }
    // The node exists from here on: what is still to be fetched comes with any later sync as well.
    var report: SyncReport?
    do {
      report = try await SyncRun.sync(joined)
    } catch {
      StandardError.note("joined, but not synced yet; `birlik sync` goes on. \(Failure(error)?.sentence ?? "\(error)")")
    }
    let status = try joined.store.status()
    if output.json { return try Output.answer(Welcome.json(status, path: path)) }
    try Output.say(
      "\(path) is \(status.name) of \(status.role.federation), with catalog \(status.catalogVersion) "
        + "and \(Self.received(report)) of the others.",
      "Its key is \(path).key: back it up, and let nobody else read it.",
      "Next: `birlik set`, `birlik import` or any SQLite program, and `birlik sync`.")
  }

  private static func received(_ report: SyncReport?) -> String {
    let changes = Words.count(report?.received.changes ?? 0, "change")
    guard let snapshot = report?.snapshot else { return changes }
    return "\(Words.count(snapshot.records, "record")) from a snapshot and \(changes)"
  }
}
