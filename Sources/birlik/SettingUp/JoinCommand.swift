import ArgumentParser
import Limits
import Node
import Store
import SyncCore
import Wire

/// Joins headquarters.
struct JoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join",
    abstract: "birlik join INVITATION --database uz.db",
    discussion: """
      Makes this node's database and key, and fetches the catalog and all records that the node may read.

      With - in place of the invitation it is read from standard input, so that no list of processes shows it. A whole \
      mail may be pasted there: line breaks, quotation marks and other words around the invitation do no harm.
      The key is kept in FILE.key: back it up, and let nobody else read it.
      """)

  @Argument(
    parsing: .allUnrecognized,
    help: "The line that `birlik invite` printed, or - to read it from standard input.")
  var invitation: [String]

  @Flag(
    help: "Fetch the whole log instead of a snapshot: if headquarters ever loses it, this node still has it.")
  var wholeLog = false

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let path = try node.path()
    let line = try line()
    var joined = try await LocalNode.join(invitation: line, database: path, waiting: node.waiting)
    if wholeLog { joined.snapshotUse = .never }
    // The node exists from here on. If this first sync fails, a later one fetches the rest.
    var report: SyncReport?
    do {
      report = try await SyncRun.sync(joined)
    } catch {
      StandardError.printNote(
        "joined, but not synced yet; run `birlik sync`. \(Failure(error)?.sentence ?? "\(error)")")
    }
    let status = try joined.store.status()
    if output.json { return try Output.answer(Welcome.json(status, path: path)) }
    Welcome.noteHeir(of: path)
    try Output.print(
      "\(path) is the database of \(status.name), with catalog \(status.catalogVersion) "
        + "and \(Self.received(report)) from the other nodes.",
      "Its key is \(path).key: back it up, and let nobody else read it.",
      "Next: `birlik set`, `birlik import` or any SQLite program, and `birlik sync`.")
  }

  /// The text with the invitation. Pieces of one that was wrapped may begin with hyphens, as options do.
  private func line() throws -> String {
    guard invitation != ["-"] else {
      StandardInput.explain("the invitation")
      return try StandardInput.text(limit: InputLimits.pastedBytes) { (try? Invitation(line: $0)) != nil }
    }
    let isOption = { (piece: String) in piece.hasPrefix("-") && piece != "-" }
    if let option = invitation.first(where: isOption),
      (try? Invitation(line: invitation.filter { !isOption($0) }.joined(separator: " "))) != nil
    {
      throw ValidationError("Unknown option '\(option)'.")
    }
    return invitation.joined(separator: " ")
  }

  private static func received(_ report: SyncReport?) -> String {
    let changes = Words.count(report?.received.changes ?? 0, "change")
    guard let snapshot = report?.snapshot else { return changes }
    return "\(Words.count(snapshot.records, "record")) from a snapshot and \(changes)"
  }
}
