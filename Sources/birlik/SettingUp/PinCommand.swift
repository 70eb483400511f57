import ArgumentParser
import Limits
import Node
import Settings
import Store
import SyncCore

/// Prints or accepts the line that identifies headquarters' server.
struct PinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin",
    abstract: "birlik pin LINE --database uz.db",
    discussion: """
      At headquarters it prints one line with the server's address and key fingerprints, signed by headquarters. The line \
      is no secret: it may be sent by mail.

      At a node that no longer recognizes the server's key it accepts that line. It refuses a line that this node's own \
      headquarters did not sign, and one that is older than what the node knows. Without a line it prints what the node \
      knows.
      """)

  @Argument(help: "The line that `birlik pin` printed at headquarters, or - to read it from standard input.")
  var line: String?

  @Option(help: "At headquarters: its address (else public_url of the settings, else where it listens).")
  var url: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  private static func pasted() throws -> String {
    StandardInput.explain("the line of headquarters' server")
    return try StandardInput.text(limit: InputLimits.pastedBytes) { _ in false }
  }

  func run() throws {
    let opened = try node.open()
    if let line {
      try opened.acceptServerLine(line == "-" ? Self.pasted() : line)
    } else if opened.store.identity.role.isHeadquarters {
      let settings = try node.settings()
      let made = try opened.serverLine(
        url: url ?? settings.publicURL, listen: settings.listen, tls: TLSSettings(settings))
      return output.json ? try Output.answer(["line": .string(made)]) : try Output.print(made)
    }
    let upstream = try opened.store.upstream() ?? ""
    let known = try opened.serverWords()
    if output.json { return try Output.answer(["upstream": .string(upstream), "known_by": .strings(known)]) }
    try Output.print("Headquarters is reached at \(upstream) and known by: \(known.joined(separator: ", ")).")
  }
}
