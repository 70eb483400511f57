import ArgumentParser
import CatalogFiles
import Node

/// Makes an invitation.
struct InviteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invite",
    abstract: "birlik invite ftuu --office \"Samarkand\" --database hq.db",
    discussion: """
      Prints one line with which one machine joins, once. Hand it over as you would a password: whoever uses it first \
      is taken for that federation.
      """)

  @Argument(help: "The federation's code, such as ftuu.")
  var federation: String

  @Option(help: ArgumentHelp("What to call an office of the federation.", valueName: "name"))
  var office: String?

  @Option(help: "How many minutes it is valid.")
  var minutes = 15

  @Option(help: "The address of headquarters (else public_url of the settings, else where it listens).")
  var url: String?

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let headquarters = try node.open()
    let url = try url ?? node.settings().publicURL
    let line = try headquarters.invite(federation: federation, office: office, minutes: minutes, url: url)
    if output.json {
      return try Output.answer([
        "invitation": .string(line), "federation": .string(federation), "office": .string(office),
        "minutes": .number(minutes),
      ])
    }
    try Output.say(line)
  }
}
