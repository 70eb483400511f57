import ArgumentParser
import Node
import Settings
import Store
import SyncCore

/// Changes the key of headquarters' server.
struct RotateTLSCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-tls",
    abstract: "birlik rotate-tls --database hq.db",
    discussion: """
      Makes the next key of headquarters' server and announces it in the log. From their next sync on nodes accept it \
      beside the present one. A week later `birlik rotate-tls --switch` starts using it; a running server shows it to the \
      next connection. If some nodes may not know the new key (they have not completed a sync since, or joined and never \
      synced; revoked nodes do not count), the switch lists them and does nothing, unless --anyway is given: such a node \
      then needs the line of `birlik pin`.

      If headquarters has no key for its server yet, one is made and used at once. Where systemd provides the key \
      (LoadCredential=birlik.tls.key:FOLDER/birlik.tls.key), --keys FOLDER replaces it there.
      """)

  @Flag(name: .customLong("switch"), help: "Start using the announced key.")
  var isSwitch = false

  @Flag(help: "With --switch: do so before the announced time.")
  var now = false

  @Flag(help: "With --switch: do so although some nodes do not know the key yet.")
  var anyway = false

  @OptionGroup var keys: KeyOptions
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard isSwitch || !now else { throw ValidationError("--now goes with --switch.") }
    guard isSwitch || !anyway else { throw ValidationError("--anyway goes with --switch.") }
  }

  func run() throws {
    let settings = try node.settings()
    let headquarters = try keys.opening { try node.open(keys: keys.keys, needsKey: true) }
    let listen = try settings.listen ?? headquarters.store.listen() ?? ServerPlace.usual
    let change =
      try isSwitch
      ? headquarters.switchServerKey(isEarly: now, ignoresUnaware: anyway)
      : headquarters.announceServerKey(
        hosts: settings.serverHosts(listen: listen), tls: TLSSettings(settings))
    if output.json {
      return try Output.answer([
        "step": .string(change.step.rawValue), "pin": .string(change.pin), "from": .string(Moment(change.from).iso),
        "unaware": .strings(change.unaware),
      ])
    }
    try Output.print(
      "The server's next key is sha256//\(change.pin).", Self.words(change, keys.repeated + node.repeated))
  }

  private static func words(_ change: ServerKeyChange, _ options: String) -> String {
    switch change.step {
    case .made: "It is in use from now on. Nodes that joined before need the line of `birlik pin`."
    case .announced:
      "Nodes accept it from their next sync on. From \(Moment(change.from).words) on: `birlik rotate-tls --switch\(options)`."
    case .switched:
      change.unaware.isEmpty
        ? "It is in use, and every node knew it before."
        : "It is in use. Nodes that may have missed the announcement need the line of `birlik pin`: "
          + change.unaware.joined(separator: ", ") + "."
    }
  }
}
