import Foundation
import Glibc
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Files that are not what they should be, and programs that are in the way.
@Suite struct FileTests {
  private func code(_ path: String) throws -> StoreError.Code? {
    do {
      _ = try Store(path: path, key: House.key(1))
      return nil
    } catch let error as StoreError {
      #expect(!error.detail.isEmpty)
      #expect(!error.hint.isEmpty)
      return error.code
    }
  }

  @Test("A missing file, and a folder in its place")
  func missing() throws {
    let folder = try TemporaryFolder()
    #expect(try code(folder.file("none.db")) == .missing)
    #expect(try code(folder.path) == .missing)
    #expect(!FileManager.default.fileExists(atPath: folder.file("none.db")))
  }

  @Test("A text, an empty file and a database of another program are left as they are")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let text = Data(String(repeating: "This is no database. ", count: 400).utf8)
    try text.write(to: URL(fileURLWithPath: folder.file("text")))
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    try SQLiteShell.run(folder.file("other"), "CREATE TABLE t(x); INSERT INTO t VALUES(1);")
    let other = try Data(contentsOf: URL(fileURLWithPath: folder.file("other")))
    for name in ["text", "empty", "other"] { #expect(try code(folder.file(name)) == .notOurs, "\(name)") }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("text"))) == text)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("empty"))) == Data())
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("other"))) == other)
  }

  @Test("A database of another program in WAL mode stays in WAL mode")
  func foreignWal() throws {
    let folder = try TemporaryFolder()
    try SQLiteShell.run(folder.file("other"), "PRAGMA journal_mode=WAL; CREATE TABLE t(x);")
    #expect(try code(folder.file("other")) == .notOurs)
    #expect(try SQLiteShell.run(folder.file("other"), "PRAGMA journal_mode;").output == "wal\n")
  }

  @Test("A file of a newer version, one without an identity, one cut short, and another node's key")
  func ours() throws {
    let node = try House().addKept("otuts")
    try node.shell("INSERT INTO org_unit(code) VALUES('a');")
    try node.store.close()
    let newer = node.path + "-newer"
    let nobody = node.path + "-nobody"
    let short = node.path + "-short"
    for path in [newer, nobody] { try FileManager.default.copyItem(atPath: node.path, toPath: path) }
    try SQLiteShell.run(newer, "UPDATE birlik_meta SET value=99 WHERE name='schema';")
    try SQLiteShell.run(nobody, "DELETE FROM birlik_meta;")
    try Data(contentsOf: URL(fileURLWithPath: node.path)).prefix(9000).write(to: URL(fileURLWithPath: short))
    #expect(try code(newer) == .notOurs)
    #expect(try code(nobody) == .damaged)
    try SQLiteShell.run(nobody, "PRAGMA application_id=0;")
    #expect(try code(nobody) == .notOurs)
    #expect(try code(short) == .damaged)
    #expect(throws: StoreError.self) { try Store(path: node.path, key: House.key(9)) }
    #expect(try code(node.path) == nil)
    try node.open()
  }

  @Test("Nothing is made over an existing file, nor where no file can be")
  func create() throws {
    let house = try House()
    let node = try house.add("otuts")
    let beginning = Store.Beginning(
      identity: node.identity, headquartersCard: house.headquartersCard, catalog: try House.shipped.get(),
      upstream: nil,
      offset: 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: node.path))
    for (path, expected) in [
      (node.path, StoreError.Code.invalid), (house.folder.file("no/such/folder.db"), .missing),
    ] {
      do {
        try Store.create(path: path, beginning)
        Issue.record("made")
      } catch let error as StoreError {
        #expect(error.code == expected)
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: node.path)) == before)
    let made = house.folder.file("new.db")
    try Store.create(path: made, beginning)
    let mode = try FileManager.default.attributesOfItem(atPath: made)[.posixPermissions] as? Int
    #expect(mode == 0o660)
  }

  @Test("What a killed call left is in nobody's way, and one that is at work is")
  func cutCreation() throws {
    let house = try House()
    let node = try house.add("otuts")
    let beginning = Store.Beginning(
      identity: node.identity, headquartersCard: house.headquartersCard, catalog: try House.shipped.get(),
      upstream: nil, offset: 0)
    let path = house.folder.file("new.db")
    for left in ["", "torn"] {
      for name in ["new.db.new", "new.db.new-journal"] { try house.folder.write(left, to: name) }
      try Store.create(path: path, beginning)
      try Store(path: path, key: node.identity.key).close()
      let names = try FileManager.default.contentsOfDirectory(atPath: house.folder.path).filter { $0.hasPrefix("new.") }
      #expect(Set(names).subtracting(["new.db-journal", "new.db.state"]) == ["new.db"])
      try FileManager.default.removeItem(atPath: path)
    }
    let other = open(path + ".new", O_CREAT | O_RDONLY | O_CLOEXEC, 0o660)
    defer { Glibc.close(other) }
    #expect(flock(other, LOCK_EX) == 0)
    let error = #expect(throws: StoreError.self) { try Store.create(path: path, beginning) }
    #expect(error?.code == .busy)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(
    "A file that may not be written, or that stands in such a folder, can be read; sealing says why it cannot",
    .enabled(if: geteuid() != 0, "root may write everything"))
  func readOnly() throws {
    let node = try House().addKept("otuts")
    try node.type("INSERT INTO org_unit(code) VALUES('a')")
    let folder = URL(fileURLWithPath: node.path).deletingLastPathComponent().path
    for (path, closed, opened) in [(node.path, 0o440, 0o660), (folder, 0o550, 0o770)] as [(String, mode_t, mode_t)] {
      try node.store.close()
      // An emptied journal that is there already could be written.
      try? FileManager.default.removeItem(atPath: node.path + "-journal")
      chmod(path, closed)
      defer { chmod(path, opened) }
      try node.open()
      #expect(try node.count("org_unit") == 1)
      let error = try #require(throws: StoreError.self) { try node.seal() }
      #expect(error.code == .notPermitted)
      #expect(error.hint.contains("permissions"))
    }
    try node.store.close()
    try node.open()
    #expect(try node.sealedWords() == ["insert org_unit a"])
  }

  private static let manyRows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) "
    + "INSERT INTO org_unit(code, name) SELECT 'u' || i, hex(randomblob(20)) FROM n"

  /// Leaves a node's file a few pages to grow, as on a disk that is nearly full.
  private func fill(_ node: TestNode) throws {
    let pages = try #require(Int(try node.value("page_count", "pragma_page_count") ?? ""))
    try node.execute("PRAGMA max_page_count=\(pages + 8)")
  }

  private func empty(_ node: TestNode) throws { try node.execute("PRAGMA max_page_count=100000") }

  @Test("Sealing on a full disk is reported, loses nothing, and the next try succeeds")
  func fullWhileSealing() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    try uz.type(Self.manyRows)
    try fill(uz)
    let error = try #require(throws: StoreError.self) { try uz.seal() }
    #expect(error.code == .full)
    #expect(try uz.count("birlik_capture") == 3000)
    #expect(try uz.store.frontier(visibleTo: uz.role).count == 1)
    try empty(uz)
    #expect(try uz.seal().changes == 3000)
    #expect(try uz.store.verify().problems == [])
  }

  @Test("Absorbing on a full disk is reported, changes nothing, and the next try succeeds")
  func fullWhileAbsorbing() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    try uz.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try Exchange.sync(uz, hq)
    try uz.type(Self.manyRows)
    try uz.seal()
    try fill(hq)
    let error = try #require(throws: StoreError.self) { try Exchange.carry(from: uz, to: hq) }
    #expect(error.code == .full)
    #expect(try hq.count("org_unit") == 1)
    try empty(hq)
    try Exchange.sync(uz, hq)
    try expectEqual(hq, uz)
    #expect(try hq.store.verify().problems == [])
  }
}
