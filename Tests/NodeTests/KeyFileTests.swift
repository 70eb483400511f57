import Crypto
import Foundation
import Glibc
import Store
import TestSupport
import Testing

@testable import Node

/// What is wrong with a key file is said of that file, whatever else would fail later.
struct KeyFileTests {
  private func makeNode(in folder: TemporaryFolder) throws -> String {
    let path = folder.file("hq.db")
    let node = try LocalNode.initializeHeadquarters(
      database: path, name: "OTUTS", code: nil, catalogFolder: Repository.catalog.path, listen: "127.0.0.1:0")
    try node.store.close()
    return path
  }

  private func problem(opening path: String) throws -> NodeError {
    try #require(#expect(throws: NodeError.self) { try LocalNode.open(database: path) })
  }

  @Test func aMissingKeyIsMissed() throws {
    let folder = try TemporaryFolder()
    let path = try makeNode(in: folder)
    try FileManager.default.removeItem(atPath: path + ".key")
    let problem = try problem(opening: path)
    #expect(problem.code == .config && problem.detail == "there is no file \(path).key")
  }

  @Test("A key that cannot be used is named, though the one of before cannot be used either")
  func aSpoiltKeyIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = try makeNode(in: folder)
    for name in [path + ".key", path + ".key.old"] {
      try "no key\n".write(toFile: name, atomically: false, encoding: .utf8)
      #expect(chmod(name, 0o600) == 0)
    }
    #expect(try problem(opening: path).detail == "\(path).key holds no key")
    #expect(chmod(path + ".key", 0o640) == 0)
    #expect(try problem(opening: path).detail == "others may read \(path).key")
  }

  @Test("A key that cannot be used is named, though the database is damaged too")
  func theKeyComesBeforeDamage() throws {
    let folder = try TemporaryFolder()
    let path = try makeNode(in: folder)
    try "no key\n".write(toFile: path + ".key", atomically: false, encoding: .utf8)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    // All but the first page, which says whose database it is.
    try file.seek(toOffset: 4096)
    try file.write(contentsOf: Data(repeating: 0xEE, count: 65_536))
    try file.close()
    #expect(try problem(opening: path).detail == "\(path).key holds no key")
  }

  @Test("A database of another program is named before a key file is missed")
  func aForeignDatabaseIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("other.db")
    try "This is no database.".write(toFile: path, atomically: false, encoding: .utf8)
    let problem = #expect(throws: StoreError.self) { try LocalNode.open(database: path) }
    #expect(problem?.code == .notOurs)
  }

  @Test("A renewal that was cut off before the file got its name is finished")
  func aCutRenewalIsFinished() throws {
    let folder = try TemporaryFolder()
    let path = try makeNode(in: folder)
    try FileManager.default.moveItem(atPath: path + ".key", toPath: path + ".key.new")
    try LocalNode.open(database: path).store.close()
    #expect(FileManager.default.fileExists(atPath: path + ".key"))
    #expect(!FileManager.default.fileExists(atPath: path + ".key.new"))
  }
}
