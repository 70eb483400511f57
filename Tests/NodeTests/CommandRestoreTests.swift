import Foundation
import TestSupport
import Testing

/// Backups put back, files copied and clocks that are wrong, as they happen to people: with real processes.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandRestoreTests {
  private static let year: Int64 = 31_557_600_000

  /// Headquarters that serves, with a node of ftuu and an office of it.
  private func house(
    _ folder: CommandFolder
  ) async throws -> (headquarters: CommandHeadquarters, server: RunningProgram) {
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("sam.db", "ftuu", office: "Samarkand")
    return (headquarters, server)
  }

  private func copy(_ from: String, to: String, _ folder: CommandFolder) throws {
    try? FileManager.default.removeItem(atPath: folder.file(to))
    try FileManager.default.copyItem(atPath: folder.file(from), toPath: folder.file(to))
  }

  private func name(_ key: String, in database: String, _ folder: CommandFolder) async throws -> String? {
    let shown = try await folder.run("show", "org_unit", key, "--database", database, "--json")
    guard shown.status == 0 else { return nil }
    return try shown.json()["fields"]?["name"]?.text
  }

  private func type(_ key: String, _ name: String, in database: String, _ folder: CommandFolder) async throws {
    let sql =
      "INSERT INTO org_unit(code, name) VALUES('\(key)', '\(name)') ON CONFLICT DO UPDATE SET name=excluded.name"
    let typed = try await folder.sqlite(database, sql)
    #expect(typed.status == 0, "\(typed.errors)")
  }

  private func sync(_ database: String, _ folder: CommandFolder) async throws -> ProgramResult {
    try await folder.good("sync", "--database", database)
  }

  @Test(
    "A node put back from a backup gets back what it lost, keeps what it typed, and says so", arguments: [true, false])
  func restoredNode(keepsState: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (headquarters, server) = try await house(folder)
    defer { server.stop(SIGKILL) }
    try await type("ftuu-1", "before the backup", in: "uz.db", folder)
    _ = try await sync("uz.db", folder)
    try copy("uz.db", to: "backup.db", folder)
    try await type("ftuu-1", "after the backup", in: "uz.db", folder)
    try await type("ftuu-2", "after the backup", in: "uz.db", folder)
    _ = try await sync("uz.db", folder)
    try copy("backup.db", to: "uz.db", folder)
    if !keepsState { try FileManager.default.removeItem(atPath: folder.file("uz.db.state")) }
    try await type("ftuu-3", "typed after the restoration", in: "uz.db", folder)
    _ = try await sync("uz.db", folder)
    #expect(try await name("ftuu-1", in: "uz.db", folder) == "after the backup")
    #expect(try await name("ftuu-2", in: "uz.db", folder) == "after the backup")
    let status = try await folder.good("status", "--database", "uz.db")
    #expect(status.output.contains("was restored from a backup"), "\(status.output)")
    try await headquarters.converge(["uz.db", "sam.db"])
    #expect(try await name("ftuu-3", in: "sam.db", folder) == "typed after the restoration")
    let conflicts = try await folder.good("conflicts", "--database", "hq.db", "--json")
    #expect(try conflicts.json().elements.isEmpty)
  }

  @Test(
    "Headquarters put back from an old backup, or begun again with nothing but its key, is filled by its members",
    arguments: ["empty.db", "backup.db"], [true, false])
  func restoredHeadquarters(backup: String, keepsState: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    try copy("hq.db", to: "empty.db", folder)
    var server = try await headquarters.serve()
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("sam.db", "ftuu", office: "Samarkand")
    try await type("ftuu-1", "before the backup", in: "uz.db", folder)
    try await type("otuts-1", "before the backup", in: "hq.db", folder)
    _ = try await sync("uz.db", folder)
    try await stop(server)
    try copy("hq.db", to: "backup.db", folder)
    server = try await headquarters.serve()
    try await type("ftuu-1", "after the backup", in: "uz.db", folder)
    try await type("otuts-1", "after the backup", in: "hq.db", folder)
    for node in ["uz.db", "sam.db", "uz.db"] { _ = try await sync(node, folder) }
    try await stop(server)
    try copy(backup, to: "hq.db", folder)
    if !keepsState { try FileManager.default.removeItem(atPath: folder.file("hq.db.state")) }
    server = try await headquarters.serve()
    let back = server
    defer { back.stop(SIGKILL) }
    try await type("otuts-2", "typed after the restoration", in: "hq.db", folder)
    try await headquarters.converge(["sam.db", "uz.db"])
    for database in ["hq.db", "uz.db", "sam.db"] {
      #expect(try await name("ftuu-1", in: database, folder) == "after the backup", "\(database)")
      #expect(try await name("otuts-1", in: database, folder) == "after the backup", "\(database)")
      #expect(try await name("otuts-2", in: database, folder) == "typed after the restoration", "\(database)")
    }
    let status = try await folder.good("status", "--database", "hq.db")
    #expect(status.output.contains("was restored from a backup"), "\(status.output)")
  }

  private func stop(_ server: RunningProgram) async throws {
    server.stop()
    #expect(try await server.result().status == 0)
  }

  @Test("A copied machine and its original both go on, and a copy of the copy", arguments: [true, false])
  func clones(keepsState: Bool) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let (headquarters, server) = try await house(folder)
    defer { server.stop(SIGKILL) }
    try await type("ftuu-1", "stem", in: "uz.db", folder)
    _ = try await sync("uz.db", folder)
    var machines = ["uz.db"]
    for (number, clone) in ["second.db", "third.db"].enumerated() {
      for ending in ["", ".key"] + (keepsState ? [".state"] : []) {
        try copy(machines[number] + ending, to: clone + ending, folder)
      }
      machines.append(clone)
      for (index, machine) in machines.enumerated() {
        try await type("ftuu-own-\(index)", "\(machine) \(number)", in: machine, folder)
        try await type("ftuu-1", "of \(machine) \(number)", in: machine, folder)
        _ = try await sync(machine, folder)
      }
    }
    try await headquarters.converge(machines + ["sam.db"])
    for (index, machine) in machines.enumerated() {
      #expect(try await name("ftuu-own-\(index)", in: "sam.db", folder) == "\(machine) 1")
    }
    // What was typed on two machines at once is one of the two, with the other beside it.
    let history = try await folder.good("history", "org_unit", "ftuu-1", "--database", "sam.db", "--json")
    #expect(try history.json().elements.count == 6)
  }

  @Test("A clock ten years off, ahead or behind, neither wins for ever nor loses for ever", arguments: [10, -10])
  func wrongClock(years: Int64) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let clock = try await ClockLibrary.build(in: folder).environment(offset: years * Self.year)
    let (headquarters, server) = try await house(folder)
    defer { server.stop(SIGKILL) }
    func wrong(_ arguments: String...) async throws -> ProgramResult {
      let result = try await folder.run(arguments, environment: clock)
      #expect(result.status == 0, "\(arguments) \(result.errors)")
      return result
    }
    _ = try await wrong("set", "org_unit", "ftuu-1", "name=first, by the wrong clock", "--database", "uz.db")
    _ = try await wrong("sync", "--database", "uz.db")
    _ = try await sync("sam.db", folder)
    // Both edit without knowing of each other: the one who typed later is shown, whatever the clocks show.
    _ = try await wrong("set", "org_unit", "ftuu-1", "name=earlier, by the wrong clock", "--database", "uz.db")
    // A clock is known to within the time of one request, so that the later edit has to be later by more than that.
    try await Task.sleep(for: .milliseconds(1200))
    try await type("ftuu-1", "later, by the right clock", in: "sam.db", folder)
    _ = try await wrong("sync", "--database", "uz.db")
    _ = try await sync("sam.db", folder)
    _ = try await wrong("sync", "--database", "uz.db")
    #expect(try await name("ftuu-1", in: "uz.db", folder) == "later, by the right clock")
    let conflicts = try await folder.good("conflicts", "--database", "hq.db", "--json").json()
    #expect(conflicts.elements.count == 1)
    // And whoever saw both replaces both.
    _ = try await wrong("set", "org_unit", "ftuu-1", "name=last, by the wrong clock", "--database", "uz.db")
    _ = try await wrong("sync", "--database", "uz.db")
    #expect(try await name("ftuu-1", in: "hq.db", folder) == "last, by the wrong clock")
    let status = try await wrong("status", "--database", "uz.db")
    #expect(status.output.contains(years > 0 ? "ahead of headquarters'" : "behind headquarters'"), "\(status.output)")
    // No absurd time was spread.
    let history = try await folder.good("history", "org_unit", "ftuu-1", "--database", "hq.db", "--json").json()
    let now = Date.now
    let read = ISO8601DateFormatter()
    read.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let plain = ISO8601DateFormatter()
    for entry in history.elements {
      let text = entry["at"]?.text ?? ""
      let at = try #require(read.date(from: text) ?? plain.date(from: text), "\(text)")
      #expect(abs(at.timeIntervalSince(now)) < 3600, "\(text)")
    }
    #expect(history.elements.count == 4)
    try await headquarters.converge(["sam.db"])
  }

  @Test("A clock that jumps both ways between edits leaves their order as it was typed")
  func jumpingClock() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let library = try await ClockLibrary.build(in: folder)
    let (headquarters, server) = try await house(folder)
    defer { server.stop(SIGKILL) }
    for (step, years) in [3, -7, 10, 0, -10, 1].enumerated() {
      let environment = library.environment(offset: Int64(years) * Self.year)
      let arguments = ["set", "org_unit", "ftuu-1", "name=step \(step)", "--database", "uz.db"]
      #expect(try await folder.run(arguments, environment: environment).status == 0)
      guard step % 2 == 1 else { continue }
      #expect(try await folder.run(["sync", "--database", "uz.db"], environment: environment).status == 0)
      _ = try await sync("sam.db", folder)
      #expect(try await name("ftuu-1", in: "sam.db", folder) == "step \(step)")
    }
    try await headquarters.converge(["uz.db", "sam.db"])
    let conflicts = try await folder.good("conflicts", "--all", "--database", "hq.db", "--json")
    #expect(try conflicts.json().elements.isEmpty)
  }
}
