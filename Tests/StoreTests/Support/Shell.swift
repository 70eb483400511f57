import Foundation

/// Programs that clerks use.
enum Shell {
  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Where a program stands, or nil.
  static func find(_ program: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String], input: String = "") throws -> Result {
    guard let path = find(program) else { throw Failure(description: "\(program) is not installed") }
    let folder = try Folder()
    try Data(input.utf8).write(to: URL(fileURLWithPath: folder.file("in")))
    for name in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: folder.file(name))) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = FileHandle(forReadingAtPath: folder.file("in"))
    process.standardOutput = FileHandle(forWritingAtPath: folder.file("out"))
    process.standardError = FileHandle(forWritingAtPath: folder.file("err"))
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try read(folder.file("out")), errors: try read(folder.file("err")))
  }

  private static func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  /// Runs SQL in the `sqlite3` shell, which stops at the first error.
  @discardableResult
  static func sqlite(_ path: String, _ sql: String) throws -> Result {
    try run("sqlite3", ["-batch", "-bail", path], input: sql + "\n")
  }
}

/// A `sqlite3` shell that stays open, as on a clerk's desk.
final class OpenShell {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ path: String) throws {
    guard let shell = Shell.find("sqlite3") else { throw Shell.Failure(description: "sqlite3 is not installed") }
    process.executableURL = URL(fileURLWithPath: shell)
    process.arguments = ["-batch", path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit { close() }

  /// Sends SQL and waits until it was done.
  func send(_ sql: String) throws {
    input.fileHandleForWriting.write(Data((sql + "\nSELECT 'done';\n").utf8))
    var seen = ""
    while !seen.contains("done\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Shell.Failure(description: "the shell ended") }
      seen += String(decoding: data, as: UTF8.self)
    }
  }

  func close() {
    try? input.fileHandleForWriting.close()
    if process.isRunning { process.waitUntilExit() }
  }
}
