import ArgumentParser
import Node
import Settings
import SyncCore
import Wire

/// Prints an invitation.
struct InviteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite",
    abstract: "birlik invite ftuu --federation-name \"Trade Unions of Uzbekistan\" --country UZB --database hq.db",
    discussion: """
      Prints one line with which one machine can join, once. Hand it over like a password: whoever uses it first \
      becomes that federation's node. It holds the address of headquarters and the fingerprint of its server's key.

      A federation that is not registered yet is registered as a member: give its name and its country, or answer at the \
      terminal. Codes of federations and units that are nearly the same are told, because nobody can rename a code later.
      """)

  @Argument(help: "The federation's code, such as ftuu.")
  var federation: String

  @Option(help: ArgumentHelp("What to call an office of the federation.", valueName: "name"))
  var office: String?

  @Option(help: ArgumentHelp("The name under which to register a new federation.", valueName: "name"))
  var federationName: String?

  @Option(help: ArgumentHelp("The country of a new federation, such as UZB; '' for none.", valueName: "code"))
  var country: String?

  @Flag(help: "The code is meant as it is, however much it looks like a known one.")
  var new = false

  @Flag(help: "Invite without registering: until that is done the totals list its figures as not registered.")
  var unregistered = false

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

  func validate() throws {
    guard !unregistered || (federationName == nil && country == nil) else {
      throw ValidationError("Give either --unregistered, or --federation-name and --country.")
    }
  }

  func run() throws {
    let headquarters = try node.open()
    let settings = try node.settings()
    if url == nil, let address = settings.publicURL, ServerPlace.isExample(address) {
      throw Failure(
        .config, "public_url in the settings, \(address), is only an example: no machine has that name",
        hint: "correct it, or give --url https://NAME:PORT")
    }
    // First, so that nothing is registered where the rest of the command is wrong.
    let line = try headquarters.invite(
      federation: federation, office: office, minutes: minutes, url: url ?? settings.publicURL,
      listen: settings.listen, tls: TLSSettings(settings), pin: try pin.map { try LocalNode.pin(of: $0) })
    let isRegistered = try FederationEntry(self).register(in: FederationRegister(headquarters.store))
    if let address = (try? Invitation(line: line))?.url, ServerPlace.isOnlyHere(address) {
      StandardError.printNote(
        "only nodes on this machine can use the invitation: it says that headquarters is at \(address); for others give "
          + "--url https://NAME:PORT")
    }
    if output.json {
      return try Output.answer([
        "invitation": .string(line), "federation": .string(federation), "office": .string(office),
        "minutes": .number(minutes), "registered": .bool(isRegistered),
      ])
    }
    try Output.print(line)
  }
}
