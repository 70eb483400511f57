import ArgumentParser
import Glibc
import Node
import Settings
import Store
import SyncCore

/// Sets up headquarters.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "birlik init --role headquarters --name \"OTUTS\" --database hq.db",
    discussion: """
      Sets up headquarters: its database, its key and its catalog. Federations and offices use `birlik join` instead, \
      with an invitation from headquarters.

      The key is kept in FILE.key. Whoever has it is headquarters: back it up, and let nobody else read it. The server \
      gets its own key, FILE.tls.key, and a certificate, FILE.tls.pem; invitations carry its fingerprint.
      """)

  enum Role: String, ExpressibleByArgument, CaseIterable {
    case headquarters
  }

  @Option(help: "What to set up; federations and offices use `birlik join`.")
  var role: Role

  @Option(help: "What people call it.")
  var name: String

  @Option(help: "The code of its records, such as otuts (else derived from the name).")
  var code: String?

  @Option(help: ArgumentHelp("The catalog's folder (else the program's own catalog).", valueName: "dir"))
  var catalog: String?

  @Option(
    help: ArgumentHelp(
      "Where its server listens, which invitations name (else the settings, else 127.0.0.1:8650, which they do not name).",
      valueName: "address:port"))
  var listen: String?

  @OptionGroup var tls: TLSOptions
  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let path = try node.path()
    let settings = try node.settings()
    let listen = listen ?? settings.listen
    let hadKey = access(path + ".key", F_OK) == 0
    let made = try LocalNode.initializeHeadquarters(
      database: path, name: name, code: code, catalogFolder: catalog, listen: listen,
      tls: tls.resolved(settings).absolute, hosts: settings.serverHosts(listen: listen ?? ServerPlace.usual))
    if hadKey {
      StandardError.printNote("the key \(path).key was there already, as after a call that was cut short, and is used")
    }
    let status = try made.store.status()
    if output.json { return try Output.answer(Welcome.json(status, path: path, catalogFrom: catalog ?? "program")) }
    let source = catalog.map { "of the folder \($0)" } ?? "of this program"
    Welcome.noteHeir(of: path)
    try Output.print(
      "\(path) is headquarters \(status.name) (\(status.role.federation)), with catalog \(status.catalogVersion) \(source).",
      "Its key is \(path).key: back it up, together with the other files beside it, and let nobody else read it.",
      catalog == nil ? "`birlik catalog copy FOLDER` writes the catalog's files, to read or to adapt them." : nil,
      "Next: `birlik serve`, and `birlik invite FEDERATION` for each member"
        + (settings.publicURL == nil && !ServerPlace.isForOthers(listen)
          ? ", with --url https://NAME:PORT, where other machines reach this one." : "."))
  }
}
