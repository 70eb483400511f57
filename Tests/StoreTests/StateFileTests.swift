import Foundation
import SyncCore
import Testing

@testable import Store

/// The file beside the database by which a restored one is noticed.
@Suite struct StateFileTests {
  private func origin(_ node: TestNode) throws -> UInt64 { try node.origin().nonce }

  @Test("A database put back from a backup takes a fresh origin before anything is sealed")
  func restored() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'one')")
    try node.seal()
    let copy = node.path + ".backup"
    try node.copyFile(to: copy)
    let before = try origin(node)
    try node.type("UPDATE org_unit SET name='two'")
    try node.seal()
    try node.open()
    #expect(try origin(node) == before, "nothing happened to it")
    try node.restoreFile(from: copy, keepsState: true)
    let fresh = try origin(node)
    #expect(fresh != before)
    #expect(try node.store.status().notice?.contains("restored from a backup") == true)
    try node.open()
    #expect(try origin(node) == fresh, "it is reported once")
    // Restored once more, to before it took that origin.
    try node.restoreFile(from: copy, keepsState: true)
    #expect(try ![before, fresh].contains(origin(node)))
  }

  @Test("A backup with nothing sealed since is no other database")
  func sameState() throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'one')")
    try node.seal()
    let before = try origin(node)
    let copy = node.path + ".backup"
    try node.copyFile(to: copy)
    try node.type("UPDATE org_unit SET name='two'")
    try node.restoreFile(from: copy, keepsState: true)
    #expect(try origin(node) == before)
    #expect(try node.store.status().notice == nil)
  }

  @Test(
    "A state file that is missing, torn, strange or of an earlier day is no reason for anything",
    arguments: [nil, "", "birlik-state-1", "birlik-state-1 x y z", "birlik-state-1 0 0 0 0", "other 9 9 9"] as [String?]
  )
  func unreadable(text: String?) throws {
    let node = try House().addKept("ftuu")
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'one')")
    try node.seal()
    let before = try origin(node)
    let file = node.path + ".state"
    #expect(FileManager.default.fileExists(atPath: file))
    try FileManager.default.removeItem(atPath: file)
    if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }
    try node.open()
    #expect(try origin(node) == before)
  }

  @Test("A folder that takes no state file stops nothing")
  func unwritable() throws {
    let node = try House().addKept("ftuu")
    let file = node.path + ".state"
    try? FileManager.default.removeItem(atPath: file)
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
    try node.type("INSERT INTO org_unit(code, name) VALUES('a', 'one')")
    #expect(try node.seal().changes == 1)
    try node.open()
    #expect(try node.store.status().notice == nil)
  }
}
