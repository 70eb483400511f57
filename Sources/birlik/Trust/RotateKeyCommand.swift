import ArgumentParser
import Node
import Store
import SyncCore
import Wire

/// Gives a node a new key.
struct RotateKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-key",
    abstract: "birlik rotate-key --database uz.db",
    discussion: """
      Gives this node a new key, signed by the old one: syncs, asks headquarters, and replaces FILE.key. The old key stays \
      as FILE.key.old, because backups made before need it; nothing that it signs from now on counts. If the command is \
      interrupted, run it again: it goes on from there.

      Where systemd provides the key (LoadCredential=birlik.key:FOLDER/birlik.key), --keys FOLDER replaces it there.
      """)

  @OptionGroup var keys: KeyOptions
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let before = try keys.opening { try node.openToSync(keys: keys.keys) }
    let old = before.store.identity.node
    let after = try await before.renewKey()
    let key = after.keyWords
    if output.json {
      return try Output.answer([
        "node": .string(after.store.identity.node.hex), "before": .string(old.hex), "key": .string(key),
      ])
    }
    try Output.print(
      "\(after.store.identity.card.name) goes on as node \(after.store.identity.node.hex).",
      "Its key is \(key): back it up. A running `birlik serve` ends by itself; systemd starts it again.")
  }
}
