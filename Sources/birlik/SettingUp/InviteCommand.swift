import ArgumentParser
import Node
import Settings
import SyncCore

/// Prints an invitation.
struct InviteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite",
    abstract: "birlik invite ftuu --office \"Samarkand\" --database hq.db",
    discussion: """
      Prints one line with which one machine can join, once. Hand it over like a password: whoever uses it first \
      becomes that federation's node. It holds the address of headquarters and the fingerprint of its server's key.
      """)

  @Argument(help: "The federation's code, such as ftuu.")
  var federation: String

  @Option(help: ArgumentHelp("What to call an office of the federation.", valueName: "name"))
  var office: String?

  @Option(help: "How many minutes it is valid.")
  var minutes = 15

  @Option(help: "The address of headquarters (else public_url of the settings, else where it listens).")
  var url: String?

  @Option(
    help: ArgumentHelp(
      "Pin this key as well, where an authority vouches for the server: its certificate in PEM, or sha256//BASE64.",
      valueName: "file"))
  var pin: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let headquarters = try node.open()
    let settings = try node.settings()
    let line = try headquarters.invite(
      federation: federation, office: office, minutes: minutes, url: url ?? settings.publicURL,
      tls: TLSSettings(settings), pin: try pin.map { try LocalNode.pin(of: $0) })
    if output.json {
      return try Output.answer([
        "invitation": .string(line), "federation": .string(federation), "office": .string(office),
        "minutes": .number(minutes),
      ])
    }
    try Output.print(line)
  }
}
