import Foundation

/// The programs of this machine.
public enum Program {
  /// The path of an installed program, or nil.
  public static func find(_ name: String) -> String? {
    if name.hasPrefix("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    // The folders of root's tools are not on everybody's path.
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end; the wait occupies no thread.
  ///
  /// - Parameter limit: how long it may take. It is killed after that, and `TestProblem` thrown.
  public static func run(
    _ name: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
    within limit: Duration = .seconds(120)
  ) async throws -> ProgramResult {
    let folder = try TemporaryFolder()
    return try await RunningProgram(name, arguments, input: input, environment: environment, in: folder)
      .result(within: limit)
  }

  /// The same in a test that is not asynchronous: the thread waits.
  public static func runBlocking(
    _ name: String, _ arguments: [String], input: String = "", within limit: Duration = .seconds(120)
  ) throws -> ProgramResult {
    let folder = try TemporaryFolder()
    return try RunningProgram(name, arguments, input: input, in: folder).blockingResult(within: limit)
  }
}

/// What a run of a program left behind.
public struct ProgramResult: Sendable {
  /// What it ended with; for a program that was killed the negative signal.
  public var status: Int32
  /// What it wrote to standard output.
  public var output: String
  /// What it wrote to standard error.
  public var errors: String

  /// The lines of the output.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }
}
