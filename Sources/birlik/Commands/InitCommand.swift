import ArgumentParser
import CatalogFiles
import Node
import Store
import SyncCore

/// Makes headquarters' file.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "birlik init --role headquarters --name \"OTUTS\" --database hq.db",
    discussion: """
      Makes headquarters: its file, its key and its catalog. A federation or an office is made by `birlik join` instead, \
      with an invitation of headquarters.

      The key is kept in FILE.key. Whoever has it is headquarters: back it up, and let nobody else read it. Its server \
      gets a key of its own, FILE.tls.key, and a certificate, FILE.tls.pem, by which invitations let the nodes know it.
      """)

  enum Role: String, ExpressibleByArgument, CaseIterable {
    case headquarters
  }

  @Option(help: "What to make; federations and offices are made by `birlik join`.")
  var role: Role

  @Option(help: "What people call it.")
  var name: String

  @Option(help: "The code of its records, such as otuts (else derived from the name).")
  var code: String?

  @Option(help: ArgumentHelp("The catalog's folder (else the one that was installed).", valueName: "dir"))
  var catalog: String?

  @Option(help: ArgumentHelp("Where its server listens.", valueName: "address:port"))
  var listen: String?

  @OptionGroup var tls: TLSOptions
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let path = try node.path()
    let settings = try node.settings()
    let listen = listen ?? settings.listen ?? "127.0.0.1:8650"
    let made = try LocalNode.initializeHeadquarters(
      database: path, name: name, code: code, catalogFolder: catalog, listen: listen,
      tls: tls.resolved(settings).absolute, hosts: settings.serverHosts(listen: listen))
    let status = try made.store.status()
    if output.json { return try Output.answer(Welcome.json(status, path: path)) }
    try Output.say(
      "\(path) is headquarters \(status.name) (\(status.role.federation)), with catalog \(status.catalogVersion).",
      "Its key is \(path).key: back it up, and let nobody else read it. What stands beside it belongs to the backup too.",
      "Next: `birlik serve`, and `birlik invite FEDERATION` for each member.")
  }
}

/// What `init` and `join` say of a new node.
enum Welcome {
  static func json(_ status: StoreStatus, path: String) -> JSON {
    [
      "database": .string(path), "node": .string(status.node), "role": .string(status.roleName),
      "federation": .string(status.role.federation), "name": .string(status.name),
      "catalog": .number(status.catalogVersion), "upstream": .string(status.upstream),
    ]
  }
}
