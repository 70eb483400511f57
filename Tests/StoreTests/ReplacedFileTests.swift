import Foundation
import TestSupport
import Testing

@testable import Store

/// A file that is moved away, deleted or replaced while the store has it open.
@Suite struct ReplacedFileTests {
  private let files = FileManager.default

  /// A node with a sealed edit, a backup of it, and a later edit.
  private func node() throws -> (node: TestNode, backup: String) {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'One')")
    try node.seal()
    let backup = node.path + ".backup"
    try node.copyFile(to: backup)
    try node.type("UPDATE org_unit SET name='Two'")
    try node.seal()
    return (node, backup)
  }

  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    let error = #expect(throws: StoreError.self) { try body() }
    #expect(error?.hint.isEmpty == false)
    return error?.code
  }

  @Test("Another file in its place ends every use, and the store that is opened then notices the backup")
  func replaced() throws {
    let (node, backup) = try node()
    try files.moveItem(atPath: node.path, toPath: node.path + ".old")
    try files.moveItem(atPath: backup, toPath: node.path)
    #expect(code { try node.store.seal() } == .replaced)
    #expect(code { _ = try node.store.status() } == .replaced)
    #expect(code { _ = try node.store.dataVersion() } == .replaced)
    let before = try SQLiteShell.answer(node.path, "SELECT count(*) FROM birlik_segment;")
    #expect(before == "1", "nothing was written to it")
    try node.store.close()
    try node.open()
    #expect(try node.store.status().notice?.contains("restored from a backup") == true)
    try node.type("UPDATE org_unit SET name='Three'")
    #expect(try node.seal().changes == 1)
  }

  @Test("A backup that is copied over the file, which stays the same file, is noticed as well")
  func overwritten() throws {
    let (node, backup) = try node()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: backup))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: node.path))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: bytes)
    try file.close()
    #expect(code { try node.store.seal() } == .replaced)
    try node.store.close()
    try node.open()
    #expect(try node.store.status().notice?.contains("restored from a backup") == true)
  }

  @Test("A file that is gone is missed, and one that comes back is used again")
  func moved() throws {
    let (node, _) = try node()
    try files.moveItem(atPath: node.path, toPath: node.path + ".away")
    #expect(code { try node.store.seal() } == .missing)
    #expect(!files.fileExists(atPath: node.path))
    try files.moveItem(atPath: node.path + ".away", toPath: node.path)
    try node.type("UPDATE org_unit SET name='Three'")
    #expect(try node.seal().changes == 1)
  }

  @Test("A link that leads to another file is another file")
  func linked() throws {
    let (node, backup) = try node()
    let link = node.path + ".link"
    try files.createSymbolicLink(atPath: link, withDestinationPath: node.path)
    let store = try Store(path: link, key: node.identity.key)
    #expect(try store.role() == node.role)
    try files.removeItem(atPath: link)
    try files.createSymbolicLink(atPath: link, withDestinationPath: backup)
    #expect(code { _ = try store.role() } == .replaced)
  }

  @Test("A file that is replaced in the middle of a transaction gets nothing of it")
  func middle() throws {
    let (node, backup) = try node()
    try node.type("UPDATE org_unit SET name='Three'")
    let error = #expect(throws: StoreError.self) {
      try node.seal {
        try files.moveItem(atPath: node.path, toPath: node.path + ".old")
        try files.copyItem(atPath: backup, toPath: node.path)
      }
    }
    #expect(error?.code == .replaced)
    #expect(try SQLiteShell.answer(node.path, "PRAGMA integrity_check;") == "ok")
    #expect(try SQLiteShell.answer(node.path + ".old", "SELECT count(*) FROM birlik_capture;") == "1")
  }
}
