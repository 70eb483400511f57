import Foundation

/// Another program on a database: the `sqlite3` shell, which stays open as on a clerk's desk.
public final class SQLiteShell {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  public init(_ database: String) throws {
    guard let shell = Program.find("sqlite3") else { throw TestProblem("sqlite3 is not installed") }
    process.executableURL = URL(fileURLWithPath: shell)
    process.arguments = ["-batch", "-bail", "-cmd", ".timeout 10000", database]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit { close() }

  /// Sends SQL and waits until it was done, at most a minute.
  public func send(_ sql: String) throws {
    input.fileHandleForWriting.write(Data((sql + "\nSELECT 'done';\n").utf8))
    let end = ContinuousClock.now + patience
    var seen = ""
    while !seen.contains("done\n") {
      let left = max(0, (end - .now).components.seconds)
      var descriptor = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, Int32(left) * 1000) > 0 else {
        process.terminate()
        throw TestProblem("the shell does not answer: \(sql)")
      }
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw TestProblem("the shell ended: \(sql)") }
      seen += String(decoding: data, as: UTF8.self)
    }
  }

  /// Ends the shell, which rolls back what it did not commit.
  public func close() {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.waitUntilExit() }
  }

  /// Runs SQL in a shell of its own, which stops at the first error; the thread waits.
  @discardableResult
  public static func run(_ database: String, _ sql: String) throws -> ProgramResult {
    try Program.runBlocking("sqlite3", ["-batch", "-bail", database], input: sql + "\n")
  }

  /// The output of a query, without the space around it.
  public static func answer(_ database: String, _ sql: String) throws -> String {
    try run(database, sql).output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
