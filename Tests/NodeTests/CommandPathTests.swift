import Foundation
import Glibc
import TestSupport
import Testing

/// A database is found by whatever path leads to it, with its key and the other files beside it.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandPathTests {
  private func link(_ folder: CommandFolder, _ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
  }

  private func makeHeadquarters(_ path: String..., in folder: CommandFolder) async throws {
    let made = try await folder.run(
      ["init", "--role", "headquarters", "--name", "OTUTS", "--catalog", CommandFolder.catalog] + path)
    try #require(made.status == 0, "\(made.errors)")
  }

  @Test(
    "Through links, chains of them and linked folders everything is beside the real file, and nothing beside a link")
  func links() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    for name in ["data", "a", "b"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
    }
    // Also a link to a file that is still to be made.
    try link(folder, "a/first.db", to: "../b/second.db")
    try link(folder, "b/second.db", to: folder.file("data/hq.db"))
    try link(folder, "folder", to: "data")
    try await makeHeadquarters("--database", "a/first.db", in: folder)
    for (count, path) in ["a/first.db", "b/second.db", "folder/hq.db", "data/hq.db"].enumerated() {
      try await folder.good("set", "org_unit", "u\(count)", "name=x", "--database", path)
      try await folder.good("totals", "--database", path)
      let verified = try await folder.good("verify", "--database", path, "--json").json()
      #expect(verified["ok"] == true && verified["records"]?.integer == Int64(count + 1))
    }
    let server = try folder.start("serve", "--database", "a/first.db", "--listen", "127.0.0.1:0")
    defer { server.stop(SIGKILL) }
    try await server.wait(for: "listening on")
    let second = try await folder.run("serve", "--database", "folder/hq.db", "--listen", "127.0.0.1:0")
    #expect(second.status == 75 && second.errors.contains("serves this database already"), "\(second.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("a")) == ["first.db"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("b")) == ["second.db"])
    let beside = try FileManager.default.contentsOfDirectory(atPath: folder.file("data"))
    #expect(Set(["hq.db.key", "hq.db.tls.key", "hq.db.tls.pem", "hq.db.state", "hq.db.lock"]).isSubset(of: beside))
  }

  @Test("A database that was moved to another disk behind a link works with the key that stayed beside the link")
  func keyBesideTheLink() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await makeHeadquarters("--database", "hq.db", in: folder)
    try FileManager.default.createDirectory(atPath: folder.file("disk"), withIntermediateDirectories: false)
    try FileManager.default.moveItem(atPath: folder.file("hq.db"), toPath: folder.file("disk/hq.db"))
    try link(folder, "hq.db", to: "disk/hq.db")
    try await folder.good("set", "org_unit", "a", "name=a", "--database", "hq.db")
    // Its line is signed.
    try await folder.good("pin", "--url", "https://127.0.0.1:8650", "--database", "hq.db")
  }

  @Test(
    "Relative and odd paths and addresses as SQLite takes them work with every command",
    arguments: [
      "sub/../hq.db", "a b#c?.db", "100%41 it's \"x\".db", "ёлка-ñ.db", "-dash.db", "--dash.db", ":memory:",
      "file:hq.db",
      "new\nline;&*$HOME.db",
    ])
  func oddPaths(_ path: String) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: false)
    try await makeHeadquarters("--database=\(path)", in: folder)
    try folder.write("code,name\nb,B\n", to: "units.csv")
    for command in [
      ["set", "org_unit", "a", "name=A"], ["import", "org_unit", "units.csv"], ["show", "org_unit", "a"],
      ["list", "org_unit"], ["history", "org_unit", "a"], ["export", "org_unit"], ["status"], ["totals"], ["conflicts"],
      ["inbox"], ["held"], ["undo", "--last-import"], ["nodes"], ["audit"], ["verify"], ["verify", "--capture"],
      ["remove", "org_unit", "a"], ["invite", "ftuu", "--unregistered", "--url", "https://hq.otuts.uz:8650"], ["check"],
      ["backup", "copy.db"],
    ] {
      let result = try await folder.run(command + ["--database", path])
      #expect(result.status == 0, "\(command) \(path): \(result.errors)")
    }
    // Nothing was written into a file with another name.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    let name = path.hasPrefix("file:") ? "hq.db" : String(path.split(separator: "/").last ?? "")
    #expect(names.allSatisfy { $0.hasPrefix(name) || ["sub", "units.csv", "copy.db"].contains($0) }, "\(names)")
  }

  @Test("An address names the file that SQLite's own programs would open")
  func addresses() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await makeHeadquarters("--database", "with blank#.db", in: folder)
    for address in [
      "file:with%20blank%23.db", "file:with%20blank%23.db?mode=ro", "file://\(folder.path)/with%20blank%23.db",
      "file://localhost\(folder.path)/with%20blank%23.db?cache=private#there",
    ] {
      try await folder.good("list", "org_unit", "--database", address)
    }
    try folder.write("database = \"file:with%20blank%23.db\"\n", to: "birlik.toml")
    try await folder.good("status", "--config", "birlik.toml")
    #expect(try await folder.run(["status"], environment: ["BIRLIK_DATABASE": "file:with%20blank%23.db"]).status == 0)
  }

  @Test("A backup has the mode of its original, is whole, and nothing is written over")
  func backup() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    try await makeHeadquarters("--database", "hq.db", in: folder)
    try await folder.good("set", "org_unit", "a", "name=A", "--database", "hq.db")
    for mode: mode_t in [0o660, 0o600, 0o664] {
      _ = chmod(folder.file("hq.db"), mode)
      _ = umask(0o022)
      let copy = "copy\(mode).db"
      try await folder.good("backup", copy, "--database", "hq.db")
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(copy))
      #expect(attributes[.posixPermissions] as? Int == Int(mode))
      #expect(try await folder.good("show", "org_unit", "a", "--database", copy).output.contains("A"))
      let again = try await folder.run("backup", copy, "--database", "hq.db")
      #expect(again.status == 65 && again.errors.contains("exists already"), "\(again.errors)")
    }
    let nowhere = try await folder.run("backup", "nowhere/copy.db", "--database", "hq.db")
    #expect(nowhere.status == 78 && nowhere.errors.contains("there is no folder nowhere"), "\(nowhere.errors)")
  }
}
