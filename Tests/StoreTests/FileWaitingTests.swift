import Glibc
import SyncCore
import TestSupport
import Testing

@testable import Store

/// Waiting for other programs that hold the file.
@Suite struct FileWaitingTests {
  private var lock: StoreError {
    var error = StoreError(.busy, "testing", "another program holds the database")
    error.isLock = true
    return error
  }

  @Test("What met a lock is tried again, anything else is not")
  func again() throws {
    var attempts = 0
    let value = try FileWaiting.run(.seconds(60)) {
      attempts += 1
      if attempts < 4 { throw lock }
      return attempts
    }
    #expect(value == 4)
    attempts = 0
    #expect(throws: StoreError(.busy, "testing", "a key is being renewed")) {
      try FileWaiting.run(.seconds(60)) {
        attempts += 1
        throw StoreError(.busy, "testing", "a key is being renewed")
      }
    }
    #expect(attempts == 1)
  }

  @Test("It ends with the lock when the time is over, and at once for what cannot run twice")
  func ends() {
    var attempts = 0
    #expect(throws: lock) {
      try FileWaiting.run(.milliseconds(300)) {
        attempts += 1
        throw lock
      }
    }
    #expect(attempts > 1)
    attempts = 0
    #expect(throws: lock) {
      try FileWaiting.run(.seconds(60), while: { false }) {
        attempts += 1
        throw lock
      }
    }
    #expect(attempts == 1)
  }

  @Test("Beside a clerk who writes all the time every seal and every reading comes to its turn")
  func writer() async throws {
    let node = try House().addKept("ftuu")
    try node.shell("INSERT INTO org_unit(code) VALUES('a');")
    let store = try Store(path: node.path, key: node.identity.key, waiting: .seconds(60))
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    // One transaction right after the other.
    let script = (0..<600).map { "UPDATE org_unit SET name='\($0)' WHERE code='a';\n" }.joined()
    let clerk = try RunningProgram("sqlite3", ["-cmd", ".timeout 60000", node.path], input: script, in: folder)
    defer { clerk.stop(SIGKILL) }
    while clerk.isRunning {
      try store.seal()
      #expect(try store.status().conflicts == 0)
    }
    let result = try await clerk.result()
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    try store.seal()
    let last = try #require(try node.changes().last)
    #expect(TestNode.words(last, try store.catalog()).contains("name=599"))
    try store.close()
  }
}
