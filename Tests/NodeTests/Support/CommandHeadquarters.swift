import Foundation
import TestSupport
import Testing

/// Headquarters as a process on a free port of this machine, and the nodes that join it.
final class CommandHeadquarters: Sendable {
  let folder: CommandFolder
  let port: Int
  private let database = "hq.db"

  /// The kinds of which figures are published.
  static let published = ["org_unit", "figure"]

  /// Makes headquarters with the published units and figures. It does not serve yet.
  ///
  /// - Parameter tls: false to read the messages on the wire.
  static func make(
    in folder: CommandFolder, figures: [String] = published, tls: Bool = true
  ) async throws -> CommandHeadquarters {
    let port = try Loopback.freePort()
    let made = try await folder.run(
      [
        "init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog, "--listen",
        "127.0.0.1:\(port)", "--database", "hq.db",
      ] + (tls ? [] : ["--no-tls"]))
    try #require(made.status == 0, "\(made.errors)")
    for name in figures {
      try await folder.good("import", name, CommandFolder.figures(name), "--database", "hq.db")
    }
    return CommandHeadquarters(folder: folder, port: port)
  }

  /// A node that is to join.
  struct Joining {
    var database: String
    var federation: String
    var office: String?

    init(_ database: String, _ federation: String, office: String? = nil) {
      (self.database, self.federation, self.office) = (database, federation, office)
    }
  }

  /// Runs `body` beside headquarters that serves and nodes that joined it; all of it is gone after that.
  static func serving(
    _ nodes: [Joining], figures: [String] = [], _ body: (CommandFolder, CommandHeadquarters) async throws -> Void
  ) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await make(in: folder, figures: figures)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    for node in nodes { try await headquarters.join(node.database, node.federation, office: node.office) }
    try await body(folder, headquarters)
  }

  private init(folder: CommandFolder, port: Int) {
    self.folder = folder
    self.port = port
  }

  /// Starts the server and waits until it listens. Whoever starts it stops it.
  func serve(killedAtWrite write: Int? = nil) async throws -> RunningProgram {
    let server = try folder.start("serve", "--database", database, killedAtWrite: write)
    try await server.wait(for: "listening on 127.0.0.1:\(port)")
    return server
  }

  /// Joins a node with a new invitation.
  func join(_ database: String, _ federation: String, office: String? = nil) async throws {
    let invitation = try await folder.run(
      ["invite", federation] + CommandFolder.unregistered + ["--database", self.database]
        + (office.map { ["--office", $0] } ?? []))
    try #require(invitation.status == 0, "\(invitation.errors)")
    let line = try #require(invitation.lines.first)
    let joined = try await folder.run("join", line, "--database", database)
    try #require(joined.status == 0, "\(joined.errors)")
  }

  /// Syncs nodes one after the other until all must know all, and compares them with headquarters.
  func converge(_ nodes: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for _ in 0..<2 {
      for node in nodes {
        let result = try await folder.run("sync", "--database", node)
        #expect(result.status == 0, "\(node): \(result.errors)", sourceLocation: sourceLocation)
      }
    }
    let mine = try await digests(of: database, sourceLocation)
    for node in nodes {
      let digests = try await digests(of: node, sourceLocation)
      #expect(!digests.isEmpty, sourceLocation: sourceLocation)
      for (channel, digest) in digests {
        #expect(mine[channel] == digest, "\(channel) differs at \(node)", sourceLocation: sourceLocation)
      }
    }
  }

  /// The digest of each channel, from a node that has nothing to complain of.
  private func digests(of database: String, _ sourceLocation: SourceLocation) async throws -> [String: Document] {
    let verified = try await folder.run("verify", "--database", database, "--json")
    let report = try verified.json()
    #expect(report["ok"] == true, "\(database): \(verified.output)", sourceLocation: sourceLocation)
    guard case .object(let digests)? = report["digests"] else { return [:] }
    return digests
  }
}
